-- The ledger's sign of life, unless time has stood still since the last one: deadlines have to move on first (thaw.lua).
-- The ledger's script alone. Looking and writing are one step: whatever was told meanwhile, as time that stands still,
-- would otherwise be taken back.
--
-- KEYS 1 ledger:beat. ARGV: 1 a time after which all events were thawed, 0 = they were not.
-- Returns now in ms, and for how long nothing was heard: more than AWAY_MS, and nothing has been written.
local AWAY_MS = 3000
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local beat_ms = tonumber(redis.call('GET', KEYS[1]) or 0)
local silence_ms = beat_ms ~= 0 and now_ms - math.max(beat_ms, tonumber(ARGV[1])) or 0
if silence_ms <= AWAY_MS then
    redis.call('SET', KEYS[1], string.format('%.0f', now_ms))
end
return {now_ms, silence_ms}
