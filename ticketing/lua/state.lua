-- What a visitor holds.
--
-- KEYS as in prelude.lua. ARGV: 3 visitor. Returns answer(): OK with the hold, or NONE. A hold past its deadline ends
-- here. Cost: 3 commands.
local hold = live_hold(ARGV[3])
if not hold then
    return answer(NONE)
end
return answer(OK, hold)
