-- What a visitor holds.
--
-- Text: nothing of its own. Returns answer(): OK with the hold, or NONE. A hold past its deadline ends here.
local hold = live_hold(row)
if not hold then
    return answer(NONE)
end
return answer(OK, hold)
