-- Makes up for the time that the ledger was away: deadlines move on by as long as they stood still. The ledger's script
-- alone, before it gives its next sign of life.
--
-- KEYS as in prelude.lua. ARGV: none of its own.
-- Returns by how many ms deadlines were moved (0 = the ledger was not away), how many holds, how many admissions.
-- What was over when the clock stopped stays over. `thawed_ms` keeps a repetition from counting anything twice.
-- Cost: 2 commands for each hold and admission; 5 us each.
local step = now_ms - clock_ms
if step <= 0 then
    return {0, 0, 0}
end

local function move(key)
    local alive = redis.call('ZRANGEBYSCORE', key, '(' .. whole(clock_ms), '+inf')
    for _, visitor in ipairs(alive) do
        redis.call('ZINCRBY', key, step, visitor)
    end
    return alive
end
local holds, admissions = move(KEYS[7]), move(KEYS[3])
for _, visitor in ipairs(holds) do
    local key = KEYS[8] .. visitor
    local old = redis.call('HMGET', key, 'pay_deadline', 'select_deadline')
    if old[1] then
        redis.call('HSET', key, 'pay_deadline', whole(old[1] + step), 'select_deadline', whole(old[2] + step))
    end
end
redis.call('HSET', KEYS[2], 'thawed_ms', whole(now_ms))
return {step, #holds, #admissions}
