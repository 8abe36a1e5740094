-- figures(event, client, keep, before, after, sessions, error, bucket, n, ...): the second of one gateway.
--
-- Every gateway calls it about once a second for each event that is under way. What a gateway has measured in that second
-- is added to what the others have; about once a second the figures are also put into the event's history, by whichever
-- gateway is first. Redis TIME is the clock.
--   ARGV: event; client; '1' to keep a sample; the sample's numbers before and after arrivals and admissions ("1,2");
--         open connections of visitors here; median error of the estimates here in percent, -1 = none; then names of
--         latency buckets with how often each was met ("h3" 17: holds, "c3" 2: confirmations)
--   Reads   line, sales, ledger:stats
--   Writes  pulse:<10 s> (kept 30 s), figures:fine (600 of 1 s), figures:coarse (8,640 of 10 s), figures:at
--   Returns time in ms, arrivals, admissions, orders, revenue_minor, refunded_minor, then the fields and values of the
--           pulse of these 10 s, then of those of the 10 s before; dead letters, failed payments and letters not sent of the whole server
local P = 'ev:' .. ARGV[1] .. ':'
local STEP_MS, COARSE_MS, FINE_MAX, COARSE_MAX = 950, 10000, 600, 8640

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local slot = math.floor(now / 10000)
local pulse = P .. 'pulse:' .. slot

for i = 8, #ARGV - 1, 2 do
  redis.call('HINCRBY', pulse, ARGV[i], ARGV[i + 1])
end
redis.call('HSET', pulse, 'v' .. ARGV[2], ARGV[6], 'e' .. ARGV[2], ARGV[7])
redis.call('PEXPIRE', pulse, 30000)

local line = redis.call('HMGET', P .. 'line', 'seq', 'admission')
local arrivals, admissions = line[1] or '0', line[2] or '0'
if ARGV[3] == '1' then
  local at = redis.call('HMGET', P .. 'figures:at', 'fine', 'coarse')
  local sample = string.format('[%.0f,%s,%s,%s,%s]', now, ARGV[4], arrivals, admissions, ARGV[5])
  local fine, coarse = tonumber(at[1] or '0'), tonumber(at[2] or '0')
  if now - fine >= STEP_MS or now < fine then
    redis.call('LPUSH', P .. 'figures:fine', sample)
    redis.call('LTRIM', P .. 'figures:fine', 0, FINE_MAX - 1)
    redis.call('HSET', P .. 'figures:at', 'fine', string.format('%.0f', now))
  end
  if now - coarse >= COARSE_MS or now < coarse then
    redis.call('LPUSH', P .. 'figures:coarse', sample)
    redis.call('LTRIM', P .. 'figures:coarse', 0, COARSE_MAX - 1)
    redis.call('HSET', P .. 'figures:at', 'coarse', string.format('%.0f', now))
  end
end

local stats = redis.call('HMGET', 'ledger:stats', 'dead', 'failed', 'mails_failed')
local sales = redis.call('HMGET', P .. 'sales', 'orders', 'revenue_minor', 'refunded_minor')
return {string.format('%.0f', now), arrivals, admissions, sales[1] or '0', sales[2] or '0', sales[3] or '0',
  redis.call('HGETALL', pulse), redis.call('HGETALL', P .. 'pulse:' .. (slot - 1)), stats[1] or '0', stats[2] or '0', stats[3] or '0'}
