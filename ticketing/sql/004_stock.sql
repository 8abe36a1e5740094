-- Seats that are kept from sale (allotments), and what Redis has still to be told about the stock. A row of stock_work is
-- written together with its cause and goes when Redis has answered, so a crash in between repeats the telling.

CREATE TABLE withheld (
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL CHECK (seat >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (event_id, seat)
) STRICT, WITHOUT ROWID;

CREATE TABLE stock_work (
    nr INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('withhold', 'offer', 'refund', 'refund_withhold'))
) STRICT;
