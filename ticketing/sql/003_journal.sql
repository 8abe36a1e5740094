-- The journal: every movement of money, one row each, from one account to another, never changed. And keys that
-- arrive in order: a sold seat names its order by number, and a ticket's code is worked out from order number and seat
-- instead of being stored under an index in random order.

CREATE TABLE journal (
    nr INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'capture', 'refund', 'refund_paid')),
    debit TEXT NOT NULL CHECK (debit IN ('receivable', 'provider', 'sales', 'refunds')),
    credit TEXT NOT NULL CHECK (credit IN ('receivable', 'provider', 'sales', 'refunds') AND credit <> debit),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX journal_of_order ON journal (order_nr);

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is never shortened'); END;
CREATE TRIGGER orders_are_never_changed BEFORE UPDATE ON orders
BEGIN SELECT RAISE(ABORT, 'an order is never changed'); END;
CREATE TRIGGER orders_are_never_deleted BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'an order is never deleted'); END;

INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)
SELECT committed_ms, nr, 'sale', 'receivable', 'sales', amount_minor, currency FROM orders WHERE amount_minor > 0
ORDER BY nr;
INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)
SELECT p.changed_ms, o.nr, 'capture', 'provider', 'receivable', p.amount_minor, p.currency
FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.state = 'captured' AND p.amount_minor > 0 ORDER BY p.nr;

DROP VIEW sold_seats;
CREATE TABLE sold_by_number (
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL CHECK (seat >= 0),
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    section TEXT NOT NULL,
    "row" TEXT NOT NULL,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    PRIMARY KEY (event_id, seat)
) STRICT, WITHOUT ROWID;
INSERT INTO sold_by_number
SELECT s.event_id, s.seat, o.nr, s.price_minor, s.section, s."row", s.number, s.category
FROM sold s JOIN orders o ON o.id = s.order_id;
DROP TABLE sold;
ALTER TABLE sold_by_number RENAME TO sold;

CREATE VIEW sold_seats AS
SELECT e.id AS event, s.seat, o.id AS order_id, o.visitor, s.price_minor, o.amount_minor, o.currency, s.section,
       s."row", s.number, s.category, o.intent, o.epoch, o.fence, o.authorised_ms, o.committed_ms,
       p.state AS payment_state
FROM sold s
JOIN events e ON e.nr = s.event_id
JOIN orders o ON o.nr = s.order_nr
LEFT JOIN payments p ON p.order_id = o.id;
