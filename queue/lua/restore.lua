-- Tells where the holders of receipts stand, and puts back the places that were lost with the data of Redis.
--
-- ARGV    2.. claims, 1 to JOIN_BATCH_MAX: `sequence:epoch:drawn:visitor`, drawn being 1 when the number was given
--         after a draw. Their receipts have been checked: nobody claims another's place.
-- Returns phase in force, time in ms, and for each claim five numbers as join.lua does, the last 1 when this call put the
--         place back. For PLACE_GONE
--         the third is the reason (GONE_REASON below), for PLACE_RECOVERING the fourth says until when
-- Writes  waiting (under the old sequence), line.seq, line.head, line.recovers_at_ms
-- Cost    O(log W) for a claim; in a full batch 3 us for who has a place, 10 us for one that is put back among a
--         million
--
-- A place is put back only while the line recovers, only when its sequence is later than all that this data
-- knows (`kept_seq`), when what the registrar knows of the data before does not say that it was used up, and when
-- nobody else has it. The same receipt twice changes nothing. PLACE_RECOVERING: the registrar has not spoken
-- yet; nothing was decided, ask again.

-- enum place_reason of queue/queue_store.h
local GONE_UNKNOWN, GONE_SERVED, GONE_LEFT, GONE_MISSED, GONE_TOO_LATE = 0, 1, 2, 3, 4

local now = time_ms()
local phase = read_phase(now)
local clock = deadline_clock(now)
local line = redis.call('HMGET', LINE, 'seq', 'head', 'recovers_at_ms', 'kept_seq', 'recover_wait_ms',
    'recover_full_ms', 'draw', 'recovered_seq')
local seq_last, head, recovers_at, kept_seq = number(line[1]), number(line[2]), number(line[3]), number(line[4])
local wait_until, full_until, is_drawn, recovered_seq = number(line[5]), number(line[6]), line[7] == '2', number(line[8])
local before = redis.call('HMGET', BEFORE, 'ready', 'head')
local is_before_known, before_head = before[1] == '1', number(before[2])
local seats_max = number(redis.call('HGET', CFG, 'seats_per_visitor_max'))
local DRAW_MAP = string.gsub(LINE, ':line$', ':draw:map')

-- The number that a draw has given for one from before it.
local function drawn_seq(seq)
    local bytes = redis.call('GETRANGE', DRAW_MAP, 4 * (seq - 1), 4 * seq - 1)
    if #bytes < 4 then
        return seq
    end
    local a, b, c, d = string.byte(bytes, 1, 4)
    local drawn = ((a * 256 + b) * 256 + c) * 256 + d
    return drawn > 0 and drawn or seq
end

-- Why a place that nobody has any more ended, as far as this data knows.
local function reason_of(seq, bought, is_old)
    if bought > 0 then
        return GONE_SERVED
    elseif is_old and seq > kept_seq and seq <= recovered_seq then
        return GONE_TOO_LATE
    elseif redis.call('GETBIT', EVER_LEFT, seq) == 1 or redis.call('ZSCORE', GONE, seq) then
        return GONE_LEFT
    elseif seq <= head then
        return GONE_MISSED
    end
    return is_old and GONE_TOO_LATE or GONE_UNKNOWN
end

-- What the registrar knows of the data before this one: a reason not to put the place back, or nil.
local function reason_before(seq, visitor, bought)
    if not is_before_known then
        return nil
    elseif redis.call('SISMEMBER', BEFORE_GONE, seq) == 1 then
        return GONE_LEFT
    elseif seq <= before_head and redis.call('SISMEMBER', BEFORE_INSIDE, visitor) == 0 then
        return bought > 0 and GONE_SERVED or GONE_MISSED
    end
    return nil
end

local back = {} -- for the history
local function put_back(seq, visitor)
    redis.call('ZADD', WAITING, seq, visitor)
    back[#back + 1] = string.format('%d:%s', seq, visitor)
    seq_last = math.max(seq_last, seq)
    head = math.min(head, seq - 1)
    recovers_at = math.max(recovers_at, full_until) -- something was lost: others may be on their way
end

local function decide(visitor, seq, epoch, is_drawn_claim)
    local deadline = tonumber(redis.call('ZSCORE', ACTIVE, visitor))
    local bought = number(redis.call('HGET', BOUGHT, visitor))
    if deadline and deadline > clock then
        local admission, pass_seq, entered = read_pass(redis.call('HGET', PASS, visitor))
        return entered and PLACE_ENTERED or PLACE_ADMITTED, pass_seq, admission, deadline + now - clock
    elseif deadline then
        return PLACE_GONE, 0, GONE_MISSED, 0
    end
    local waiting_seq = redis.call('ZSCORE', WAITING, visitor)
    if waiting_seq then
        return PLACE_WAITING, number(waiting_seq), 0, 0
    elseif bought > 0 and bought >= seats_max then
        return PLACE_SERVED, 0, 0, 0
    end
    local is_old = epoch ~= ARGV[1]
    if is_old and is_drawn and not is_drawn_claim then
        seq = drawn_seq(seq)
    end
    if not is_old or seq <= kept_seq or recovers_at <= now or redis.call('ZSCORE', GONE, seq) then
        return PLACE_GONE, 0, reason_of(seq, bought, is_old), 0
    elseif not is_before_known and now < wait_until then
        return PLACE_RECOVERING, 0, 0, recovers_at
    end
    local reason = reason_before(seq, visitor, bought)
    if not reason and #redis.call('ZRANGE', WAITING, seq, seq, 'BYSCORE', 'LIMIT', 0, 1) > 0 then
        reason = GONE_UNKNOWN
    end
    if reason then
        return PLACE_GONE, 0, reason, 0
    end
    put_back(seq, visitor)
    return PLACE_WAITING, seq, 0, 0, 1
end

local out = {phase, now}
for i = 2, #ARGV do
    local claimed_seq, epoch, drawn, visitor = string.match(ARGV[i], '^(%d+):(%d+):([01]):(.+)$')
    local state, seq, admission, deadline, is_back = decide(visitor, number(claimed_seq), epoch, drawn == '1')
    local to = 2 + (i - 2) * 5
    out[to + 1], out[to + 2], out[to + 3], out[to + 4], out[to + 5] = state, seq, admission, deadline,
        is_back or 0
end
if #back > 0 then
    record(now, 'back ' .. table.concat(back, ' '))
end
if recovers_at > 0 then
    redis.call('HSET', LINE, 'seq', seq_last, 'head', head, 'recovers_at_ms', recovers_at)
end
return out
