-- The inclusion proof of one place of a draw, from the tables that the registrar has published.
--
-- KEYS    1 draw (hash), 2 draw:index, 3 draw:map, 4 draw:tree
-- ARGV    1 sequence, 2 "drawn" when it is one from after the draw
-- Returns sequence before the draw, sequence after it, index of the leaf, number of leaves, the siblings on the way to
--         the root as one byte string of 32 each; nil when no such place took part
-- Writes  nothing
-- Cost    O(log n): 20 pieces of a million places
--
-- The order of nodes is that of queue/merkle.h. Tables never change once they are there.

local function number_at(key, offset)
    local a, b, c, d = string.byte(redis.call('GETRANGE', key, offset, offset + 3), 1, 4)
    return d and ((a * 256 + b) * 256 + c) * 256 + d or 0
end

local seq, leaves = tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'places') or '0')
if ARGV[2] == 'drawn' then
    seq = number_at(KEYS[2], 8 * (seq - 1) + 4)
end
local index = seq > 0 and number_at(KEYS[2], 8 * (seq - 1)) - 1 or -1
if index < 0 or index >= leaves then
    return nil
end
local path, base, level, at = {}, 0, leaves, index
while level > 1 do
    local sibling = at % 2 == 0 and at + 1 or at - 1
    if sibling < level then
        local offset = 32 * (base + sibling)
        path[#path + 1] = redis.call('GETRANGE', KEYS[4], offset, offset + 31)
    end
    base, at, level = base + level, math.floor(at / 2), math.ceil(level / 2)
end
return {seq, number_at(KEYS[3], 4 * (seq - 1)), index, leaves, table.concat(path)}
