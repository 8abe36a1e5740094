-- What somebody is about to pay is noted before the payment provider is called: the row of `payments` begins as
-- `intended`, with whose it is, and becomes what the outbox says of it next (docs/decisions/0045).

DROP VIEW sold_seats;
CREATE TABLE payments_new (
    nr INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    intent TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('intended', 'none', 'capture_due', 'captured', 'void_due', 'voided', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL, -- of an intended one: when it is looked for, unless it was decided before
    reason TEXT NOT NULL DEFAULT '',
    changed_ms INTEGER NOT NULL,
    event TEXT NOT NULL DEFAULT '', -- text ids, of those that began as intended
    visitor TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO payments_new (nr, order_id, intent, amount_minor, currency, state, attempts, next_try_ms, reason, changed_ms)
SELECT nr, order_id, intent, amount_minor, currency, state, attempts, next_try_ms, reason, changed_ms FROM payments
ORDER BY nr;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;
CREATE INDEX payments_due ON payments (next_try_ms) WHERE state IN ('capture_due', 'void_due');
CREATE INDEX payments_failed ON payments (nr) WHERE state = 'failed';
CREATE INDEX payments_intended ON payments (next_try_ms) WHERE state = 'intended';

CREATE VIEW sold_seats AS
SELECT e.id AS event, s.seat, o.id AS order_id, o.visitor, s.price_minor, o.amount_minor, o.currency, s.section,
       s."row", s.number, s.category, o.intent, o.epoch, o.fence, o.authorised_ms, o.committed_ms,
       p.state AS payment_state
FROM sold s
JOIN events e ON e.nr = s.event_id
JOIN orders o ON o.nr = s.order_nr
LEFT JOIN payments p ON p.order_id = o.id;
