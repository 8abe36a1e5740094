-- What a gateway's visitors asked about an event's seats in one turn of its loop: decided one after the other, told once.
--
-- operation_of(kind) (seat_redis.c puts it before this text) makes the function for that kind of operation of one visitor
-- (enum seat_operation), which is its file. KEYS as in prelude.lua.
-- ARGV: 3 digest of the plan that seats are named by, '' = not compared; 4 number of visitors, then these, no one twice;
-- then a text for each operation: a byte for its kind, one for the visitor's row (from 1 on), and from there what its file
-- says.
-- Returns now in ms and one answer each, in their order; `-` and a text for an operation that failed, which leaves the
-- others alone.
-- Cost: about 12 commands for the call; of the operations only those that write to the outbox, and areas, have their own.
local HOLD, SETTLE = 1, 7 -- of enum seat_operation
local first = 4 + tonumber(ARGV[4])
local last = #ARGV
ask_about({unpack(ARGV, 5, first)})

-- The seats and orders that the operations may look at.
local named, orders = {}, {}
for row = 1, #visitors do
    if holds[row] then
        want_states(holds[row].seats)
    end
end
for i = first + 1, last do
    local kind = string.byte(ARGV[i])
    if kind == HOLD then
        named[i] = unpack_seats(ARGV[i], 3)
        want_states(named[i])
    elseif kind == SETTLE then
        orders[#orders + 1] = struct.unpack('s', ARGV[i], 3)
    end
end
read_states()
read_settled(orders)

local answers, operations = {now_ms}, {}
for i = first + 1, last do
    local kind, row = string.byte(ARGV[i], 1, 2)
    operations[kind] = operations[kind] or operation_of(kind)
    local is_good, text = pcall(operations[kind], row, ARGV[i], named[i])
    if not is_good then
        text = '-' .. tostring(type(text) == 'table' and text.err or text)
    end
    answers[i - first + 1] = text
end
write_states()
write_holds()
write_settled()
write_admissions()
write_counts()
return answers
