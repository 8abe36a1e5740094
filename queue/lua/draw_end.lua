-- Counts those who left while a draw was pending, and ends it when nobody is left to count.
--
-- ARGV    2 how many entries of draw:left are dealt with, or "holes": only count the sequences, 3.. sequences that
--         are empty now (at most DRAW_MOVE_MAX)
-- Returns 1 when the draw is done, 0 when more have left meanwhile; -1 when no draw is pending
-- Writes  draw:left, gone, gone:new, line.draw
-- Cost    O(n log G)

if redis.call('HGET', LINE, 'draw') ~= '1' then
    return -1
end
if ARGV[2] ~= 'holes' then
    redis.call('LTRIM', DRAW_LEFT, tonumber(ARGV[2]), -1)
end
local gone = {}
for i = 3, #ARGV do
    if redis.call('ZADD', GONE, 'NX', ARGV[i], ARGV[i]) == 1 then
        redis.call('RPUSH', GONE_NEW, ARGV[i])
        gone[#gone + 1] = ARGV[i]
    end
end
if #gone > 0 then
    record(time_ms(), 'gone ' .. table.concat(gone, ' '))
end
if ARGV[2] == 'holes' or redis.call('LLEN', DRAW_LEFT) > 0 then
    return 0
end
redis.call('HSET', LINE, 'draw', 2)
record(time_ms(), 'draw ends')
return 1
