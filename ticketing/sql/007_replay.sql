-- A dead letter that is replayed sells seats without a hold: one more thing that Redis is told through the work list.

CREATE TABLE stock_work_new (
    nr INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('withhold', 'offer', 'refund', 'refund_withhold', 'replay')),
    visitor TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO stock_work_new (nr, event_id, seat, change, visitor)
SELECT nr, event_id, seat, change, visitor FROM stock_work;
DROP TABLE stock_work;
ALTER TABLE stock_work_new RENAME TO stock_work;
