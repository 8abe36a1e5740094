-- What the doors saw: one row for each time a ticket was let in, never changed. The key makes two doors at the same
-- instant agree on one.

CREATE TABLE scans (
    nr INTEGER PRIMARY KEY,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    seat INTEGER NOT NULL,
    door TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (order_nr, seat)
) STRICT;
CREATE TRIGGER scans_are_never_changed BEFORE UPDATE ON scans
BEGIN SELECT RAISE(ABORT, 'a scan is never changed'); END;
CREATE TRIGGER scans_are_never_deleted BEFORE DELETE ON scans
BEGIN SELECT RAISE(ABORT, 'a scan is never deleted'); END;
