-- Letters with a link to tickets. The link itself is in none of these rows: it is made anew from its serial and its end when the
-- letter goes. One that waits or failed is outdated as soon as its order has a newer link.

CREATE TABLE mails (
    nr INTEGER PRIMARY KEY,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    recipient TEXT NOT NULL,
    serial INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'failed', 'outdated')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    made_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX mails_by_state ON mails (state, next_try_ms);
CREATE INDEX mails_of_order ON mails (order_nr);
