-- Fixes a hold for payment under an order number.
--
-- Text: order, amount (minor units), currency, most entries in the outbox, oldest ledger:beat (ms), offer (what is sold for
-- that amount, JSON; kept as it is): texts with their end; then the packed seats the amount was summed over.
-- Returns answer(): OK with the payment; a running payment is answered as it is, whatever was asked. NONE;
-- NOT_ADMITTED; TAKEN with the seats now held when they are not those named; LEDGER_BEHIND with the hold.
-- pay_ms runs from the first checkout of a hold: after a decline the deadline stays. Hold and admission end together,
-- at that deadline; an admission that has been given up is not made anew.
-- What is to be paid is noted in the outbox as `intent`: the provider is not asked before the ledger has written that.
local hold = live_hold(row)
if not hold then
    return answer(NONE)
end
if hold.order ~= '' then
    return answer(OK, hold)
end
local deadline = admission_deadline(row)
if not deadline then
    return answer(NOT_ADMITTED)
end
local order, amount, currency, entries_max, beat_age_max, offer, at = struct.unpack('ssssss', text, 3)
local named = unpack_seats(text, at)
if #not_among(hold.seats, named) > 0 or #not_among(named, hold.seats) > 0 then
    return answer(TAKEN, hold)
end
if now_ms - beat_ms > tonumber(beat_age_max) or outbox_length() >= tonumber(entries_max) then
    return answer(LEDGER_BEHIND, hold)
end
local until_ms = hold.deadline
if not hold.pay_deadline then
    until_ms = whole(now_ms + setting('pay_ms'))
end
local note = ''
if amount ~= '0' then
    note = tell_outbox(payment_entry('intent', order, visitors[row], amount, currency) .. ',"until_ms":' .. until_ms .. '}')
end
if not hold.pay_deadline then
    hold.deadline, hold.pay_deadline, hold.select_deadline = until_ms, until_ms, deadline
    move_admission(row, until_ms)
end
hold.order, hold.amount, hold.currency, hold.intent, hold.note, hold.offer = order, amount, currency, '', note, offer
set_hold(row, hold)
set_states(hold.seats, PAYING)
changed_visitors[#changed_visitors + 1] = visitors[row]
return answer(OK, hold)
