-- Fixes a hold for payment under an order number.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 amount (minor units), 6 currency, 7 most entries in the outbox,
-- 8 oldest ledger:beat (ms), 9 offer (what is sold for that amount, JSON; kept as it is), then the seat indices the
-- amount was summed over.
-- Returns answer(): OK with the payment; a running payment is answered as it is, whatever was asked. NONE;
-- NOT_ADMITTED; TAKEN with the seats now held when they are not those named; LEDGER_BEHIND with the hold.
-- pay_ms runs from the first checkout of a hold: after a decline the deadline stays. Hold and admission end together,
-- at that deadline; an admission that has been given up is not made anew.
-- What is to be paid is noted in the outbox as `intent`: the provider is not asked before the ledger has written that.
-- Cost: about 15 commands, O(seats).
local visitor = ARGV[3]
local hold = live_hold(visitor)
if not hold then
    return answer(NONE)
end
if hold.order then
    return answer(OK, hold)
end
local deadline = admission_deadline(visitor)
if not deadline then
    return answer(NOT_ADMITTED)
end
local is_named, named_count, found_count = {}, 0, 0
for i = 10, #ARGV do
    if not is_named[ARGV[i]] then
        is_named[ARGV[i]] = true
        named_count = named_count + 1
    end
end
for _, seat in ipairs(hold.seats) do
    if is_named[seat] then
        found_count = found_count + 1
    end
end
if found_count ~= #hold.seats or found_count ~= named_count then
    return answer(TAKEN, hold)
end
if now_ms - beat_ms > tonumber(ARGV[8]) or redis.call('XLEN', KEYS[12]) >= tonumber(ARGV[7]) then
    return answer(LEDGER_BEHIND, hold)
end
local text = set_states(hold.seats, PAYING)
if not hold.pay_deadline then
    hold.pay_deadline = now_ms + tonumber(redis.call('HGET', KEYS[2], 'pay_ms') or 420000)
    hold.deadline = hold.pay_deadline
    redis.call('HSET', KEYS[8] .. visitor, 'pay_deadline', hold.pay_deadline, 'select_deadline', deadline)
    redis.call('ZADD', KEYS[7], 'XX', hold.deadline, visitor)
    redis.call('ZADD', KEYS[3], 'XX', hold.deadline, visitor)
end
hold.order, hold.amount, hold.currency, hold.intent, hold.offer = ARGV[4], ARGV[5], ARGV[6], '', ARGV[9]
hold.note = ''
if hold.amount ~= '0' then
    hold.note = redis.call('XADD', KEYS[12], '*', 'body', payment_entry('intent', hold.order, visitor, hold.amount,
        hold.currency) .. ',"until_ms":' .. whole(hold.deadline) .. '}')
end
redis.call('HSET', KEYS[8] .. visitor, 'state', 'paying', 'order', hold.order, 'amount', hold.amount, 'currency',
    hold.currency, 'note', hold.note, 'offer', hold.offer)
count_sold(0, text)
changed_visitors[#changed_visitors + 1] = visitor
return answer(OK, hold)
