-- Adds seats to a visitor's hold: all of them or none.
--
-- Text: packed seats, at least one, none twice; `seats` has them unpacked, and their states have been read.
-- Returns answer(): OK with everything held; NOT_ADMITTED; IS_PAYING with the hold; TOO_MANY with seats_max; TAKEN with
-- the seats that are not free (those outside the plan too). A seat that is held already counts once.
-- The limits are seats_per_visitor_max minus bought minus held, and seats_per_order_max (0: none) minus held. A new hold ends with the admission and gets a new fence.
demand_plan()
local deadline = admission_deadline(row)
local hold = live_hold(row)
if not deadline then
    return answer(NOT_ADMITTED)
end
if hold and hold.order ~= '' then
    return answer(IS_PAYING, hold)
end
local packed, held_count = string.sub(text, 3), 0
if hold then
    seats, packed = not_among(hold.seats, seats)
    held_count = #hold.seats / 2
end
local seats_max, broken = setting('seats_per_visitor_max'), broken_limit(row, held_count, #seats / 2)
if broken then
    return answer(TOO_MANY, hold, broken)
end
if #seats == 0 then
    return answer(OK, hold, seats_max)
end
local seats_count, taken = plan_seats(), nil
for i = 1, #seats, 2 do
    if (states[seats[i]] or FREE) ~= FREE or seats[i] >= seats_count then
        taken = (taken or '') .. pack_seat(seats[i], seats[i + 1])
    end
end
if taken then
    return answer(TAKEN, nil, seats_max, nil, taken)
end
return answer(OK, take(row, hold, deadline, seats, packed), seats_max)
