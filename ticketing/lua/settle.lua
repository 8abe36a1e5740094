-- The money is authorised: the seats are sold and the ledger is told, or the money is to be given back.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 fence, 6 outbox body of kind `order` (docs/redis.md).
-- Returns answer(): OK with the seats sold; OK without seats when this order was sold before (nothing is done again);
-- NO_ORDER when no payment of this order and fence runs any more, and then a `void` is in the outbox, once per order.
-- The admission ends with a sale. The outbox's length does not matter here: the money is authorised.
-- Cost: about 16 commands, O(seats).
local visitor, order, body = ARGV[3], ARGV[4], ARGV[6]
if redis.call('HGET', KEYS[11], order) == 'sold' then
    return answer(OK)
end

-- The order's money must not be kept. What the hold no longer says, the body does.
local function refuse(reason)
    local is_json, snapshot = pcall(cjson.decode, body)
    if not is_json or type(snapshot) ~= 'table' then
        snapshot = {}
    end
    local function field(name, kind, default)
        return type(snapshot[name]) == kind and snapshot[name] or default
    end
    void_once(order, visitor, whole(field('amount_minor', 'number', 0)), field('currency', 'string', ''),
        field('intent', 'string', ''), reason)
    return answer(NO_ORDER)
end

local hold = live_hold(visitor)
if not hold then
    return refuse('time_out')
end
if hold.order ~= order or hold.fence ~= ARGV[5] then
    return refuse('given_up')
end
for _, state in ipairs(get_states(hold.seats)) do
    if state ~= PAYING then
        drop_hold(hold, 'ledger_refused')
        return answer(NO_ORDER)
    end
end
redis.call('HSET', KEYS[11], order, 'sold')
local text = set_states(hold.seats, SOLD)
redis.call('XADD', KEYS[12], '*', 'body', body)
redis.call('HINCRBY', KEYS[10], visitor, #hold.seats)
redis.call('DEL', KEYS[8] .. visitor)
redis.call('ZREM', KEYS[7], visitor)
redis.call('ZREM', KEYS[3], visitor)
redis.call('HDEL', KEYS[4], visitor)
count_sold(#hold.seats, text)
return answer(OK, hold)
