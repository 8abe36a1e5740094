-- Moves the line: expires admissions, admits the next, tells everyone. Does something once per tick_ms.
--
-- ARGV    2 event (for the channel), 3 TICK_EXPIRE_MAX, 4 TICK_ADMIT_MAX, 5 TICK_GONE_MAX,
--         6 "1" for a refill: between two ticks gives freed admissions to the next in line, 7 RECOVER_FILL_MAX,
--         8 TICK_PIECE_MAX
-- Returns 1 when the tick was due (a refill: when somebody was admitted), 2 when moreover not all that may come in now
--         have (ask for a refill at once), 0 when it was not
-- Writes  line, waiting, gone, gone:new, active, pass; publishes tick:<event>
-- Cost    O(log W) when idle; with x expired and n admitted O((x + n) log A); 250 admitted 1 ms, idle 0.1 ms
--
-- Anyone may call it at any time: the gate is the time of this Redis. Ticks lie on a grid, so a caller that is
-- a little late does not slow the rate down; after a long silence the grid starts anew, nothing is made up for.
-- A moment of the schedule (the opening) is a tick of its own: due at once, and the grid starts anew there.
-- A refill is for events with refill_at_once; what the last tick's allowance left unspent bounds it. Its report
-- takes the next number, the grid stays. When the tick is due a refill is that tick.
-- No call admits more than TICK_PIECE_MAX, so that Redis is not kept from others for long. The rest (`rest`, a part of
-- `unspent`) is for refills, of events without refill_at_once, too: each decides anew what cap and seats allow.
-- While the line recovers (recover.lua) ticks go on, admit nobody and leave the head where it is. Afterwards the
-- sequences that nobody came back for are noted as gone, some at each call, before the next tick is due.
-- The report is a line of JSON and three lines of words (docs/redis.md); the history gets the same words.
-- What is expired but over the bound stays in active and so counts against the cap until it is removed.

local is_refill = ARGV[6] == '1'
local event, expire_max, admit_max, gone_max = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local piece_max = tonumber(ARGV[8])
local now = time_ms()
local cfg = redis.call('HMGET', CFG, 'tick_ms', 'active_cap', 'claim_ms', 'refill_at_once', 'claim_away_ms')
local tick_ms, cap = number(cfg[1]), number(cfg[2])
local claim_ms = math.max(number(cfg[3]), number(cfg[5])) -- present.lua shortens it for those who are there
local line = redis.call('HMGET', LINE, 'tick_no', 'tick_at_ms', 'carry', 'seq', 'head', 'admission', 'unspent',
    'recovers_at_ms', 'filled_seq', 'draw', 'draw_cut', 'phase', 'rest')
local tick_no, tick_at = number(line[1]), number(line[2])
local carry, seq, head, admission = number(line[3]), number(line[4]), number(line[5]), number(line[6])
local unspent, rest = number(line[7]), number(line[13])
local refillable = cfg[4] == '1' and unspent or rest

-- Without settings there is no such event. A tick in the future: the clock of this machine was set back.
local since, is_due = now - tick_at, true
if tick_ms <= 0 then
    return 0
end

