-- Creates or repairs an event's seats and counts from what the ledger knows. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 mode `merge` or `replace` (docs/redis.md, "Restoring the seats"), 4 states, 5
-- categories: one byte per seat each, of the same length. ARGV[1] is '' while the epoch is absent.
-- Returns version, free, sold, holds dropped. Cost: O(seats + holds), 30 ms for 100,000 seats.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
    return redis.error_reply('EPOCH the Redis data is not what the caller knows')
end
local is_merge, given, categories_of = ARGV[3] == 'merge', ARGV[4], ARGV[5]
if #given ~= #categories_of then
    return redis.error_reply('ERR states and categories differ in length')
end
local old_version = redis.call('HGET', KEYS[6], 'version')
local old = is_merge and redis.call('GET', KEYS[5]) or ''

-- The new state of each seat, before holds: the ledger's word, but what Redis has sold stays sold in a merge.
local news = {}
for i = 1, #given do
    news[i] = string.byte(old, i) == SOLD and SOLD or string.byte(given, i)
end

-- Lays a hold over the states; false when it may not stay.
local function keep(hold)
    for i = 1, #hold.seats, 2 do
        if news[hold.seats[i] + 1] ~= FREE then
            return false
        end
    end
    for i = 1, #hold.seats, 2 do
        news[hold.seats[i] + 1] = hold.order ~= '' and PAYING or HELD
    end
    return true
end
local dropped = 0
for_each_hold(redis.call('ZRANGE', KEYS[7], 0, -1), function(row, hold)
    if not (hold and is_merge and keep(hold)) then
        dropped = dropped + 1
        if hold and hold.order ~= '' then
            void_once(hold.order, visitors[row], hold.amount, hold.currency, hold.intent, 'ledger_refused')
        end
        set_hold(row, false)
    end
end)
write_settled()

local free, sold, free_of, bytes = 0, 0, {}, {}
for i = 1, #news do
    local category = string.byte(categories_of, i)
    free_of[category] = free_of[category] or 0
    if news[i] == FREE then
        free, free_of[category] = free + 1, free_of[category] + 1
    elseif news[i] == SOLD then
        sold = sold + 1
    end
    bytes[i] = string.char(news[i])
end
-- Without a past the version starts at the clock, so it is above any that a reader may remember.
local version = old_version and old_version + 1 or now_ms
redis.call('SET', KEYS[5], table.concat(bytes))
redis.call('DEL', KEYS[6])
redis.call('HSET', KEYS[6], 'version', whole(version), 'free', free, 'sold', sold)
for category, count in pairs(free_of) do
    redis.call('HSET', KEYS[6], 'free:' .. category, count)
end
redis.call('PUBLISH', 'map:' .. ARGV[2], whole(version) .. '|*')
return {version, free, sold, dropped}
