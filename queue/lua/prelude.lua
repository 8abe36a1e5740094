-- What every script of the line begins with: the epoch check, the keys by name, the clock and the rules.
-- queue_redis.c puts this text in front of each of the other files.
--
-- KEYS  1 epoch, 2 cfg, 3 line, 4 waiting, 5 gone, 6 gone:new, 7 active, 8 pass, 9 counts, 10 holds,
--       11 bought, 12 history, 13 draw:left, 14 before, 15 before:gone, 16 before:inside, 17 pace,
--       18 outbox, 19 ledger:beat (docs/redis.md); every script gets all of them in this order
-- ARGV  1 the epoch the caller knows; the rest is said in each file
-- Errors: EPOCH when the caller's epoch is not the one of this data; nothing has been done then.
--
-- The rules are those of queue/phase.c and queue/admission.c; tests/contract/test_queue_rules.c compares.

local EPOCH, CFG, LINE, WAITING, GONE, GONE_NEW, ACTIVE, PASS, COUNTS, HOLDS, BOUGHT,
    HISTORY, DRAW_LEFT, BEFORE, BEFORE_GONE, BEFORE_INSIDE, PACE,
    OUTBOX, LEDGER_BEAT = unpack(KEYS)

-- A bit for each sequence whose place or turn was given up, also when the head has long passed it: who asks with a
-- receipt, on another device perhaps, is told the truth.
local EVER_LEFT = GONE .. ':ever'

if redis.call('GET', EPOCH) ~= ARGV[1] then
    return redis.error_reply('EPOCH the data is of another epoch')
end

-- enum place_state of queue/queue_store.h
local PLACE_WAITING, PLACE_ADMITTED, PLACE_ENTERED = 0, 1, 2
local PLACE_NOT_OPEN, PLACE_FULL, PLACE_SERVED, PLACE_NONE = 3, 4, 5, 6
local PLACE_GONE, PLACE_RECOVERING = 7, 8

-- Whether somebody without a place gets one.
local function takes_joins(phase, is_standby)
    return phase == 'prequeue' or phase == 'open' or phase == 'paused' or (phase == 'sold_out' and is_standby)
end

local function number(text)
    return tonumber(text) or 0
end

local function time_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The phase that operator and schedule say.
local function scheduled_phase(phase, prequeue_at, opens_at, closes_at, now)
    if phase == 'announced' and prequeue_at > 0 and now >= prequeue_at then
        phase = 'prequeue'
    end
    if (phase == 'announced' or phase == 'prequeue') and opens_at > 0 and now >= opens_at then
        phase = 'open'
    end
    if phase ~= 'draft' and closes_at > 0 and now >= closes_at then
        phase = 'closed'
    end
    return phase
end

-- The last moment in (after, till] at which the schedule moved the phase on; 0 when it did not.
local function last_moment(phase, prequeue_at, opens_at, closes_at, after, till)
    local last = 0
    for _, moment in ipairs({prequeue_at, opens_at, closes_at}) do
        if moment > after and moment <= till and moment > last
            and scheduled_phase(phase, prequeue_at, opens_at, closes_at, moment - 1)
                ~= scheduled_phase(phase, prequeue_at, opens_at, closes_at, moment) then
            last = moment
        end
    end
    return last
end

-- Notes something for the history of the line (docs/history.md). The registrar takes the notes away within a
-- second; while it is away the oldest are dropped beyond a bound. Their ids count from 0 in each epoch, so that it
-- notices what is missing. A note that cannot be made stops nothing.
local function record(now, text)
    redis.pcall('XADD', HISTORY, 'MAXLEN', '~', 50000, ARGV[1] .. '-*', 'h', string.format('%d %s', now, text))
end

-- free is nil when the inventory is not in place.
local function effective_phase(phase, prequeue_at, opens_at, closes_at, free, holds, now)
    phase = scheduled_phase(phase, prequeue_at, opens_at, closes_at, now)
    if phase == 'open' and free and free <= 0 and holds <= 0 then
        phase = 'sold_out'
    end
    return phase
end

-- Between two ticks: how many of the allowance that is not spent may come in now.
local function decide_refill(unspent, cap, active, left, waiting)
    return math.min(math.max(unspent, 0), math.max(cap - active, 0), math.max(left, 0), math.max(waiting, 0))
end

-- Returns how many to admit, the new carry in millionths of a visitor, and what of the allowance is not spent.
local function decide_admission(rate_micro, carry_micro, cap, active, left, waiting, admit_max)
    local allowance = math.max(rate_micro, 0) + math.max(carry_micro, 0)
    local allowed = math.min(math.floor(allowance / 1000000), admit_max)
    local count = decide_refill(allowed, cap, active, left, waiting)
    return count, allowance % 1000000, allowed - count
end

local function to_rate_micro(admit_per_tick)
    if not (admit_per_tick > 0) then
        return 0
    end
    return math.floor(math.min(admit_per_tick, 1e9) * 1000000 + 0.5)
