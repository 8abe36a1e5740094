-- Takes how long holds took and, once per interval, decides how fast the line moves from now on.
--
-- ARGV    2 PACE_INTERVAL_MS, 3 PACE_WINDOW_MS, 4 PACE_SAMPLES_MIN, 5.. pairs of bucket (from 0) and samples
-- Returns phase in force, time in ms, 1 when this call decided, reason (enum pace_reason of queue/pace.h),
--         rate before and after in millionths of a visitor per tick, p99 in ms, samples
-- Writes  pace; line.rate_micro when the rate changes
-- Cost    O(1): at most 40 hash fields
--
-- The samples of all gateways are added up, so it does not matter whose call decides. The rule is that of
-- queue/pace.c. Without the setting `adaptive` nothing is kept.

local REASON_NO_DATA, REASON_STEADY, REASON_FASTER, REASON_SLOWER = 0, 1, 2, 3
local STEP_MICRO_MIN = 10000
local ENDS_MS = {1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 79, 100, 126, 158, 200, 251, 316, 398, 501,
    631, 794, 1000, 1259, 1585, 1995, 2512, 3162, 3981, 5012, 6310, 10000, 20000}

local interval_ms, window_ms, samples_min = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = time_ms()
local phase = read_phase(now)
local rate, min, max = read_rate()
local cfg = redis.call('HMGET', CFG, 'adaptive', 'adapt_target_ms')
local target = number(cfg[2])
if cfg[1] ~= '1' then
    redis.call('DEL', PACE)
    return {phase, now, 0, REASON_NO_DATA, rate, rate, 0, 0}
end

for i = 5, #ARGV, 2 do
    redis.call('HINCRBY', PACE, 'b' .. ARGV[i], ARGV[i + 1])
end
local times = redis.call('HMGET', PACE, 'at_ms', 'since_ms')
local at, since = number(times[1]), number(times[2])
if at == 0 or at > now or since > now then
    redis.call('HSET', PACE, 'at_ms', now, 'since_ms', now)
    return {phase, now, 0, REASON_NO_DATA, rate, rate, 0, 0}
end
if now - at < interval_ms then
    return {phase, now, 0, REASON_NO_DATA, rate, rate, 0, 0}
end

local counts, samples = {}, 0
for i = 1, #ENDS_MS do
    counts[i] = number(redis.call('HGET', PACE, 'b' .. (i - 1)))
    samples = samples + counts[i]
end
local p99, seen, wanted = 0, 0, math.ceil(samples * 99 / 100)
for i = 1, #ENDS_MS do
    seen = seen + counts[i]
    if p99 == 0 and wanted > 0 and seen >= wanted then
        p99 = ENDS_MS[i]
    end
end
local is_enough = samples >= samples_min
if is_enough or now - since >= window_ms then
    redis.call('DEL', PACE)
    since = now
end
redis.call('HSET', PACE, 'at_ms', now, 'since_ms', since)
if not is_enough then
    return {phase, now, 1, REASON_NO_DATA, rate, rate, p99, samples}
end

local after = rate
if p99 > target then
    after = math.min(math.max(math.floor(rate * 7 / 10), min), max)
elseif p99 * 10 <= target * 8 then
    after = math.min(math.max(rate + math.max(math.floor(max / 20), STEP_MICRO_MIN), min), max)
end
local reason = after < rate and REASON_SLOWER or after > rate and REASON_FASTER or REASON_STEADY
if after ~= rate then
    redis.call('HSET', LINE, 'rate_micro', after)
end
return {phase, now, 1, reason, rate, after, p99, samples}
