-- Says that the browsers of admitted visitors are there: they have the shorter time to claim their turns.
--
-- ARGV    2 time of their admission in ms, 3.. visitors, 1 to JOIN_BATCH_MAX
-- Returns phase in force, time in ms, how many deadlines became shorter
-- Writes  active
-- Cost    O(n log A) for n visitors and A inside; 3 us each in a full batch
--
-- Only turns that are not claimed are touched, and deadlines only ever come nearer: repeating it changes nothing.

local admitted_at = tonumber(ARGV[2])
local visitors = {unpack(ARGV, 3)}
local now = time_ms()
local phase = read_phase(now)
local deadline = admitted_at - (now - deadline_clock(now)) + number(redis.call('HGET', CFG, 'claim_ms'))
local before = redis.call('ZMSCORE', ACTIVE, unpack(visitors))
local passes = redis.call('HMGET', PASS, unpack(visitors))

local nearer = {}
for i, visitor in ipairs(visitors) do
    local _, _, entered = read_pass(passes[i])
    if before[i] and not entered and number(before[i]) > deadline then
        nearer[#nearer + 1] = deadline
        nearer[#nearer + 1] = visitor
    end
end
if #nearer > 0 then
    redis.call('ZADD', ACTIVE, 'XX', unpack(nearer))
end
return {phase, now, #nearer / 2}
