-- The payment was declined: the seats are held again, until the payment's deadline.
--
-- Text: order, fence, outbox body of kind `order` or nothing: texts with their end.
-- Returns answer(): OK with the hold, or NO_ORDER. The order number is spent: a success that comes late finds no order.
-- Whatever ends a payment leaves its word in `settled` or is told by who declined it, except a loss of our data. So who
-- began the payment before one gives the body: then NO_ORDER leaves a `void` for an order that nothing was said of.
local order, fence, body = struct.unpack('sss', text, 3)
local hold = live_hold(row)
if not is_paid_as(hold, order) or hold.fence ~= fence then
    if body ~= '' then
        void_by_body(order, visitors[row], body, 'ledger_refused')
    end
    return answer(NO_ORDER)
end
set_states(hold.seats, HELD)
hold.order, hold.amount, hold.currency, hold.intent, hold.note, hold.offer = '', '', '', '', '', ''
set_hold(row, hold)
return answer(OK, hold)
