-- Claims an admission: from now on the selection time runs. Once; repeated it tells the same deadline.
--
-- ARGV    2 visitor
-- Returns phase in force, time in ms, place state, sequence, admission, deadline in ms, 0
-- Writes  active, pass
-- Cost    O(log A) for A inside
--
-- A deadline that has passed is over, also when no tick has noticed yet.

local visitor = ARGV[2]
local now = time_ms()
local phase = read_phase(now)

local deadline = tonumber(redis.call('ZSCORE', ACTIVE, visitor))
if not deadline then
    local seq = tonumber(redis.call('ZSCORE', WAITING, visitor))
    return {phase, now, seq and PLACE_WAITING or PLACE_NONE, seq or 0, 0, 0, 0}
end
local clock = deadline_clock(now)
if deadline <= clock then
    return {phase, now, PLACE_NONE, 0, 0, 0, 0}
end

local admission, seq, entered = read_pass(redis.call('HGET', PASS, visitor))
if not entered then
    if phase == 'draft' or phase == 'closed' then
        return {phase, now, PLACE_NOT_OPEN, 0, 0, 0, 0}
    end
    deadline = clock + number(redis.call('HGET', CFG, 'select_ms'))
    redis.call('ZADD', ACTIVE, 'XX', deadline, visitor)
    redis.call('HSET', PASS, visitor, string.format('%d:%d:1', admission, seq))
end
return {phase, now, PLACE_ENTERED, seq, admission, deadline + now - clock, 0}
