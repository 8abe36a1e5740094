-- Ends holds that are past their deadline; running payments among them get a `void` (time_out).
--
-- KEYS as in prelude.lua. ARGV: 3 most holds to end in this call.
-- Returns how many it ended. Cost: 1 command when there is nothing to do, else about 12 and one for each void.
local ended = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', whole(clock_ms), 'LIMIT', 0, ARGV[3])
if #ended == 0 then
    return 0
end
ask_about(ended)
for row = 1, #ended do
    if holds[row] then
        want_states(holds[row].seats)
    end
end
read_states()
for row = 1, #ended do
    if holds[row] then
        drop_hold(row, holds[row], 'time_out')
    else
        set_hold(row, false)
    end
end
write_states()
write_holds()
write_settled()
write_counts()
return #ended
