-- What all seat scripts share; its text stands before theirs.
--
-- KEYS (the same list for every script): 1 epoch, 2 cfg, 3 active, 4 pass, 5 seats, 6 counts, 7 holds,
-- 8 the prefix of the hold hashes, 9 fence, 10 bought, 11 settled, 12 outbox, 13 ledger:beat.
-- ARGV[1] = epoch, ARGV[2] = event id; the scripts' own arguments begin at 3.
--
-- A hold is read once, into a table, and is live until its deadline, exclusive (by clock_ms, see below): whoever reads it at the
-- deadline or later ends it on the spot, so a late sweep changes nothing but other visitors' chances.
-- Freeing looks at the bytes first and never touches a sold seat, whatever the hold says.
local FREE, HELD, PAYING, SOLD, NOT_FOR_SALE = 0, 1, 2, 3, 4

-- Milliseconds and the microseconds within the second.
local function read_clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000), tonumber(time[2])
end
local now_ms, now_us = read_clock()

-- The time that deadlines are held against: it stands still while the ledger is away (nobody can pay then), at the
-- moment when it was missed or up to which thaw.lua has made up for it. LEDGER_AWAY_MS of limits.h.
local AWAY_MS = 3000
local beat_ms = tonumber(redis.call('GET', KEYS[13]) or 0)
local function read_deadline_clock()
    if beat_ms == 0 or now_ms - beat_ms <= AWAY_MS then
        return now_ms
    end
    return math.max(beat_ms + AWAY_MS, tonumber(redis.call('HGET', KEYS[2], 'thawed_ms') or 0))
end
local clock_ms = read_deadline_clock()

local function whole(number)
    return string.format('%.0f', number)
end

-- Seats of the plan, read once.
local plan_seats_known
local function plan_seats()
    plan_seats_known = plan_seats_known or redis.call('STRLEN', KEYS[5])
    return plan_seats_known
end

-- States of the seats, in their order. One command. The nils make room for four seats without growing the table.
local function get_states(seats)
    local args, count = {nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}, #seats
    for i = 1, count do
        local at = 3 * i
        args[at - 2], args[at - 1], args[at] = 'GET', 'u8', '#' .. seats[i]
    end
    return redis.call('BITFIELD', KEYS[5], unpack(args, 1, 3 * count))
end

-- Puts every seat into `state`. One command. Returns the text for the map, without version.
local function set_states(seats, state)
    local args = {nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}
    local text, count = tostring(state), #seats -- once: Redis turns numbers into texts slowly
    local suffix = '=' .. text
    for i = 1, count do
        local at = 4 * i
        args[at - 3], args[at - 2], args[at - 1], args[at] = 'SET', 'u8', '#' .. seats[i], text
    end
    redis.call('BITFIELD', KEYS[5], unpack(args, 1, 4 * count))
    return table.concat(seats, suffix .. ',') .. suffix
end

local function publish(version, text)
    redis.call('PUBLISH', 'map:' .. ARGV[2], version .. '|' .. text)
end

-- What has changed so far: for the map, field -> step for the counts, and whose holds were changed by themselves, for
-- their other tabs. Said once, by tell() at the end of the call.
local map_texts, count_steps, changed_visitors = {}, {}, {}

local function count(field, step)
    count_steps[field] = (count_steps[field] or 0) + step
end