end

-- The operator's phase and the three moments of the schedule.
local function read_schedule()
    local cfg = redis.call('HMGET', CFG, 'phase', 'prequeue_at_ms', 'opens_at_ms', 'closes_at_ms')
    return cfg[1] or 'draft', number(cfg[2]), number(cfg[3]), number(cfg[4])
end

-- What a draw that is wanted makes of the phase: nobody joins before the server has committed to its secret, and
-- the line stands until the draw is done. state: 0 none yet, 1 pending, 2 done. The second answer says whether
-- the draw has to begin now.
local function phase_with_draw(phase, is_committed, state)
    if state == 2 then
        return phase, false
    end
    if not is_committed then
        return takes_joins(phase, true) and 'announced' or phase, false
    end
    if phase == 'open' or phase == 'sold_out' then
        return 'prequeue', state == 0
    end
    return phase, false
end

-- The phase in force, the number of free seats (nil when not known), the holds and payments under way, and
-- whether the draw has to begin.
local function read_phase(now)
    local phase, prequeue_at, opens_at, closes_at = read_schedule()
    local free = tonumber(redis.call('HGET', COUNTS, 'free'))
    local holds = redis.call('ZCARD', HOLDS)
    phase = effective_phase(phase, prequeue_at, opens_at, closes_at, free, holds, now)
    if redis.call('HGET', CFG, 'draw') ~= '1' then
        return phase, free, holds, false
    end
    local line = redis.call('HMGET', LINE, 'draw_committed', 'draw', 'recovers_at_ms')
    local is_due
    phase, is_due = phase_with_draw(phase, line[1] == '1', number(line[2]))
    return phase, free, holds, is_due and number(line[3]) == 0
end

-- From here on later joins stay behind those who have a place now, and the registrar puts these in a random order.
local function begin_draw(now)
    local cut = number(redis.call('HGET', LINE, 'seq'))
    redis.call('HSET', LINE, 'draw', 1, 'draw_cut', cut)
    redis.call('UNLINK', EVER_LEFT) -- these numbers will be other people's
    record(now, string.format('draw begins %d', cut))
end

-- The rate in force and its bounds, in millionths of a visitor per tick. Without `adaptive` all are the setting;
-- with it pace.lua has moved the rate between adapt_min and that. The rules are those of queue/pace.c.
local function read_rate()
    local cfg = redis.call('HMGET', CFG, 'admit_per_tick', 'adaptive', 'adapt_min')
    local max = to_rate_micro(number(cfg[1]))
    if cfg[2] ~= '1' then
        return max, max, max
    end
    local min, rate = to_rate_micro(number(cfg[3])), number(redis.call('HGET', LINE, 'rate_micro'))
    return math.min(math.max(rate > 0 and rate or max, min), max), min, max
end

-- The time that deadlines are held against: it stands still while the ledger is away (nobody can pay then), from when
-- it was missed on. Its last sign of life is its beat, or that ticketing/lua/thaw.lua has made up for its absence here.
-- LEDGER_AWAY_MS of limits.h.
local function deadline_clock(now)
    local beat = number(redis.call('GET', LEDGER_BEAT))
    if beat == 0 or now - beat <= 3000 then
        return now
    end
    return math.min(now, math.max(beat, number(redis.call('HGET', CFG, 'thawed_ms'))) + 3000)
end

-- How far the ledger is behind, in ms: the age of the oldest order that it has not written, or of its last sign of
-- life. 0 when it has never given one. Both are times of this Redis.
local function read_lag(now)
    local first, beat = redis.call('XRANGE', OUTBOX, '-', '+', 'COUNT', 1)[1], number(redis.call('GET', LEDGER_BEAT))
    local oldest = first and number(string.match(first[1], '^%d+')) or now
    return math.max(now - oldest, beat > 0 and now - beat or 0, 0)
end

-- The rate while the ledger is that far behind: as it is up to 3 s, then less in proportion.
local function rate_behind(rate_micro, lag_ms)
    if lag_ms <= 3000 then
        return rate_micro
    end
    return math.floor(rate_micro * 3000 / lag_ms)
end

-- What travels with each report besides the line itself: until when it recovers (0 = it does not), the
-- draw (0 none, 1 pending, 2 done), the rate in force in millionths of a visitor per tick, the ledger's lag in ms.
local function read_state(now)
    local line, lag_ms = redis.call('HMGET', LINE, 'recovers_at_ms', 'draw'), read_lag(now)
    return number(line[1]), number(line[2]), rate_behind((read_rate()), lag_ms), lag_ms
end

-- Takes apart an entry of the pass hash: admission, sequence, whether the turn was claimed.
local function read_pass(text)
    local admission, seq, entered = string.match(text or '', '^(%d+):(%d+):([01])$')
    return number(admission), number(seq), entered == '1'
end
