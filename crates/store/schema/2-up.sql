-- Schema 2, on both databases: reading many items fast. Nothing in it is part of the chain.

-- The first entry of each item, in the order in which items are numbered. The version stands first, though
-- it is always 1, because SQLite would read all entries of all items rather than an index on seq alone.
CREATE INDEX entry_opened ON entry (version, seq)
WHERE version = 1 AND stream >= 'item:' AND stream < 'item;';

-- What is kept of each item's events for lists and figures, a line each.
CREATE TABLE abridged (
    stream  TEXT   PRIMARY KEY NOT NULL,
    first   BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL
);

-- Up to which entry, by which rules, and who makes it.
CREATE TABLE abridged_until (
    id    BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    rules BIGINT NOT NULL,
    seq   BIGINT NOT NULL,
    maker TEXT   NOT NULL
);
