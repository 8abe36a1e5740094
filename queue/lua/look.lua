-- Tells where a visitor stands, and changes nothing.
--
-- ARGV    2 visitor
-- Returns phase in force, time in ms, place state, sequence, admission, deadline in ms, 0
-- Writes  nothing
-- Cost    O(log A) for A inside

local visitor = ARGV[2]
local now = time_ms()
local phase = read_phase(now)

local deadline = tonumber(redis.call('ZSCORE', ACTIVE, visitor))
if deadline and deadline > now then
    local admission, seq, entered = read_pass(redis.call('HGET', PASS, visitor))
    return {phase, now, entered and PLACE_ENTERED or PLACE_ADMITTED, seq, admission, deadline, 0}
end
local seq = not deadline and tonumber(redis.call('ZSCORE', WAITING, visitor))
return {phase, now, seq and PLACE_WAITING or PLACE_NONE, seq or 0, 0, 0, 0}
