-- Shared by the operations of visitors, after the prelude: their holds and admissions, and what they are answered.

-- Settings that an operation asks for; they stay throughout a call. Texts.
local setting
do
    local known
    function setting(name)
        if not known then
            local words = redis.call('HMGET', KEYS[2], 'seats_per_visitor_max', 'pay_ms', 'seats_per_order_max',
                'plan_digest')
            known = {seats_per_visitor_max = words[1] or '3', pay_ms = words[2] or '420000',
                seats_per_order_max = words[3] or '0', plan_digest = words[4] or ''}
        end
        return known[name]
    end
end

-- Seats are named by their index in a plan: a gateway that has not read the one in force yet means others.
local function demand_plan()
    if ARGV[3] ~= '' and setting('plan_digest') ~= '' and setting('plan_digest') ~= ARGV[3] then
        error('PLAN another has been published', 0)
    end
end

-- Seats of the plan, read once.
local plan_seats
do
    local known
    function plan_seats()
        known = known or redis.call('STRLEN', KEYS[5])
        return known
    end
end

-- The visitor's live hold or nil. One that is past its deadline is ended here.
local function live_hold(row)
    local hold = holds[row]
    if not hold then
        return nil
    end
    if tonumber(hold.deadline) <= clock_ms then
        drop_hold(row, hold, 'time_out')
        return nil
    end
    return hold
end

-- Whether the hold (or nil) is being paid under this order.
local function is_paid_as(hold, order)
    return hold and hold.order ~= '' and hold.order == order
end

-- Admissions, by row: what `active`, `pass` and `bought` say, each read for all visitors when the first is asked for.
local admission_deadline, move_admission, bought_by, add_bought, write_admissions
do
    local actives, passes, boughts
    local moved, is_moved, is_bought = {}, {}, {} -- what this call has changed; moved: deadline, or false: it has ended

    -- The deadline of a running, claimed admission as text, or nil.
    function admission_deadline(row)
        if not actives then
            actives = redis.call('ZMSCORE', KEYS[3], unpack(visitors))
            passes = redis.call('HMGET', KEYS[4], unpack(visitors))
        end
        local deadline, pass = actives[row], passes[row]
        if deadline and is_moved[row] then
            deadline = moved[row]
        end
        if deadline and pass and tonumber(deadline) > clock_ms and string.sub(pass, -2) == ':1' then
            return deadline
        end
        return nil
    end

    -- An admission that has been given up is not made anew.
    function move_admission(row, deadline)
        moved[row], is_moved[row] = deadline, true
    end

    -- How many seats this visitor has bought.
    function bought_by(row)
        boughts = boughts or redis.call('HMGET', KEYS[10], unpack(visitors))
        return boughts[row] and tonumber(boughts[row]) or 0
    end

    function add_bought(row, count)
        local bought = bought_by(row) + count
        boughts[row], is_bought[row] = whole(bought), true
    end

    function write_admissions()
        local deadlines, gone, bought = {}, {}, {}
        for row in pairs(is_moved) do
            if moved[row] then
                deadlines[#deadlines + 1], deadlines[#deadlines + 2] = moved[row], visitors[row]
            else
                gone[#gone + 1] = visitors[row]
            end
        end
        for row in pairs(is_bought) do
            bought[#bought + 1], bought[#bought + 2] = visitors[row], boughts[row]
        end
        if #bought > 0 then
            redis.call('HSET', KEYS[10], unpack(bought))
        end
        if #deadlines > 0 then
            redis.call('ZADD', KEYS[3], 'XX', unpack(deadlines))
        end
        if #gone > 0 then
            redis.call('ZREM', KEYS[3], unpack(gone))
            redis.call('HDEL', KEYS[4], unpack(gone))
        end
    end
end

-- The limit that so many seats in one hold, `more_count` of them new, would break: a text, or nil. A hold becomes one
-- order, so its size is the order's; the visitor's limit counts what was bought, too.
local function broken_limit(row, held_count, more_count)
    local of_order, of_visitor = setting('seats_per_order_max'), setting('seats_per_visitor_max')
    if of_order ~= '0' and held_count + more_count > tonumber(of_order) then
        return of_order
    end
    return bought_by(row) + held_count + more_count > tonumber(of_visitor) and of_visitor or nil
end

-- Puts free seats into a visitor's hold. `hold` is the live hold or nil, `deadline` that of the admission. The seats are
-- known to be free and not in the hold.
local function take(row, hold, deadline, seats, packed)
    if not hold then
        hold = {order = '', fence = next_fence(), deadline = deadline, seats = seats, packed = packed}
    else
        for i = 1, #seats do
            hold.seats[#hold.seats + 1] = seats[i]
        end
        hold.packed = hold.packed .. packed
    end
    set_hold(row, hold)
    set_free_states(seats, HELD, -1)
    changed_visitors[#changed_visitors + 1] = visitors[row]
    return hold
end

-- The answer of every operation about a hold, ten texts with their end: result (enum hold_result), seats_max, free count,
-- fence and deadline, and while a payment runs order, amount, intent, note, offer; then the packed seats. `hold` and the
-- rest may be nil; what does not apply is ''.
local function answer(result, hold, seats_max, free_count, packed)
    if not hold then
        return result .. '\0' .. (seats_max or '') .. '\0' .. (free_count or '') .. '\0\0\0\0\0\0\0\0' .. (packed or '')
    end
    local deadline, payment = hold.deadline, '\0\0\0\0\0'
    if now_ms ~= clock_ms then
        deadline = whole(deadline + now_ms - clock_ms) -- it will be moved on by at least that
    end
    if hold.order ~= '' then
        payment = table.concat({hold.order, hold.amount, hold.intent, hold.note, hold.offer, ''}, '\0')
    end
    return result .. '\0' .. (seats_max or '') .. '\0' .. (free_count or '') .. '\0' .. hold.fence .. '\0' .. deadline ..
        '\0' .. payment .. hold.packed
end

-- enum hold_result
local OK, NONE, NOT_ADMITTED, TAKEN, TOO_MANY, AREA_FULL, IS_PAYING, NO_ORDER, LEDGER_BEHIND =
    '0', '1', '2', '3', '4', '5', '6', '7', '8'
