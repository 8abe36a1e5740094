-- Gives seats of a hold back, or the whole hold.
--
-- Text: packed seats, whatever their category; none = all.
-- Returns answer(): OK with what is still held; NONE; IS_PAYING when a payment runs and only some were named.
-- Seats that are not in the hold are ignored. Giving up everything during a payment writes a `void` (given_up). Giving
-- up everything after a checkout puts the admission's deadline back to what it was: paying is no way to more time.
local hold = live_hold(row)
if not hold then
    return answer(NONE)
end
local kept, packed, gone = {}, '', hold.seats
if #text > 2 then
    local named = unpack_seats(text, 3)
    kept, packed, gone = not_among(named, hold.seats)
end
if #gone > 0 then
    changed_visitors[#changed_visitors + 1] = visitors[row]
end
if #kept == 0 then
    if hold.pay_deadline then
        move_admission(row, hold.select_deadline)
    end
    drop_hold(row, hold, 'given_up')
    return answer(OK)
end
if hold.order ~= '' then
    return answer(IS_PAYING, hold)
end
if #gone > 0 then
    hold.seats, hold.packed = kept, packed
    set_hold(row, hold)
    free_seats(gone)
end
return answer(OK, hold)
