-- Gives up the place or the admission of each visitor.
--
-- ARGV    2.. visitors, 1 to JOIN_BATCH_MAX
-- Returns phase in force, time in ms, and for each visitor five numbers: the place state that was given up
--         (PLACE_NONE when there was none), sequence, admission, deadline in ms, 0
-- Writes  waiting, gone, gone:new (draw:left while a draw is pending) for a place; active, pass for an admission;
--         gone:ever for both
-- Cost    O(n log W) for n visitors and W waiting
--
-- Who leaves from behind the head is counted as gone, so that the places of the others stay exact. A freed
-- admission is given to the next in line by the next tick. Who leaves while a draw is pending leaves a place that
-- only the registrar knows: it counts it when the draw ends. A visitor twice in a batch leaves once.

local visitors = {unpack(ARGV, 2)}
local now = time_ms()
local phase = read_phase(now)
local waiting_seqs = redis.call('ZMSCORE', WAITING, unpack(visitors))
local deadlines = redis.call('ZMSCORE', ACTIVE, unpack(visitors))
local line = redis.call('HMGET', LINE, 'head', 'draw', 'draw_cut')
local head, is_drawing, draw_cut = number(line[1]), line[2] == '1', number(line[3])

local clock = deadline_clock(now)
local out = {phase, now}
local function answer(i, state, seq, admission, deadline)
    local at = 2 + (i - 1) * 5
    out[at + 1], out[at + 2], out[at + 3], out[at + 4], out[at + 5] = state, seq, admission, deadline, 0
end

local function leave_line(visitor, seq)
    redis.call('ZREM', WAITING, visitor)
    if is_drawing and seq <= draw_cut then
        redis.call('RPUSH', DRAW_LEFT, string.format('%s %d', visitor, seq))
    else
        redis.call('SETBIT', EVER_LEFT, seq, 1)
        if seq > head then
            redis.call('ZADD', GONE, seq, seq)
            redis.call('RPUSH', GONE_NEW, seq)
        end
    end
    record(now, string.format('leave %s %d waiting', visitor, seq))
end

-- Returns the admission, its sequence, and whether the turn was claimed.
local function leave_turn(visitor)
    local admission, seq, entered = read_pass(redis.call('HGET', PASS, visitor))
    redis.call('ZREM', ACTIVE, visitor)
    redis.call('HDEL', PASS, visitor)
    redis.call('SETBIT', EVER_LEFT, seq, 1)
    record(now, string.format('leave %s %d inside', visitor, seq))
    return admission, seq, entered
end

local has_left = {}
for i, visitor in ipairs(visitors) do
    if has_left[visitor] then
        answer(i, PLACE_NONE, 0, 0, 0)
    elseif waiting_seqs[i] then
        leave_line(visitor, number(waiting_seqs[i]))
        answer(i, PLACE_WAITING, number(waiting_seqs[i]), 0, 0)
    elseif deadlines[i] then
        local admission, seq, entered = leave_turn(visitor)
        answer(i, entered and PLACE_ENTERED or PLACE_ADMITTED, seq, admission, number(deadlines[i]) + now - clock)
    else
        answer(i, PLACE_NONE, 0, 0, 0)
    end
    has_left[visitor] = true
end
return out
