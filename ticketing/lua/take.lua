-- Shared by hold and hold_area, after the prelude: puts free seats into a visitor's hold.
--
-- `hold` is the live hold or nil, `deadline` that of the admission. The seats are known to be free and not in the hold.
local function take(visitor, hold, deadline, seats, categories)
    if not hold then
        hold = {visitor = visitor, fence = redis.call('INCR', KEYS[9]), deadline = deadline, seats = {},
            categories = {}}
    end
    local text = set_states(seats, HELD)
    for i = 1, #seats do
        hold.seats[#hold.seats + 1], hold.categories[#hold.categories + 1] = seats[i], categories[i]
    end
    local all = join_seats(hold.seats, hold.categories)
    redis.call('HSET', KEYS[8] .. visitor, 'fence', hold.fence, 'state', 'held', 'seats', all)
    redis.call('ZADD', KEYS[7], hold.deadline, visitor)
    count_free(categories, -1, text)
    changed_visitors[#changed_visitors + 1] = visitor
    return hold, all
end
