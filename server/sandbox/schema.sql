-- The sandbox provider's own memory. `seq` is the order of creation; lists page by it.
CREATE TABLE IF NOT EXISTS intents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    status INTEGER NOT NULL,       -- enum intent_status of store.h
    error TEXT NOT NULL,           -- why the last card was declined, or ''
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    due_ms INTEGER,                -- processing only: when the outcome is due
    due_key TEXT                   -- the idempotency key whose answer waits for it, or NULL
) STRICT;
CREATE INDEX IF NOT EXISTS intents_by_status ON intents (status, seq);
CREATE INDEX IF NOT EXISTS intents_by_due ON intents (due_ms) WHERE due_ms IS NOT NULL;

-- Money given back, in parts if need be; never more of an intent than was captured.
CREATE TABLE IF NOT EXISTS refunds (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    intent TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of_intent ON refunds (intent);

-- What was answered to an idempotency key. code 0 = the answer is still to come.
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    code INTEGER NOT NULL,
    body TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at_ms);

-- Webhooks to be delivered; a row goes when it is delivered or given up. Only the first of an intent has a time:
-- the others wait (NULL) until it is gone, so that a receiver sees the states in their order, and so that looking
-- for the next one never walks over those that wait.
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    intent TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_ms INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (next_ms, seq) WHERE next_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_by_intent ON deliveries (intent, seq);
