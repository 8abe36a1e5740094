-- Ends holds that are past their deadline; running payments among them get a `void` (time_out).
--
-- KEYS as in prelude.lua. ARGV: 3 most holds to end in this call.
-- Returns how many it ended. Cost: 1 command when there is nothing to do, else about 8 per hold.
local visitors = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', clock_ms, 'LIMIT', 0, ARGV[3])
for _, visitor in ipairs(visitors) do
    local hold = read_hold(visitor)
    if hold then
        drop_hold(hold, 'time_out')
    else
        redis.call('ZREM', KEYS[7], visitor)
    end
end
tell()
return #visitors
