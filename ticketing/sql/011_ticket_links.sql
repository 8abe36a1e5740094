-- Links to the tickets of an order that an organizer hands out. Of an order only the newest one is good: its serial is
-- here, and those of older links are not.

CREATE TABLE ticket_links (
    order_nr INTEGER PRIMARY KEY REFERENCES orders (nr),
    serial INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    made_count INTEGER NOT NULL DEFAULT 1
) STRICT;
