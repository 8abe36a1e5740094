-- Gives each visitor a place, or tells the one they have.
--
-- ARGV    2.. visitors in order of arrival, 1 to JOIN_BATCH_MAX
-- Returns phase in force, time in ms, and for each visitor five numbers: place state, sequence, admission,
--         deadline in ms, 1 when this call made the place (0 where a value does not apply); while the line
--         recovers, who has no place is told until when instead of a deadline
-- Writes  line.seq (one HINCRBY for the batch), waiting (one ZADD); line.draw when a draw has to begin
-- Cost    O(n log W) for n visitors and W waiting; at 0.7 million waiting 2 us each in batches of 100 or more,
--         20 us for a single one
--
-- A visitor twice in a batch gets one place. Sequences are given to new places only, so they are dense.

local visitors = {unpack(ARGV, 2)}
local now = time_ms()
local phase, _, _, is_draw_due = read_phase(now)
local recovers_at = number(redis.call('HGET', LINE, 'recovers_at_ms'))
if is_draw_due and recovers_at == 0 then
    begin_draw(now)
end
local waiting_seqs = redis.call('ZMSCORE', WAITING, unpack(visitors))
local deadlines = redis.call('ZMSCORE', ACTIVE, unpack(visitors))
local bought = redis.call('HMGET', BOUGHT, unpack(visitors))
local cfg = redis.call('HMGET', CFG, 'seats_per_visitor_max', 'waiting_max', 'standby')
local seats_max, waiting_max, is_standby = number(cfg[1]), number(cfg[2]), cfg[3] == '1'

-- The departures behind the head are bounded like the line itself: joining and leaving in a circle fills it.
local room = waiting_max - redis.call('ZCARD', WAITING)
if redis.call('ZCARD', GONE) >= waiting_max then
    room = 0
end

local clock = deadline_clock(now)
local out = {phase, now}
local function answer(i, state, seq, admission, deadline, is_new)
    local at = 2 + (i - 1) * 5
    out[at + 1], out[at + 2], out[at + 3] = state, seq, admission
    out[at + 4], out[at + 5] = deadline, is_new
end

local fresh = {}    -- visitors that get a new place, in order
local fresh_at = {} -- visitor -> position in fresh
local pending = {}  -- index in the batch -> position in fresh
for i, visitor in ipairs(visitors) do
    if deadlines[i] then
        local admission, seq, entered = read_pass(redis.call('HGET', PASS, visitor))
        local state = entered and PLACE_ENTERED or PLACE_ADMITTED
        answer(i, state, seq, admission, number(deadlines[i]) + now - clock, 0)
    elseif waiting_seqs[i] then
        answer(i, PLACE_WAITING, number(waiting_seqs[i]), 0, 0, 0)
    elseif bought[i] and number(bought[i]) >= seats_max then
        answer(i, PLACE_SERVED, 0, 0, 0, 0)
    elseif not takes_joins(phase, is_standby) then
        answer(i, PLACE_NOT_OPEN, 0, 0, 0, 0)
    elseif recovers_at > 0 then
        answer(i, PLACE_RECOVERING, 0, 0, recovers_at, 0)
    elseif fresh_at[visitor] then
        pending[i] = fresh_at[visitor]
    elseif #fresh >= room then
        answer(i, PLACE_FULL, 0, 0, 0, 0)
    else
        fresh[#fresh + 1] = visitor
        fresh_at[visitor] = #fresh
        pending[i] = #fresh
    end
end

if #fresh > 0 then
    local before = redis.call('HINCRBY', LINE, 'seq', #fresh) - #fresh
    local pairs_to_add = {}
    for k, visitor in ipairs(fresh) do
        pairs_to_add[2 * k - 1] = before + k
        pairs_to_add[2 * k] = visitor
    end
    redis.call('ZADD', WAITING, 'NX', unpack(pairs_to_add))
    record(now, string.format('join %d %s', before + 1, table.concat(fresh, ' ')))
    local is_made = {}
    for i = 1, #visitors do
        local k = pending[i]
        if k then
            answer(i, PLACE_WAITING, before + k, 0, 0, is_made[k] and 0 or 1)
            is_made[k] = true
        end
    end
end
return out
