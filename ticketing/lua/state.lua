-- What a visitor holds.
--
-- Text: nothing of its own. Returns answer(): OK with the hold, or NONE; then its deadline is the one of the visitor's
-- claimed turn, if there is one: a sale ends the turn with the hold. A hold past its deadline ends here.
local hold = live_hold(row)
if hold then
    return answer(OK, hold)
end
local deadline = admission_deadline(row)
return answer(NONE, deadline and {order = '', fence = '', deadline = deadline, packed = ''})
