-- Adds free places of a standing area to a visitor's hold: as many as asked for or none.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor, 4 first seat, 5 capacity, 6 count (1 or more), 7 category index.
-- Returns answer(): OK with everything held; NOT_ADMITTED; IS_PAYING; TOO_MANY with seats_max; AREA_FULL with the free
-- count.
-- The search begins at a place that moves with the clock's microseconds and wraps once, so it finds something near by
-- while the area is not nearly full.
-- Cost: as hold, and one GETRANGE of the area.
local visitor, first, capacity, count = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local deadline = admission_deadline(visitor)
local hold = live_hold(visitor)
if not deadline then
    return answer(NOT_ADMITTED)
end
if hold and hold.order then
    return answer(IS_PAYING, hold)
end
local seats_max, bought = seat_limit(visitor)
if bought + (hold and #hold.seats or 0) + count > seats_max then
    return answer(TOO_MANY, hold, seats_max)
end
local area = redis.call('GETRANGE', KEYS[5], first, first + capacity - 1)
local seats, categories = {}, {}

-- Free places from `from` to `to` (1-based, within the area), until there are enough.
local function gather(from, to)
    while #seats < count do
        local at = string.find(area, '\0', from, true)
        if not at or at > to then
            return
        end
        seats[#seats + 1], categories[#seats + 1] = whole(first + at - 1), ARGV[7]
        from = at + 1
    end
end
local start = now_us % capacity + 1
gather(start, capacity)
gather(1, start - 1)
if #seats < count then
    return answer(AREA_FULL, hold, seats_max, #seats)
end
local all
hold, all = take(visitor, hold, deadline, seats, categories)
return answer(OK, hold, seats_max, 0, all)
