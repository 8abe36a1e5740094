-- Remembers the payment provider's intent of a running payment.
--
-- Text: order, intent: texts with their end. Returns answer(): OK with the payment, or NO_ORDER.
local order, intent = struct.unpack('ss', text, 3)
local hold = live_hold(row)
if not is_paid_as(hold, order) then
    return answer(NO_ORDER)
end
hold.intent = intent
set_hold(row, hold)
return answer(OK, hold)
