-- Names of types, slots, indexes and kinds of relations, so that rows hold small numbers.
CREATE TABLE names (
    no   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The current version of each record. Times are microseconds since 1970 (UTC) everywhere.
CREATE TABLE records (
    tenant       BLOB    NOT NULL,
    type         INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    subject      BLOB,
    deleted      INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, type, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX records_by_subject ON records (tenant, subject, type, id) WHERE subject IS NOT NULL;

-- Every version that was ever written. `sealed` has the blobs that this version sealed, one after
-- the other: number of the slot's name (4 bytes, big-endian), length (4), envelope. A blob that a
-- version did not change is in the row of the version that sealed it; the manifest says which.
-- key_version (the lowest) and suites (bit 0 for suite 1) are for sweepers; the envelopes' headers
-- say them too, authenticated. Rows are long: the tree of the key has no room for them.
CREATE TABLE versions (
    tenant       BLOB    NOT NULL,
    type         INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    subject      BLOB,
    deleted      INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    intent       BLOB    NOT NULL,
    key_version  INTEGER NOT NULL,
    suites       INTEGER NOT NULL,
    manifest     BLOB    NOT NULL,
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (tenant, type, id, version)
) STRICT;

-- Blind indexes: keyed tags of current versions. A tag's trailing zero bytes are not stored.
CREATE TABLE index_tags (
    tenant        BLOB    NOT NULL,
    type          INTEGER NOT NULL,
    index_name    INTEGER NOT NULL,
    index_version INTEGER NOT NULL,
    tag           BLOB    NOT NULL,
    id            BLOB    NOT NULL,
    PRIMARY KEY (tenant, type, index_name, index_version, tag, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX index_tags_by_record ON index_tags (id, type, tenant);

-- Who has care of whom, and by which record (or assignment) that is known.
CREATE TABLE relations (
    tenant           BLOB    NOT NULL,
    beneficiary_type INTEGER NOT NULL,
    beneficiary      BLOB    NOT NULL,
    subject          BLOB    NOT NULL,
    source_type      INTEGER NOT NULL,
    source           BLOB    NOT NULL,
    kind             INTEGER NOT NULL,
    from_at          INTEGER NOT NULL,
    until_at         INTEGER NOT NULL,
    PRIMARY KEY (tenant, beneficiary_type, beneficiary, subject, source_type, source, kind, from_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX relations_by_source ON relations (source, source_type, tenant);

-- Intents of writes: 1 committed, with the rows of the same transaction; 2 aborted, by the
-- reconciler, so that a commit that comes later fails.
CREATE TABLE intents (
    id    BLOB    NOT NULL PRIMARY KEY,
    state INTEGER NOT NULL,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What writes under an idempotency key did, for whoever repeats them. Key and request are keyed
-- tags; the result has type, id, version, time and deletion of each record, in binary.
CREATE TABLE idempotency (
    tenant  BLOB    NOT NULL,
    key     BLOB    NOT NULL,
    request BLOB    NOT NULL,
    result  BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
