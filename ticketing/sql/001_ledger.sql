-- The ledger's first schema (docs/schema.md). Keys are whole numbers given in order of arrival, so that a batch
-- appends instead of touching random pages; the text ids have an index beside them.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    nr INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    time_zone TEXT NOT NULL,
    phase TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE plans (
    event_id INTEGER PRIMARY KEY REFERENCES events (nr),
    plan TEXT NOT NULL,
    seats_count INTEGER NOT NULL CHECK (seats_count > 0),
    loaded_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
    nr INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    event_id INTEGER NOT NULL REFERENCES events (nr),
    visitor TEXT NOT NULL,
    fence INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    intent TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    seats TEXT NOT NULL, -- JSON array of seat numbers: finds the rows of `sold` without an index of its own
    authorised_ms INTEGER NOT NULL,
    committed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_visitor ON orders (visitor, event_id);

-- The promise of the house: one row per seat of an event, whatever happens elsewhere.
CREATE TABLE sold (
    event_id INTEGER NOT NULL REFERENCES events (nr),
    seat INTEGER NOT NULL CHECK (seat >= 0),
    order_id TEXT NOT NULL REFERENCES orders (id),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    section TEXT NOT NULL,
    "row" TEXT NOT NULL,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    PRIMARY KEY (event_id, seat)
) STRICT, WITHOUT ROWID;

-- What is owed to the payment provider. An order that never was written has a row only to be voided.
CREATE TABLE payments (
    nr INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    intent TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('none', 'capture_due', 'captured', 'void_due', 'voided', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_due ON payments (next_try_ms) WHERE state IN ('capture_due', 'void_due');
CREATE INDEX payments_failed ON payments (nr) WHERE state = 'failed';

-- Outbox entries that could not be written, with the reason.
CREATE TABLE dead (
    nr INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    stream_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    replayed_ms INTEGER,
    UNIQUE (epoch, stream_id)
) STRICT;

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    role TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For readers from outside (checkers, reports): one row per sold seat, with names instead of numbers.
CREATE VIEW sold_seats AS
SELECT e.id AS event, s.seat, s.order_id, o.visitor, s.price_minor, o.amount_minor, o.currency, s.section, s."row",
       s.number, s.category, s.code, o.intent, o.epoch, o.fence, o.authorised_ms, o.committed_ms,
       p.state AS payment_state
FROM sold s
JOIN events e ON e.nr = s.event_id
JOIN orders o ON o.id = s.order_id
LEFT JOIN payments p ON p.order_id = s.order_id;
