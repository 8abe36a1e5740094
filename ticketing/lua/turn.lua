-- What a gateway's visitors asked about an event's seats in one turn of its loop: decided one after the other, told once.
--
-- `operations` (seat_redis.c puts it before this text) has a function for each script of one visitor, named as its file.
-- KEYS as in prelude.lua. ARGV: from 3 on, for each operation its name, the number of its arguments and these; to the
-- function they are its ARGV, from 3 on.
-- Returns one answer each, in their order; a text when an operation failed, which leaves the others alone.
-- Cost: 8 commands for the call, and those of the operations. Readers of the map get one message, the counts one write.
local answers, at, last = {}, 3, #ARGV
while at < last do
    local after = at + 2 + ARGV[at + 1]
    local is_good, answer_or_error = pcall(operations[ARGV[at]], {ARGV[1], ARGV[2], unpack(ARGV, at + 2, after - 1)})
    if not is_good and type(answer_or_error) == 'table' then
        answer_or_error = answer_or_error.err
    end
    answers[#answers + 1] = is_good and answer_or_error or tostring(answer_or_error)
    at = after
end
tell()
return answers
