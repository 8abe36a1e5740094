-- Takes a sale back that the ledger refused: its seats become free again. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 seats bought in vain, then index and category of each seat that
-- no other order owns in the ledger.
-- Returns 1 when it was done, 0 when there is no such sale (any more). Only seats that are sold become free.
-- Once per order: the mark in `settled` turns from sold to void. Cost: about 8 commands, O(seats).
local visitor, order = ARGV[3], ARGV[4]
if redis.call('HGET', KEYS[11], order) ~= 'sold' then
    return 0
end
redis.call('HSET', KEYS[11], order, 'void')
redis.call('HINCRBY', KEYS[10], visitor, -tonumber(ARGV[5]))
local seats, categories = {}, {}
for i = 6, #ARGV, 2 do
    if get_states({ARGV[i]})[1] == SOLD then
        seats[#seats + 1], categories[#categories + 1] = ARGV[i], ARGV[i + 1]
    end
end
if #seats > 0 then
    count('sold', -#seats)
    count_free(categories, 1, set_states(seats, FREE))
    tell()
end
return 1
