-- Sets seats aside for a dead letter that is about to be replayed, or gives them back. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 order, 4 `reserve` or `undo`, then index and category of each seat.
-- reserve: all or nothing; every free seat goes off sale, so that nobody takes it while the ledger writes. Seats that
-- were never taken back from this very sale (`settled` says sold) are ours as they are. undo: off sale -> free.
-- Returns the state of each seat before. Nothing was changed by `reserve` when one of them is neither FREE nor ours.
-- A reservation that the ledger forgot (a crash before its commit) ends at its next start, when restore.lua puts the
-- ledger's word back. Cost: about 6 commands, O(seats).
read_settled({ARGV[3]})
local is_ours = settled[ARGV[3]] == 'sold'
local is_undo = ARGV[4] == 'undo'
local from = is_undo and NOT_FOR_SALE or FREE
local seats, seats_count = read_seats(5, 2), redis.call('STRLEN', KEYS[5])
local before, moved, is_good = {}, {}, true
for i = 1, #seats, 2 do
    local state = seats[i] < seats_count and (states[seats[i]] or FREE) or NOT_FOR_SALE
    before[#before + 1] = state
    if state == from then
        moved[#moved + 1], moved[#moved + 2] = seats[i], seats[i + 1]
    elseif not is_undo and not (is_ours and state == SOLD) then
        is_good = false
    end
end
if is_good then
    set_free_states(moved, is_undo and FREE or NOT_FOR_SALE, is_undo and 1 or -1)
    is_map_new = true
    write_seats()
end
return before
