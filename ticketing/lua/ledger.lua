-- Shared by the ledger's scripts, after the prelude.

-- The seats in ARGV from `at` on, index and category each, every `step` arguments; their states are read.
local function read_seats(at, step)
    local seats = {}
    for i = at, #ARGV, step do
        seats[#seats + 1], seats[#seats + 2] = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
    end
    want_states(seats)
    read_states()
    return seats
end

-- Calls fn(row, hold or false) for each of these visitors; what it sets is written.
local function for_each_hold(list, fn)
    for from = 1, #list, 1000 do
        ask_about({unpack(list, from, math.min(from + 999, #list))})
        for row = 1, #visitors do
            fn(row, holds[row])
        end
        write_holds()
    end
end

-- Writes what was decided about seats and orders; that is one version of the map.
local function write_seats()
    write_states()
    write_settled()
    write_counts()
end
