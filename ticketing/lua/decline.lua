-- The payment was declined: the seats are held again, until the payment's deadline.
--
-- Text: order, fence: texts with their end.
-- Returns answer(): OK with the hold, or NO_ORDER. The order number is spent: a success that comes late finds no order.
local order, fence = struct.unpack('ss', text, 3)
local hold = live_hold(row)
if not is_paid_as(hold, order) or hold.fence ~= fence then
    return answer(NO_ORDER)
end
set_states(hold.seats, HELD)
hold.order, hold.amount, hold.currency, hold.intent, hold.note, hold.offer = '', '', '', '', '', ''
set_hold(row, hold)
return answer(OK, hold)
