-- Roles of organizers, the end of their sessions, and the log of what they did.

-- Sessions name the generation that they began in: a new one ends them all. It is a time, so that an old backup brings
-- none back to life.
ALTER TABLE accounts ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET role = 'owner' WHERE role = 'organizer';

CREATE TABLE actions (
    nr INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    via TEXT NOT NULL, -- 'console' or 'command line'
    verb TEXT NOT NULL,
    event TEXT, -- its id; NULL = of no event
    before TEXT, -- JSON objects with what changed; NULL = nothing to say
    after TEXT,
    note TEXT NOT NULL DEFAULT '',
    undoes INTEGER UNIQUE REFERENCES actions (nr)
) STRICT;
CREATE INDEX actions_of_event ON actions (event, nr);
CREATE TRIGGER actions_are_never_changed BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'an action is never changed'); END;
CREATE TRIGGER actions_are_never_deleted BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'an action is never deleted'); END;
