-- Remembers the payment provider's intent of a running payment.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 intent. Returns answer(): OK with the payment, or NO_ORDER.
-- Cost: 4 commands.
local hold = live_hold(ARGV[3])
if not hold or hold.order ~= ARGV[4] then
    return answer(NO_ORDER)
end
redis.call('HSET', KEYS[8] .. ARGV[3], 'intent', ARGV[5])
hold.intent = ARGV[5]
return answer(OK, hold)
