-- Gives up a place or an admission.
--
-- ARGV    2 visitor
-- Returns phase in force, time in ms, place state that was given up (PLACE_NONE when there was none),
--         sequence, admission, deadline in ms, 0
-- Writes  waiting, gone, gone:new (draw:left while a draw is pending) for a place; active, pass for an admission
-- Cost    O(log W)
--
-- Who leaves from behind the head is counted as gone, so that the places of the others stay exact. A freed
-- admission is given to the next in line by the next tick. Who leaves while a draw is pending leaves a place that
-- only the registrar knows: it counts it when the draw ends.

local visitor = ARGV[2]
local now = time_ms()
local phase = read_phase(now)

local seq = tonumber(redis.call('ZSCORE', WAITING, visitor))
if seq then
    local line = redis.call('HMGET', LINE, 'head', 'draw', 'draw_cut')
    redis.call('ZREM', WAITING, visitor)
    if line[2] == '1' and seq <= number(line[3]) then
        redis.call('RPUSH', DRAW_LEFT, string.format('%s %d', visitor, seq))
    elseif seq > number(line[1]) then
        redis.call('ZADD', GONE, seq, seq)
        redis.call('RPUSH', GONE_NEW, seq)
    end
    record(now, string.format('leave %s %d waiting', visitor, seq))
    return {phase, now, PLACE_WAITING, seq, 0, 0, 0}
end

local deadline = tonumber(redis.call('ZSCORE', ACTIVE, visitor))
if not deadline then
    return {phase, now, PLACE_NONE, 0, 0, 0, 0}
end
local admission, pass_seq, entered = read_pass(redis.call('HGET', PASS, visitor))
redis.call('ZREM', ACTIVE, visitor)
redis.call('HDEL', PASS, visitor)
record(now, string.format('leave %s %d inside', visitor, pass_seq))
return {phase, now, entered and PLACE_ENTERED or PLACE_ADMITTED, pass_seq, admission,
    deadline + now - deadline_clock(now), 0}
