-- Accounts of visitors, and the sessions of theirs that were signed out before they ended.

CREATE TABLE visitor_accounts (
    nr INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE, -- in its canonical form
    hash TEXT NOT NULL,
    visitor TEXT NOT NULL UNIQUE, -- whose places and orders are the account's
    created_ms INTEGER NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0 -- how often somebody wanted to sign up with it again
) STRICT;

CREATE TABLE signed_out (
    session TEXT PRIMARY KEY, -- 16 hex digits
    ends_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_out_ends ON signed_out (ends_ms);
