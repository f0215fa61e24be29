-- Back to schema 1, on both databases.
DROP TABLE abridged_until;
DROP TABLE abridged;
DROP INDEX entry_opened;
