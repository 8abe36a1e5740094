-- The payment was declined: the seats are held again, until the payment's deadline.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 fence.
-- Returns answer(): OK with the hold, or NO_ORDER. The order number is spent: a success that comes late finds no order.
-- Cost: about 8 commands, O(seats).
local hold = live_hold(ARGV[3])
if not hold or hold.order ~= ARGV[4] or hold.fence ~= ARGV[5] then
    return answer(NO_ORDER)
end
local text = set_states(hold.seats, HELD)
redis.call('HSET', KEYS[8] .. ARGV[3], 'state', 'held')
redis.call('HDEL', KEYS[8] .. ARGV[3], 'order', 'amount', 'currency', 'intent', 'note', 'offer')
count_sold(0, text)
hold.order = nil
return answer(OK, hold)
