-- What all seat scripts share; its text stands before theirs.
--
-- KEYS (the same list for every script): 1 epoch, 2 cfg, 3 active, 4 pass, 5 seats, 6 counts, 7 holds, 8 held, 9 fence,
-- 10 bought, 11 settled, 12 outbox, 13 ledger:beat.
-- ARGV[1] = epoch, ARGV[2] = event id; the scripts' own arguments begin at 3.
--
-- A call reads what it needs about all its visitors and seats at once, decides in memory, one operation after the other,
-- and writes what has changed at its end (write_...), each key with one command: in a call of many operations a command
-- for each of them would cost more than everything else. What stands in the tables below is the truth meanwhile. Only
-- the outbox is written at once; that comes first in an operation, so when memory is short nothing has been changed.
-- What is sent is text throughout: Redis turns numbers into texts slowly. And what only some functions share is local to
-- them: to make a function takes time for each local that stands between it and those it uses.
--
-- A visitor is a row: the index in `visitors`. A hold is live until its deadline, exclusive (by clock_ms, see below):
-- whoever reads it at the deadline or later ends it on the spot, so a late sweep changes nothing but other visitors'
-- chances. Freeing looks at the state first and never touches a sold seat, whatever the hold says.
--
-- Seats are lists {index, category, index, category, ...}; packed, in arguments, holds and answers, they are four bytes
-- each: three of the index, one of the category.
local FREE, HELD, PAYING, SOLD, NOT_FOR_SALE = 0, 1, 2, 3, 4

local function whole(number)
    return string.format('%.0f', number)
end

-- now_ms: milliseconds; now_us: the microseconds within the second. clock_ms: the time that deadlines are held against: it
-- stands still while the ledger is away (nobody can pay then), from when it was missed on. Its last sign of life is its
-- beat, or that thaw.lua has made up for its absence here. LEDGER_AWAY_MS of limits.h.
local now_ms, now_us, beat_ms, clock_ms
do
    local AWAY_MS = 3000
    local time = redis.call('TIME')
    now_ms, now_us = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(time[2])
    beat_ms = tonumber(redis.call('GET', KEYS[13]) or 0)
    clock_ms = now_ms
    if beat_ms ~= 0 and now_ms - beat_ms > AWAY_MS then
        local thawed_ms = tonumber(redis.call('HGET', KEYS[2], 'thawed_ms') or 0)
        clock_ms = math.min(now_ms, math.max(beat_ms, thawed_ms) + AWAY_MS)
    end
end

-- --- seats ---

