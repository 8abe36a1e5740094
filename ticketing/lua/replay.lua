-- Sets seats aside for a dead letter that is about to be replayed, or gives them back. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3 order, 4 `reserve` or `undo`, then index and category of each seat.
-- reserve: all or nothing; every free seat goes off sale, so that nobody takes it while the ledger writes. Seats that
-- were never taken back from this very sale (`settled` says sold) are ours as they are. undo: off sale -> free.
-- Returns the state of each seat before. Nothing was changed by `reserve` when one of them is neither FREE nor ours.
-- A reservation that the ledger forgot (a crash before its commit) ends at its next start, when restore.lua puts the
-- ledger's word back. Cost: about 6 commands, O(seats).
local is_ours = redis.call('HGET', KEYS[11], ARGV[3]) == 'sold'
local is_undo = ARGV[4] == 'undo'
local from = is_undo and NOT_FOR_SALE or FREE
local seats, categories = {}, {}
for i = 5, #ARGV, 2 do
    seats[#seats + 1], categories[#categories + 1] = ARGV[i], ARGV[i + 1]
end
local states, plan_seats = get_states(seats), redis.call('STRLEN', KEYS[5])
local moved, moved_categories = {}, {}
for i = 1, #seats do
    if tonumber(seats[i]) >= plan_seats then
        states[i] = NOT_FOR_SALE
    end
    if states[i] == from then
        moved[#moved + 1], moved_categories[#moved + 1] = seats[i], categories[i]
    elseif not is_undo and not (is_ours and states[i] == SOLD) then
        return states
    end
end
if #moved > 0 then
    set_states(moved, is_undo and FREE or NOT_FOR_SALE)
    count_free(moved_categories, is_undo and 1 or -1, '*')
    tell()
end
return states
