-- Gives each visitor a place, or tells the one they have.
--
-- ARGV    2.. visitors in order of arrival, 1 to JOIN_BATCH_MAX
-- Returns phase in force, time in ms, the last sequence that was given before this call, and a text with a character for
--         each visitor: `n` when this call made the place, whose sequence is the next one; otherwise the digit of the
--         place state, and then three numbers for this visitor follow: sequence, admission, deadline in ms (0 where a
--         value does not apply); while the line recovers, who has no place is told until when instead of a deadline
-- Writes  line.seq (one HINCRBY for the batch), waiting (one ZADD); line.draw when a draw has to begin
-- Cost    O(n log W) for n visitors and W waiting; at 0.3 million waiting 1.4 us each in batches of 256,
--         20 us for a single one
--
-- A visitor twice in a batch gets one place. Sequences are given to new places only, so they are dense. Before the opening
-- nobody is inside or has bought, so nobody is looked for there; and most of a batch is new, so there nothing is made for
-- a visitor but what ZADD needs.

local count = #ARGV - 1
local now = time_ms()
local phase, _, _, is_draw_due = read_phase(now)
local line = redis.call('HMGET', LINE, 'recovers_at_ms', 'seq')
local recovers_at, before = number(line[1]), number(line[2])
if is_draw_due and recovers_at == 0 then
    begin_draw(now)
end
local waiting_seqs = redis.call('ZMSCORE', WAITING, unpack(ARGV, 2))
local deadlines = redis.call('ZCARD', ACTIVE) > 0 and redis.call('ZMSCORE', ACTIVE, unpack(ARGV, 2)) or {}
local bought = redis.call('HLEN', BOUGHT) > 0 and redis.call('HMGET', BOUGHT, unpack(ARGV, 2)) or {}
local cfg = redis.call('HMGET', CFG, 'seats_per_visitor_max', 'waiting_max', 'standby')
local seats_max, waiting_max, is_open = number(cfg[1]), number(cfg[2]), takes_joins(phase, cfg[3] == '1')

-- The departures behind the head are bounded like the line itself: joining and leaving in a circle fills it.
local room = waiting_max - redis.call('ZCARD', WAITING)
if redis.call('ZCARD', GONE) >= waiting_max then
    room = 0
end

local clock, format = deadline_clock(now), string.format
local letters, out, out_count = {}, {phase, now, before, ''}, 4
local fresh, fresh_count, given, pairs_to_add = {}, 0, {}, {} -- given: visitor -> sequence
for i = 1, count do
    local visitor, state, seq, admission, deadline = ARGV[i + 1], nil, 0, 0, 0
    if deadlines[i] then
        local is_entered
        admission, seq, is_entered = read_pass(redis.call('HGET', PASS, visitor))
        state, deadline = is_entered and PLACE_ENTERED or PLACE_ADMITTED, number(deadlines[i]) + now - clock
    elseif waiting_seqs[i] then
        state, seq = PLACE_WAITING, number(waiting_seqs[i])
    elseif bought[i] and number(bought[i]) >= seats_max then
        state = PLACE_SERVED
    elseif not is_open then
        state = PLACE_NOT_OPEN
    elseif recovers_at > 0 then
        state, deadline = PLACE_RECOVERING, recovers_at
    elseif given[visitor] then
        state, seq = PLACE_WAITING, given[visitor]
    elseif fresh_count >= room then
        state = PLACE_FULL
    else
        fresh_count = fresh_count + 1
        given[visitor], fresh[fresh_count] = before + fresh_count, visitor
        pairs_to_add[2 * fresh_count - 1], pairs_to_add[2 * fresh_count] = format('%d', before + fresh_count), visitor
        letters[i] = 'n'
    end
    if state then
        letters[i] = state
        out[out_count + 1], out[out_count + 2], out[out_count + 3] = seq, admission, deadline
        out_count = out_count + 3
    end
end
out[4] = table.concat(letters)

if fresh_count > 0 then
    redis.call('HINCRBY', LINE, 'seq', fresh_count)
    redis.call('ZADD', WAITING, 'NX', unpack(pairs_to_add))
    record(now, format('join %d ', before + 1) .. table.concat(fresh, ' '))
end
return out