local unpack_seats
do
    local layouts = {} -- of so many seats
    function unpack_seats(text, from)
        local count = (#text - from + 1) / 4
        local layout = layouts[count]
        if not layout then
            layout = '>' .. string.rep('I3B', count)
            layouts[count] = layout
        end
        local seats = {struct.unpack(layout, text, from)}
        seats[2 * count + 1] = nil -- where the text goes on
        return seats
    end
end

local function pack_seat(seat, category)
    return struct.pack('>I3B', seat, category)
end

-- Those of `seats` that are not among `known`, as list and packed, and those that are.
local function not_among(known, seats)
    local is_known, others, packed, common = {}, {}, {}, {}
    for i = 1, #known, 2 do
        is_known[known[i]] = true
    end
    for i = 1, #seats, 2 do
        local seat, category = seats[i], seats[i + 1]
        if is_known[seat] then
            common[#common + 1], common[#common + 2] = seat, category
        else
            others[#others + 1], others[#others + 2] = seat, category
            packed[#packed + 1] = struct.pack('>I3B', seat, category)
        end
    end
    return others, table.concat(packed), common
end

-- State of the seats that were read, or changed by this call; nil is free. Every seat that may be looked at is asked for
-- by want_states before read_states is called, and that before anything is changed.
-- sold_step: how many more are sold. is_map_new: readers are to read everything again. changed_visitors: whose holds were
-- changed by themselves, for their other tabs.
local states, sold_step, changed_visitors, is_map_new = {}, 0, {}, false
local want_states, read_states, set_states, set_free_states, write_states, write_counts, publish
do
    -- Seats side by side are one number of so many bytes: Lua's numbers are exact below 2^53.
    local RUN_MAX, RUN_TYPES = 6, {'u8', 'u16', 'u24', 'u32', 'u40', 'u48'}
    local PIECE = 3000 -- arguments of a command, about: Lua passes 8,000 at most
    local args, args_count, firsts, lengths = {}, 0, {}, {}

    function read_states()
        if args_count == 0 then
            return
        end
        local words = redis.call('BITFIELD_RO', KEYS[5], unpack(args, 1, args_count))
        for i = 1, #words do
            local word, seat = words[i], firsts[i] + lengths[i] - 1
            while word > 0 do
                local state = word % 256
                states[seat] = state > 0 and state or nil
                word, seat = (word - state) / 256, seat - 1
            end
        end
        args_count = 0
    end

    function want_states(seats)
        local i, last = 1, #seats
        while i < last do
            local first, length = seats[i], 1
            while length < RUN_MAX and seats[i + 2 * length] == first + length do
                length = length + 1
            end
            local n = args_count
            args[n + 1], args[n + 2], args[n + 3] = 'GET', RUN_TYPES[length], string.format('%d', 8 * first)
            firsts[n / 3 + 1], lengths[n / 3 + 1] = first, length
            args_count, i = n + 3, i + 2 * length
            if args_count >= PIECE then
                read_states()
            end
        end
    end

    local changed, written_count = {}, 0 -- seats in the order of the changes, and how many of these Redis knows
    local free_steps = {}                -- category -> step

    function set_states(seats, state)
        local n = #changed
        for i = 1, #seats, 2 do
            n = n + 1
            changed[n], states[seats[i]] = seats[i], state
        end
    end

    -- The same for seats that are free before (step -1) or afterwards (step 1).
    function set_free_states(seats, state, step)
        local n = #changed
        for i = 1, #seats, 2 do
            local seat, category = seats[i], seats[i + 1]
            n = n + 1
            changed[n], states[seat] = seat, state
            free_steps[category] = (free_steps[category] or 0) + step
        end
    end

    -- Writes the states that have been changed so far. A run of seats in one state is state * 0x0101...
    function write_states()
        local sets, word_texts, n = {}, {}, 0
        local i, last = written_count + 1, #changed
        written_count = last
        while i <= last do
            local first, length, ones = changed[i], 1, 1
            local state = states[first]
            while length < RUN_MAX and changed[i + length] == first + length and states[first + length] == state do
                length, ones = length + 1, ones * 256 + 1
            end
            local word = state * ones
            word_texts[word] = word_texts[word] or whole(word)
            sets[n + 1], sets[n + 2], sets[n + 3], sets[n + 4] = 'SET', RUN_TYPES[length], string.format('%d', 8 * first),
                word_texts[word]
            n, i = n + 4, i + length
            if n >= PIECE or i > last then
                redis.call('BITFIELD', KEYS[5], unpack(sets, 1, n))
                n = 0
            end
        end
    end

    -- What the map is told of the seats: index=state.
    local function map_text()
        local STATE_FORMATS = {[FREE] = '%d=0', '%d=1', '%d=2', '%d=3', '%d=4'}
        local parts, formats = {}, {}
        for from = 1, #changed, PIECE do
            local last = math.min(from + PIECE - 1, #changed)
            for i = from, last do
                formats[i - from + 1] = STATE_FORMATS[states[changed[i]]]
            end
            parts[#parts + 1] = string.format(table.concat(formats, ',', 1, last - from + 1), unpack(changed, from, last))
        end
        return table.concat(parts, ',')
    end

    function publish(version, text)
        redis.call('PUBLISH', 'map:' .. ARGV[2], version .. '|' .. text)
    end

    -- Counts and version, when seats have changed; the map is told once for the whole call.
    function write_counts()
        if #changed == 0 then
            return
        end
        local fields, steps, pairs_now, free_step = {'version'}, {1}, {}, 0
        for category, step in pairs(free_steps) do
            if step ~= 0 then
                fields[#fields + 1], steps[#steps + 1] = 'free:' .. category, step
                free_step = free_step + step
            end
        end
        if free_step ~= 0 then
            fields[#fields + 1], steps[#steps + 1] = 'free', free_step
        end
        if sold_step ~= 0 then
            fields[#fields + 1], steps[#steps + 1] = 'sold', sold_step
        end
        local old = redis.call('HMGET', KEYS[6], unpack(fields))
        for i = 1, #fields do
            pairs_now[2 * i - 1], pairs_now[2 * i] = fields[i], whole((old[i] or 0) + steps[i])
        end
        redis.call('HSET', KEYS[6], unpack(pairs_now))
        local text = is_map_new and '*' or map_text()
        if #changed_visitors > 0 then
            text = text .. '|' .. table.concat(changed_visitors, ' ')
        end
        publish(pairs_now[2], text)
    end
end

-- --- orders ---

-- settled: what the outbox was told about an order: `sold`, `void`, or false.
local settled = {}
local read_settled, set_settled, write_settled, outbox_length, tell_outbox
do
    local changed = {}

    function read_settled(orders)
        if #orders > 0 then
            local words = redis.call('HMGET', KEYS[11], unpack(orders))
            for i = 1, #orders do
                settled[orders[i]] = words[i]
            end
        end
    end

    function set_settled(order, word)
        settled[order] = word
        changed[#changed + 1] = order
    end

    function write_settled()
        local pairs_now = {}
        for i = 1, #changed do
            pairs_now[2 * i - 1], pairs_now[2 * i] = changed[i], settled[changed[i]]
        end
        if #pairs_now > 0 then
            redis.call('HSET', KEYS[11], unpack(pairs_now))
        end
    end

    local entries_count

    function outbox_length()
        entries_count = entries_count or redis.call('XLEN', KEYS[12])
        return entries_count
    end

    -- Returns the entry's id.
    function tell_outbox(body)
        entries_count = entries_count and entries_count + 1
        return redis.call('XADD', KEYS[12], '*', 'body', body)
    end
end

-- The beginning of an outbox entry about a payment; the caller adds its own fields and the brace.
local function payment_entry(kind, order, visitor, amount, currency)
    local text = cjson.encode
    return '{"kind":"' .. kind .. '","order":' .. text(order) .. ',"event":' .. text(ARGV[2]) .. ',"visitor":' ..
        text(visitor) .. ',"amount_minor":' .. amount .. ',"currency":' .. text(currency) .. ',"at_ms":' .. whole(now_ms)
end

-- Tells the outbox that this order's money must not be kept; once per order. `intent` may be ''.
local function void_once(order, visitor, amount, currency, intent, reason)
    if settled[order] == nil then
        read_settled({order})
    end
    if settled[order] then
        return
    end
    local body = payment_entry('void', order, visitor, amount, currency) .. ',"reason":' .. cjson.encode(reason)
    if intent ~= '' then
        body = body .. ',"intent":' .. cjson.encode(intent)
    end
    tell_outbox(body .. '}')
    set_settled(order, 'void')
end

-- The same for an order that no hold speaks of any more: its outbox body of kind `order` does.
local function void_by_body(order, visitor, body, reason)
    local is_json, snapshot = pcall(cjson.decode, body)
    if not is_json or type(snapshot) ~= 'table' then
        snapshot = {}
    end
    local function field(name, kind, default)
        return type(snapshot[name]) == kind and snapshot[name] or default
    end
    void_once(order, visitor, whole(field('amount_minor', 'number', 0)), field('currency', 'string', ''),
        field('intent', 'string', ''), reason)
end

-- --- visitors and their holds ---

-- The visitors of this call and the hold of each (false: none).
local visitors, holds = {}, {}
local ask_about, set_hold, write_holds, next_fence
do
    local changed, is_changed = {}, {}

    -- A hold as it stands in `held`: nine texts with their end, then the packed seats. `order`, `amount`, `currency`,
    -- `intent`, `note` (where the outbox has it) and `offer` are '' unless a payment runs; pay_deadline and
    -- select_deadline (that of the admission before) are from the first checkout on: nil in the table, '' in the text.
    -- The order comes first, for who wants to know only that (server/ledger/intents.c).
    local function parse(text, deadline)
        local hold, at = {deadline = deadline or '0'}, nil
        hold.order, hold.fence, hold.pay_deadline, hold.select_deadline, hold.amount, hold.currency, hold.intent,
            hold.note, hold.offer, at = struct.unpack('sssssssss', text)
        if hold.pay_deadline == '' then
            hold.pay_deadline = nil
        end
        hold.packed = string.sub(text, at)
        hold.seats = unpack_seats(text, at)
        return hold
    end

    local function text_of(hold)
        if not hold.pay_deadline then
            return '\0' .. hold.fence .. '\0\0\0\0\0\0\0\0' .. hold.packed
        end
        return table.concat({hold.order, hold.fence, hold.pay_deadline, hold.select_deadline, hold.amount, hold.currency,
            hold.intent, hold.note, hold.offer, hold.packed}, '\0')
    end

    -- From here on the call is about these visitors, 1,000 at most.
    function ask_about(list)
        visitors, holds, changed, is_changed = list, {}, {}, {}
        local texts, deadlines = redis.call('HMGET', KEYS[8], unpack(list)), nil
        for row = 1, #list do
            if texts[row] then
                deadlines = deadlines or redis.call('ZMSCORE', KEYS[7], unpack(list))
                holds[row] = parse(texts[row], deadlines[row])
            else
                holds[row] = false
            end
        end
    end

    function set_hold(row, hold)
        holds[row] = hold
        if not is_changed[row] then
            is_changed[row] = true
            changed[#changed + 1] = row
        end
    end

    -- The fences of a call's new holds follow each other.
    local fence, fences_more = nil, 0
    function next_fence()
        if not fence then
            fence = redis.call('INCR', KEYS[9])
        else
            fence, fences_more = fence + 1, fences_more + 1
        end
        return string.format('%d', fence)
    end

    function write_holds()
        if fences_more > 0 then
            redis.call('INCRBY', KEYS[9], fences_more)
        end
        local texts, deadlines, gone, n = {}, {}, {}, 0
        for i = 1, #changed do
            local row = changed[i]
            local hold, visitor = holds[row], visitors[row]
            if hold then
                texts[n + 1], texts[n + 2] = visitor, text_of(hold)
                deadlines[n + 1], deadlines[n + 2] = hold.deadline, visitor
                n = n + 2
            else
                gone[#gone + 1] = visitor
            end
        end
        if n > 0 then
            redis.call('HSET', KEYS[8], unpack(texts))
            redis.call('ZADD', KEYS[7], unpack(deadlines))
        end
        if #gone > 0 then
            redis.call('HDEL', KEYS[8], unpack(gone))
            redis.call('ZREM', KEYS[7], unpack(gone))
        end
    end
end

-- Frees those of the seats that are held or being paid; the rest is not ours any more.
local function free_seats(seats)
    local gone = {}
    for i = 1, #seats, 2 do
        local state = states[seats[i]]
        if state == HELD or state == PAYING then
            gone[#gone + 1], gone[#gone + 2] = seats[i], seats[i + 1]
        end
    end
    set_free_states(gone, FREE, 1)
end

-- Ends a hold: its seats become free, a running payment is voided with `reason`.
local function drop_hold(row, hold, reason)
    if hold.order ~= '' then
        void_once(hold.order, visitors[row], hold.amount, hold.currency, hold.intent, reason)
    end
    free_seats(hold.seats)
    set_hold(row, false)
end
