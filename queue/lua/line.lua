-- Tells the whole state of a line to a gateway that starts or has missed a tick.
--
-- ARGV    2 LINE_GONE_MAX
-- Returns phase in force, time in ms, number of the last tick, seq, head, waiting, inside, free, and the
--         sequences gone from behind the head, ascending, joined by commas in one text; then holds under way,
--         recovers_at_ms, draw (0 none, 1 pending, 2 done), rate in force in millionths
-- Writes  nothing
-- Cost    O(g) for g departures behind the head; 100,000 of them about 50 ms
--
-- Beyond LINE_GONE_MAX only the departures nearest to the head are told: places far back then count some
-- people too many until the next reading.

local now = time_ms()
local phase, free, holds = read_phase(now)
local recovers_at, draw, rate_micro = read_state(now)
local line = redis.call('HMGET', LINE, 'tick_no', 'seq', 'head')
local gone = redis.call('ZRANGE', GONE, 0, tonumber(ARGV[2]) - 1)
return {phase, now, number(line[1]), number(line[2]), number(line[3]), redis.call('ZCARD', WAITING),
    redis.call('ZCARD', ACTIVE), free or 0, table.concat(gone, ','), holds, recovers_at, draw, rate_micro}
