-- Makes up for the time that the ledger was away: deadlines move on by as long as they stood still, and time goes on. The
-- ledger's script alone, before it gives its next sign of life.
--
-- KEYS as in prelude.lua. ARGV: none of its own.
-- Returns by how many ms deadlines were moved (0 = the ledger was not away), how many holds, how many admissions.
-- What was over when the clock stopped stays over. For this event `thawed_ms` is a sign of life like the beat that is to
-- follow: what is told from now on is time that goes on, and a repetition counts nothing twice.
-- Cost: 1 command for each admission, 4 for 1,000 holds.
local step = now_ms - clock_ms
redis.call('HSET', KEYS[2], 'thawed_ms', whole(now_ms))
if step <= 0 then
    return {0, 0, 0}
end

local function alive(key)
    return redis.call('ZRANGEBYSCORE', key, '(' .. whole(clock_ms), '+inf')
end

local function later(deadline)
    return whole(deadline + step)
end
local holders, admitted = alive(KEYS[7]), alive(KEYS[3])
for_each_hold(holders, function(row, hold)
    if hold then
        hold.deadline = later(hold.deadline)
        if hold.pay_deadline then
            hold.pay_deadline, hold.select_deadline = later(hold.pay_deadline), later(hold.select_deadline)
        end
        set_hold(row, hold)
    end
end)
for _, visitor in ipairs(admitted) do
    redis.call('ZINCRBY', KEYS[3], step, visitor)
end
return {step, #holders, #admitted}
