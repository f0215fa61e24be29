-- The ledger on PostgreSQL. The same tables as sqlite.sql; only types and triggers differ.

CREATE TABLE meta (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

-- COLLATE "C" orders streams by their bytes, as SQLite does: ranges of streams are read by prefix.
CREATE TABLE entry (
    seq         BIGINT PRIMARY KEY CHECK (seq > 0),
    stream      TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL CHECK (version > 0),
    recorded_at BIGINT NOT NULL,
    body        TEXT NOT NULL,
    prev        TEXT NOT NULL,
    hash        TEXT NOT NULL,
    UNIQUE (stream, version)
);

CREATE TABLE head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- Which survey was counted for which repository: a survey counts once.
CREATE TABLE survey (
    seq        BIGINT PRIMARY KEY REFERENCES entry (seq),
    id         TEXT NOT NULL,
    repository TEXT NOT NULL
);

CREATE INDEX survey_counted ON survey (id, repository);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END
$$;

CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON entry
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER survey_append_only BEFORE UPDATE OR DELETE ON survey
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER survey_no_truncate BEFORE TRUNCATE ON survey
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER head_no_delete BEFORE DELETE ON head
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER head_no_truncate BEFORE TRUNCATE ON head
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
