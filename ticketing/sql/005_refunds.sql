-- Refunds: which seats of an order were given back, for ever; and the money owed for them, a work list for the provider.
-- Whose seats Redis frees is noted, so that the buyer may buy as many again.

CREATE TABLE refunds (
    nr INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL,
    price_minor INTEGER NOT NULL,
    section TEXT NOT NULL,
    "row" TEXT NOT NULL,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    is_withheld INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (order_nr, seat)
) STRICT;
CREATE TRIGGER refunds_are_never_changed BEFORE UPDATE ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund is never changed'); END;
CREATE TRIGGER refunds_are_never_deleted BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund is never deleted'); END;

CREATE TABLE payouts (
    nr INTEGER PRIMARY KEY,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'paid', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX payouts_due ON payouts (next_try_ms) WHERE state = 'due';
CREATE INDEX payouts_of_order ON payouts (order_nr);

ALTER TABLE stock_work ADD COLUMN visitor TEXT NOT NULL DEFAULT '';
