-- Gives seats of a hold back, or the whole hold.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, then seat indices; none = all.
-- Returns answer(): OK with what is still held; NONE; IS_PAYING when a payment runs and only some were named.
-- Seats that are not in the hold are ignored. Giving up everything during a payment writes a `void` (given_up). Giving
-- up everything after a checkout puts the admission's deadline back to what it was: paying is no way to more time.
-- Cost: about 10 commands, O(seats).
local visitor = ARGV[3]
local hold = live_hold(visitor)
if not hold then
    return answer(NONE)
end
local is_named = {}
for i = 4, #ARGV do
    is_named[ARGV[i]] = true
end
local kept, kept_categories, gone, gone_categories = {}, {}, {}, {}
for i, seat in ipairs(hold.seats) do
    if #ARGV == 3 or is_named[seat] then
        gone[#gone + 1], gone_categories[#gone + 1] = seat, hold.categories[i]
    else
        kept[#kept + 1], kept_categories[#kept + 1] = seat, hold.categories[i]
    end
end
if #gone > 0 then
    changed_visitors[#changed_visitors + 1] = visitor
end
if #kept == 0 then
    if hold.select_deadline then
        redis.call('ZADD', KEYS[3], 'XX', hold.select_deadline, visitor)
    end
    drop_hold(hold, 'given_up')
    return answer(OK)
end
if hold.order then
    return answer(IS_PAYING, hold)
end
if #gone > 0 then
    hold.seats, hold.categories = kept, kept_categories
    redis.call('HSET', KEYS[8] .. visitor, 'seats', join_seats(kept, kept_categories))
    free_seats(gone, gone_categories)
end
return answer(OK, hold)