-- True when all sequences from the head on are waiting or gone, so that places are exact again. What a pending
-- draw still moves about is counted when it ends (draw_end.lua).
local function fill()
    local first = redis.call('ZRANGE', WAITING, 0, 0, 'WITHSCORES')
    local moving = line[10] == '1' and number(line[11]) or 0
    local from = math.max(number(line[9]), head, first[2] and number(first[2]) - 1 or seq, moving)
    local to = math.min(from + tonumber(ARGV[7]), seq)
    local held, gone = {}, {}
    local there = redis.call('ZRANGE', WAITING, '(' .. from, to, 'BYSCORE', 'WITHSCORES')
    for i = 2, #there, 2 do
        held[number(there[i])] = true
    end
    for missing = from + 1, to do
        if not held[missing] then
            gone[#gone + 1], gone[#gone + 2] = missing, missing
        end
        if #gone >= 4000 or (missing == to and #gone > 0) then -- an argument list is bounded
            redis.call('ZADD', GONE, unpack(gone))
            record(now, 'gone ' .. table.concat(gone, ' '))
            gone = {}
        end
    end
    redis.call('HSET', LINE, 'filled_seq', to)
    return to >= seq
end

local recovers_at = number(line[8])
if recovers_at > 0 and now >= recovers_at then
    seq = math.max(seq, number(redis.call('HGET', BEFORE, 'seq'))) -- no number is given twice
    if not fill() then
        return 0
    end
    recovers_at = 0
    redis.call('HSET', LINE, 'recovers_at_ms', 0, 'recovered_seq', seq, 'seq', seq)
    redis.call('HDEL', LINE, 'filled_seq')
end

local operator_phase, prequeue_at, opens_at, closes_at = read_schedule()
local moment = last_moment(operator_phase, prequeue_at, opens_at, closes_at, tick_at, now)
if moment > 0 and now - moment < tick_ms then
    tick_at = moment
elseif since < 0 or since >= 2 * tick_ms or moment > 0 then
    tick_at = now
elseif since >= tick_ms then
    tick_at = tick_at + tick_ms
elseif is_refill and refillable > 0 then
    is_due = false
else
    return 0
end
tick_no = tick_no + 1
local clock = deadline_clock(now)

-- 'visitor reason ...'
local function expire()
    local over = redis.call('ZRANGE', ACTIVE, '-inf', clock, 'BYSCORE', 'LIMIT', 0, expire_max)
    if #over == 0 then
        return ''
    end
    local told, passes = {}, redis.call('HMGET', PASS, unpack(over))
    for i, visitor in ipairs(over) do
        told[2 * i - 1] = visitor
        told[2 * i] = string.sub(passes[i] or '', -2) == ':1' and 'time_out' or 'no_show'
    end
    redis.call('ZREM', ACTIVE, unpack(over))
    redis.call('HDEL', PASS, unpack(over))
    return table.concat(told, ' ')
end

-- 'visitor sequence ...'. The one loop of a tick that runs for each visitor: it calls nothing, and of the two texts
-- of a visitor that it makes one is a number that Redis would have to make.
local function admit(count)
    if count == 0 then
        return ''
    end
    local next_ones = redis.call('ZRANGE', WAITING, 0, count - 1, 'WITHSCORES')
    local deadline, actives, passes = string.format('%.0f', clock + claim_ms), {}, {}
    for i = 1, #next_ones, 2 do
        admission = admission + 1
        local visitor = next_ones[i]
        actives[i], actives[i + 1] = deadline, visitor
        passes[i], passes[i + 1] = visitor, admission .. ':' .. next_ones[i + 1] .. ':0'
    end
    redis.call('ZREMRANGEBYRANK', WAITING, 0, count - 1)
    redis.call('ZADD', ACTIVE, unpack(actives))
    redis.call('HSET', PASS, unpack(passes))
    return table.concat(next_ones, ' ')
end

local first_admission, claim_until = admission + 1, now + claim_ms
local expired = is_due and expire() or ''
local phase, free, holds, is_draw_due = read_phase(now)
if is_draw_due and recovers_at == 0 then
    begin_draw(now)
end
local _, draw, rate_micro, lag_ms = read_state(now)
local inside, waiting, count = redis.call('ZCARD', ACTIVE), redis.call('ZCARD', WAITING), 0
if phase ~= 'open' or recovers_at > 0 then
    unspent = 0
elseif is_due then
    count, carry, unspent = decide_admission(rate_micro, carry, cap, inside, free or 0, waiting, admit_max)
    unspent = unspent + count
else
    count = decide_refill(refillable, cap, inside, free or 0, waiting)
end
rest = math.max(count - piece_max, 0)
count = count - rest
unspent = unspent - count
if not is_due and count == 0 then
    return 0
end
local admitted = admit(count)

-- The head is the sequence up to which nobody waits any more, be it admitted or gone. While a draw moves
-- people about, the first place may be empty for a moment: then it stays.
if draw ~= 1 and recovers_at == 0 then
    local first = redis.call('ZRANGE', WAITING, 0, 0, 'WITHSCORES')
    head = math.max(head, first[2] and tonumber(first[2]) - 1 or seq)
end

-- The rest of the departures, if there are more, is told by the next tick.
local gone = redis.call('LPOP', GONE_NEW, gone_max) or {}
redis.call('ZREMRANGEBYSCORE', GONE, '-inf', head)
redis.call('HSET', LINE, 'tick_no', tick_no, 'tick_at_ms', tick_at, 'carry', carry, 'head', head,
    'admission', admission, 'unspent', unspent, 'rest', rest, 'phase', phase)

if admitted ~= '' or expired ~= '' or phase ~= line[12] then
    local text = string.format('tick %d %s %d in %d %d', tick_no, phase, head, first_admission, claim_until)
    record(now, text .. (admitted ~= '' and ' ' or '') .. admitted .. (expired ~= '' and ' out ' or ' out') .. expired)
end
local figures = string.format(
    '{"tick":%d,"at_ms":%d,"phase":"%s","seq":%d,"head":%d,"waiting":%d,"inside":%d,"free":%d,'
        .. '"holds":%d,"recovers_at_ms":%d,"draw":%d,"rate_micro":%d,'
        .. '"lag_ms":%d,"refill":%d,"rest":%d,"admission":%d,"claim_until_ms":%d}',
    tick_no, now, phase, seq, head, redis.call('ZCARD', WAITING), redis.call('ZCARD', ACTIVE), free or 0,
    holds, recovers_at, draw, rate_micro, lag_ms, is_due and 0 or 1, rest, first_admission, claim_until)
redis.call('PUBLISH', 'tick:' .. event, table.concat({figures, admitted, expired, table.concat(gone, ' '), ''}, '\n'))
return rest > 0 and 2 or 1
