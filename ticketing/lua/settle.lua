-- The money is authorised: the seats are sold and the ledger is told, or the money is to be given back.
--
-- Text: order, fence, outbox body of kind `order` (docs/redis.md): texts with their end.
-- Returns answer(): OK with the seats sold; OK without seats when this order was sold before (nothing is done again);
-- NO_ORDER when no payment of this order and fence runs any more, and then a `void` is in the outbox, once per order.
-- The admission ends with a sale. The outbox's length does not matter here: the money is authorised.
local order, fence, body = struct.unpack('sss', text, 3)
if settled[order] == 'sold' then
    return answer(OK)
end

-- The order's money must not be kept. What the hold no longer says, the body does.
local function refuse(reason)
    void_by_body(order, visitors[row], body, reason)
    return answer(NO_ORDER)
end

local hold = live_hold(row)
if not hold then
    return refuse('time_out')
end
if not is_paid_as(hold, order) or hold.fence ~= fence then
    return refuse('given_up')
end
for i = 1, #hold.seats, 2 do
    if states[hold.seats[i]] ~= PAYING then
        drop_hold(row, hold, 'ledger_refused')
        return answer(NO_ORDER)
    end
end
tell_outbox(body)
set_settled(order, 'sold')
set_states(hold.seats, SOLD)
sold_step = sold_step + #hold.seats / 2
add_bought(row, #hold.seats / 2)
set_hold(row, false)
move_admission(row, false)
return answer(OK, hold)
