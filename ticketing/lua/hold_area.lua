-- Adds free places of a standing area to a visitor's hold: as many as asked for or none.
--
-- Text: first seat, capacity, count (1 or more), category index: texts with their end.
-- Returns answer(): OK with everything held; NOT_ADMITTED; IS_PAYING; TOO_MANY with seats_max; AREA_FULL with the free
-- count.
-- The search begins at a place that moves with the clock's microseconds and wraps once, so it finds something near by
-- while the area is not nearly full.
-- Cost: one GETRANGE of the area, for which the states changed so far are written first.
local first, capacity, count, category = struct.unpack('ssss', text, 3)
first, capacity, count, category = tonumber(first), tonumber(capacity), tonumber(count), tonumber(category)
demand_plan()
local deadline = admission_deadline(row)
local hold = live_hold(row)
if not deadline then
    return answer(NOT_ADMITTED)
end
if hold and hold.order ~= '' then
    return answer(IS_PAYING, hold)
end
local seats_max, broken = setting('seats_per_visitor_max'), broken_limit(row, hold and #hold.seats / 2 or 0, count)
if broken then
    return answer(TOO_MANY, hold, broken)
end
write_states()
local area = redis.call('GETRANGE', KEYS[5], whole(first), whole(first + capacity - 1))
local found, packed = {}, {}

-- Free places from `from` to `to` (1-based, within the area), until there are enough.
local function gather(from, to)
    while #packed < count do
        local at = string.find(area, '\0', from, true)
        if not at or at > to then
            return
        end
        local seat = first + at - 1
        found[#found + 1], found[#found + 2] = seat, category
        packed[#packed + 1] = pack_seat(seat, category)
        from = at + 1
    end
end
local start = now_us % capacity + 1
gather(start, capacity)
gather(1, start - 1)
if #packed < count then
    return answer(AREA_FULL, hold, seats_max, whole(#packed))
end
return answer(OK, take(row, hold, deadline, found, table.concat(packed)), seats_max)
