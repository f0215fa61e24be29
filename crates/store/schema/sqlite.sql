-- The ledger on SQLite. The same tables as postgres.sql; only types and triggers differ.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
    seq         INTEGER PRIMARY KEY NOT NULL CHECK (seq > 0),
    stream      TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    recorded_at INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    prev        TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE head (
    id   INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;

-- Which survey was counted for which repository: a survey counts once.
CREATE TABLE survey (
    seq        INTEGER PRIMARY KEY NOT NULL REFERENCES entry (seq),
    id         TEXT NOT NULL,
    repository TEXT NOT NULL
) STRICT;

CREATE INDEX survey_counted ON survey (id, repository);

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry is never changed'); END;

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry is never deleted'); END;

-- INSERT OR REPLACE deletes the old row without asking the trigger above.
CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE stream = NEW.stream AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry is never replaced'); END;

CREATE TRIGGER survey_no_update BEFORE UPDATE ON survey
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a survey is never changed'); END;

CREATE TRIGGER survey_no_delete BEFORE DELETE ON survey
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a survey is never deleted'); END;

CREATE TRIGGER head_no_delete BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: its head is never deleted'); END;
