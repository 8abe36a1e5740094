-- Takes a sale back that the ledger refused: its seats become free again. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 order, 5 seats bought in vain, then index and category of each seat that
-- no other order owns in the ledger.
-- Returns 1 when it was done, 0 when there is no such sale (any more). Only seats that are sold become free.
-- Once per order: the mark in `settled` turns from sold to void. Cost: about 8 commands, O(seats).
local visitor, order = ARGV[3], ARGV[4]
read_settled({order})
if settled[order] ~= 'sold' then
    return 0
end
set_settled(order, 'void')
redis.call('HINCRBY', KEYS[10], visitor, -tonumber(ARGV[5]))
local seats, sold = read_seats(6, 2), {}
for i = 1, #seats, 2 do
    if states[seats[i]] == SOLD then
        sold[#sold + 1], sold[#sold + 2] = seats[i], seats[i + 1]
    end
end
sold_step = -#sold / 2
set_free_states(sold, FREE, 1)
write_seats()
return 1
