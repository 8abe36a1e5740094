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

local seats, categories, changes, visitors = {}, {}, {}, {}
for i = 3, #ARGV, 4 do
    seats[#seats + 1], categories[#categories + 1] = ARGV[i], ARGV[i + 1]
    changes[#changes + 1], visitors[#visitors + 1] = CHANGES[ARGV[i + 2]], ARGV[i + 3]
end
local states, plan_seats = get_states(seats), redis.call('STRLEN', KEYS[5])

local moved, free, sold, free_of, is_sale_changed = {}, 0, 0, {}, false
for i = 1, #seats do
    local change = changes[i]
    if states[i] == change.from and tonumber(seats[i]) < plan_seats then
        states[i] = change.to
        moved[change.to] = moved[change.to] or {}
        table.insert(moved[change.to], seats[i])
        local step = (change.to == FREE and 1 or 0) - (change.from == FREE and 1 or 0)
        free, free_of[categories[i]] = free + step, (free_of[categories[i]] or 0) + step
        local sold_step = (change.to == SOLD and 1 or 0) - (change.from == SOLD and 1 or 0)
        if sold_step ~= 0 then
            sold = sold + sold_step
            redis.call('HINCRBY', KEYS[10], visitors[i], sold_step)
        end
        is_sale_changed = is_sale_changed or change.from == NOT_FOR_SALE or change.to == NOT_FOR_SALE
    end
end
if not next(moved) then
    return states
end

local texts = {}
for state, list in pairs(moved) do
    texts[#texts + 1] = set_states(list, state)
end
redis.call('HINCRBY', KEYS[6], 'free', free)
redis.call('HINCRBY', KEYS[6], 'sold', sold)
for category, step in pairs(free_of) do
    redis.call('HINCRBY', KEYS[6], 'free:' .. category, step)
end
publish(redis.call('HINCRBY', KEYS[6], 'version', 1), is_sale_changed and '*' or table.concat(texts, ','))
return states
