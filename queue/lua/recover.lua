-- Takes the line of an event over into a new epoch: the ledger's script, run before it sets the key `epoch`.
-- It stands alone (without prelude.lua), because it is the one that may run while `epoch` is absent.
--
-- KEYS    as in prelude.lua
-- ARGV    1 what `epoch` is now, '' when absent; 2 `lost`: this data is not ours or there is none, so the line
--         starts from what the ledger has noted; `first`: likewise, but there never was any data to lose; `kept`:
--         Redis was restarted with its data; 3, 4, 5 sequence,
--         admissions and head as the ledger noted them last; 6 RESTART_WINDOW_MS
-- Returns until when the line recovers in ms (0 = it goes on at once), 1 when something was lost (0 otherwise)
-- Writes  line; removes what the registrar said about an earlier epoch, and unless `kept` the whole line
-- Cost    O(1); the line is unlinked, not deleted
--
-- While a line recovers nobody is admitted and nobody new gets a place: places are put back by receipts under
-- their old sequence (restore.lua). `kept_seq` is the last sequence whose fate this data knows; only later ones
-- can have been lost. The note is a second old, so also a line that nobody is known to have joined is waited for.

local EPOCH, CFG, LINE, WAITING, GONE, GONE_NEW, ACTIVE, PASS = unpack(KEYS, 1, 8)
local HISTORY, DRAW_LEFT, BEFORE, BEFORE_GONE, BEFORE_INSIDE, PACE = unpack(KEYS, 12, 17)

if (redis.call('GET', EPOCH) or '') ~= ARGV[1] then
    return redis.error_reply('EPOCH the data is of another epoch')
end

local function number(text)
    return tonumber(text) or 0
end

local is_kept = ARGV[2] == 'kept'
local noted_seq, noted_admissions, noted_head = number(ARGV[3]), number(ARGV[4]), number(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cfg = redis.call('HMGET', CFG, 'phase', 'recovery_ms')
local recovery_ms = tonumber(cfg[2]) or 60000
local is_asleep = not cfg[1] or cfg[1] == 'draft'

redis.call('UNLINK', BEFORE, BEFORE_GONE, BEFORE_INSIDE)
if not is_kept then
    redis.call('UNLINK', LINE, WAITING, GONE, GONE .. ':ever', GONE_NEW, ACTIVE, PASS, HISTORY, DRAW_LEFT, PACE)
end
local line = redis.call('HMGET', LINE, 'seq', 'admission', 'head', 'recovers_at_ms', 'kept_seq', 'recover_wait_ms')
local seq, earlier_end = number(line[1]), number(line[4])
local is_lost = ARGV[2] == 'lost' or seq < noted_seq or number(line[2]) < noted_admissions

local window_ms = 0
if is_asleep then
    window_ms = 0
elseif is_lost then
    window_ms = recovery_ms
elseif is_kept then -- less than the ledger's last note may be missing: those who are connected say so at once
    window_ms = math.min(number(ARGV[6]), recovery_ms)
end

-- A recovery that was under way goes on: what it waits for is still missing.
local recovers_at = window_ms > 0 and math.max(now + window_ms, earlier_end) or earlier_end
local kept_seq = earlier_end > 0 and number(line[5]) or seq
local needs_registrar = not is_kept or number(line[6]) > 0 and earlier_end > 0
local wait_until = needs_registrar and now + math.floor(window_ms / 2) or 0
redis.call('HSET', LINE, 'seq', math.max(seq, noted_seq), 'admission', math.max(number(line[2]), noted_admissions),
    'head', math.max(number(line[3]), is_kept and 0 or noted_head), 'kept_seq', kept_seq,
    'recovers_at_ms', recovers_at, 'recover_wait_ms', wait_until, 'recover_full_ms', now + recovery_ms)
return {recovers_at, is_lost and 1 or 0}