-- Notes a change of seats that are free before or after, one of `categories` each; `step` is 1 or -1.
local function count_free(categories, step, text)
    for i = 1, #categories do
        count('free:' .. categories[i], step)
    end
    count('free', step * #categories)
    map_texts[#map_texts + 1] = text
end

-- The same for changes that leave the free counts alone; `sold` more are sold.
local function count_sold(sold, text)
    if sold ~= 0 then
        count('sold', sold)
    end
    map_texts[#map_texts + 1] = text
end

-- Whatever was decided in this call is one version of the map. Returns nothing.
local function tell()
    if #map_texts == 0 then
        return
    end
    local fields, steps, pairs_now = {'version'}, {1}, {}
    for field, step in pairs(count_steps) do
        if step ~= 0 then
            fields[#fields + 1], steps[#steps + 1] = field, step
        end
    end
    local old = redis.call('HMGET', KEYS[6], unpack(fields))
    for i = 1, #fields do
        pairs_now[2 * i - 1], pairs_now[2 * i] = fields[i], whole((old[i] or 0) + steps[i])
    end
    redis.call('HSET', KEYS[6], unpack(pairs_now))
    local text = table.concat(map_texts, ',')
    if #changed_visitors > 0 then
        text = text .. '|' .. table.concat(changed_visitors, ' ')
    end
    publish(pairs_now[2], text)
end

-- The beginning of an outbox entry about a payment; the caller adds its own fields and the brace.
local function payment_entry(kind, order, visitor, amount, currency)
    local text = cjson.encode
    return '{"kind":"' .. kind .. '","order":' .. text(order) .. ',"event":' .. text(ARGV[2]) .. ',"visitor":' ..
        text(visitor) .. ',"amount_minor":' .. amount .. ',"currency":' .. text(currency) .. ',"at_ms":' .. whole(now_ms)
end

-- Tells the outbox that this order's money must not be kept; once per order. `intent` may be ''.
local function void_once(order, visitor, amount, currency, intent, reason)
    if redis.call('HSETNX', KEYS[11], order, 'void') == 0 then
        return
    end
    local body = payment_entry('void', order, visitor, amount, currency) .. ',"reason":' .. cjson.encode(reason)
    if intent ~= '' then
        body = body .. ',"intent":' .. cjson.encode(intent)
    end
    redis.call('XADD', KEYS[12], '*', 'body', body .. '}')
end

-- 'idx:cat,idx:cat' -> {idx...}, {cat...}, as texts.
local function parse_seats(text)
    local seats, categories = {}, {}
    for seat, category in string.gmatch(text, '(%d+):(%d+)') do
        seats[#seats + 1], categories[#categories + 1] = seat, category
    end
    return seats, categories
end

local function join_seats(seats, categories)
    local texts = {nil, nil, nil, nil}
    for i = 1, #seats do
        texts[i] = seats[i] .. ':' .. categories[i]
    end
    return table.concat(texts, ',')
end

-- Frees those of the seats that are held or being paid; the rest is not ours any more. Returns nothing.
local function free_seats(seats, categories)
    local states, gone, gone_categories = get_states(seats), {}, {}
    for i = 1, #seats do
        if states[i] == HELD or states[i] == PAYING then
            gone[#gone + 1], gone_categories[#gone + 1] = seats[i], categories[i]
        end
    end
    if #gone > 0 then
        count_free(gone_categories, 1, set_states(gone, FREE))
    end
end

-- Ends a hold: its seats become free, a running payment is voided with `reason`.
local function drop_hold(hold, reason)
    if hold.order then
        void_once(hold.order, hold.visitor, hold.amount, hold.currency, hold.intent, reason)
    end
    free_seats(hold.seats, hold.categories)
    redis.call('DEL', KEYS[8] .. hold.visitor)
    redis.call('ZREM', KEYS[7], hold.visitor)
end

-- The hold as it stands, live or not; nil when there is none. `order` is nil unless a payment runs.
local function read_hold(visitor)
    local h = redis.call('HMGET', KEYS[8] .. visitor, 'fence', 'seats', 'state', 'order', 'amount', 'currency',
        'pay_deadline', 'select_deadline', 'intent', 'note', 'offer')
    if not h[1] then
        return nil
    end
    local is_paying = h[3] == 'paying'
    local hold = {visitor = visitor, fence = h[1], pay_deadline = tonumber(h[7]), select_deadline = h[8],
        order = is_paying and h[4] or nil, amount = h[5] or '0', currency = h[6] or '', intent = h[9] or '',
        note = h[10] or '', offer = h[11] or ''}
    hold.seats, hold.categories = parse_seats(h[2])
    hold.deadline = tonumber(redis.call('ZSCORE', KEYS[7], visitor) or 0)
    return hold
end

-- The visitor's live hold or nil. One that is past its deadline is ended here.
local function live_hold(visitor)
    local hold = read_hold(visitor)
    if hold and hold.deadline <= clock_ms then
        drop_hold(hold, 'time_out')
        return nil
    end
    return hold
end

-- The deadline of a running, claimed admission, or nil.
local function admission_deadline(visitor)
    local deadline = tonumber(redis.call('ZSCORE', KEYS[3], visitor) or 0)
    local pass = deadline > clock_ms and redis.call('HGET', KEYS[4], visitor)
    if pass and string.sub(pass, -2) == ':1' then
        return deadline
    end
    return nil
end

-- seats_per_visitor_max (the same throughout a call), and how many of them this visitor has bought.
local seats_each
local function seat_limit(visitor)
    seats_each = seats_each or tonumber(redis.call('HGET', KEYS[2], 'seats_per_visitor_max') or 3)
    return seats_each, tonumber(redis.call('HGET', KEYS[10], visitor) or 0)
end

-- The answer of every script about a hold: result (enum hold_result), now, seats_max, free count, seats 'idx:cat,...',
-- fence, deadline, and while a payment runs: order, amount, intent, note (where the outbox has it),
-- offer. `hold` and the rest may be nil.
local function answer(result, hold, seats_max, free_count, seats)
    if not hold then
        return {result, now_ms, seats_max or 0, free_count or 0, seats or ''}
    end
    local all = seats or join_seats(hold.seats, hold.categories)
    local deadline = hold.deadline + now_ms - clock_ms -- it will be moved on by at least that
    if not hold.order then
        return {result, now_ms, seats_max or 0, free_count or 0, all, tonumber(hold.fence), deadline}
    end
    return {result, now_ms, seats_max or 0, free_count or 0, all, tonumber(hold.fence), deadline, hold.order,
        hold.amount, hold.intent, hold.note, hold.offer}
end

-- enum hold_result
local OK, NONE, NOT_ADMITTED, TAKEN, TOO_MANY, AREA_FULL, IS_PAYING, NO_ORDER, LEDGER_BEHIND =
    0, 1, 2, 3, 4, 5, 6, 7, 8
