-- Changes what is for sale: allotments and refunds. The ledger's script alone.
--
-- KEYS as in prelude.lua. ARGV: 3.. for each seat: index, category index, change, visitor:
--   withhold         free -> not for sale          offer   not for sale -> free
--   refund_withhold  sold -> not for sale          refund  sold -> free
--   replay           not for sale (replay.lua has set it aside) -> sold
-- visitor: of a refund, who may buy as many again; of a replay, who has bought; '' otherwise.
-- Returns the state of each seat afterwards, in their order. A seat that is in another state than the change begins
-- with is left as it is, so held and paid seats are never touched and a repetition is harmless.
-- Cost: about 6 commands, O(seats). Readers of the map are told to read it again when seats come on or off sale.
local CHANGES = {
    withhold = {from = FREE, to = NOT_FOR_SALE},
    offer = {from = NOT_FOR_SALE, to = FREE},
    refund = {from = SOLD, to = FREE},
    refund_withhold = {from = SOLD, to = NOT_FOR_SALE},
    replay = {from = NOT_FOR_SALE, to = SOLD},
}
local seats, seats_count, after = read_seats(3, 4), redis.call('STRLEN', KEYS[5]), {}

local function is_step(change, state)
    return (change.to == state and 1 or 0) - (change.from == state and 1 or 0)
end

for i = 1, #seats, 2 do
    local change, visitor = CHANGES[ARGV[2 * i + 3]], ARGV[2 * i + 4]
    local state = states[seats[i]] or FREE
    if state == change.from and seats[i] < seats_count then
        state = change.to
        set_free_states({seats[i], seats[i + 1]}, state, is_step(change, FREE))
        local sold = is_step(change, SOLD)
        if sold ~= 0 then
            sold_step = sold_step + sold
            redis.call('HINCRBY', KEYS[10], visitor, sold)
        end
        is_map_new = is_map_new or change.from == NOT_FOR_SALE or change.to == NOT_FOR_SALE
    end
    after[#after + 1] = state
end
write_seats()
return after
