-- Gives visitors their places of a draw that has been decided (docs/draw.md).
--
-- ARGV    2.. pairs of visitor and sequence, at most DRAW_MOVE_MAX pairs
-- Returns how many were moved; -1 when no draw is pending
-- Writes  waiting; gone and gone:new for those who have not got a place any more
-- Cost    O(n log W); 3 us each at a million waiting
--
-- May be repeated: who has moved stays. Who left and joined again stands behind the cut and stays there.

local line = redis.call('HMGET', LINE, 'draw', 'draw_cut')
if line[1] ~= '1' then
    return -1
end
local cut = number(line[2])
local visitors, seqs = {}, {}
for i = 2, #ARGV, 2 do
    visitors[#visitors + 1] = ARGV[i]
    seqs[#seqs + 1] = ARGV[i + 1]
end
local scores = redis.call('ZMSCORE', WAITING, unpack(visitors))
local moves, moved, gone = {}, 0, {}
for i, visitor in ipairs(visitors) do
    local score = tonumber(scores[i])
    if score and score <= cut then
        moved = moved + 1
        moves[#moves + 1] = seqs[i]
        moves[#moves + 1] = visitor
    elseif redis.call('ZADD', GONE, 'NX', seqs[i], seqs[i]) == 1 then
        redis.call('RPUSH', GONE_NEW, seqs[i])
        gone[#gone + 1] = seqs[i]
    end
end
if moved > 0 then
    redis.call('ZADD', WAITING, 'XX', unpack(moves))
end
if #gone > 0 then
    record(time_ms(), 'gone ' .. table.concat(gone, ' '))
end
return moved
