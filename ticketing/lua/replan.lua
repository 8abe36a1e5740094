-- May these seats go, because another plan is published? Then nobody takes them from now on. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 one digit for each seat of the plan in force (enum seat_change of plan_change.h):
-- 0 stays, 1 goes, 2 would be moved; 4 `apply`; `look`, which changes nothing; or `close`: all seats go, 3 is ''.
-- Returns 1 when it was applied, otherwise 0, and the states of all seats as they are: one byte each.
-- Applied is all or nothing: only when no seat is moved and none of those that go is held, being paid for or sold. Those
-- that are free become not for sale; restore.lua counts them when the new plan is there, or gives them back.
-- Cost: O(seats), about 10 ms for 100,000; `close` less than 1 ms.
local mask, states = ARGV[3], redis.call('GET', KEYS[5]) or ''
if ARGV[4] == 'close' then
    if string.find(states, '[\1\2\3]') then
        return {0, states}
    end
    if #states > 0 then
        redis.call('SET', KEYS[5], string.rep(string.char(NOT_FOR_SALE), #states))
        publish(whole(redis.call('HINCRBY', KEYS[6], 'version', 1)), '*')
    end
    return {1, states}
end
local is_good, goes = ARGV[4] == 'apply' and not string.find(mask, '2', 1, true), {}
local at = string.find(mask, '1', 1, true)
while at and is_good do
    local state = string.byte(states, at)
    is_good = state == FREE or state == NOT_FOR_SALE or state == nil
    if state == FREE then
        goes[#goes + 1] = at
    end
    at = string.find(mask, '1', at + 1, true)
end
if not is_good or #goes == 0 then
    return {is_good and 1 or 0, states}
end
local parts, from = {}, 1
for _, seat in ipairs(goes) do
    parts[#parts + 1] = string.sub(states, from, seat - 1)
    parts[#parts + 1] = string.char(NOT_FOR_SALE)
    from = seat + 1
end
parts[#parts + 1] = string.sub(states, from)
redis.call('SET', KEYS[5], table.concat(parts))
publish(whole(redis.call('HINCRBY', KEYS[6], 'version', 1)), '*')
return {1, states}
