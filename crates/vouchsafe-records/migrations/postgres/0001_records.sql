-- Names of types, slots, indexes and kinds of relations, so that rows hold small numbers.
CREATE TABLE names (
    no               integer  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text     NOT NULL UNIQUE
);

-- The current version of each record. Times are microseconds since 1970 (UTC) everywhere;
-- versions are unsigned 32-bit numbers, so they are bigint.
CREATE TABLE records (
    tenant           uuid     NOT NULL,
    type             integer  NOT NULL,
    id               uuid     NOT NULL,
    version          bigint   NOT NULL,
    subject          uuid,
    deleted          boolean  NOT NULL,
    last_updated     bigint   NOT NULL,
    PRIMARY KEY (tenant, type, id)
);

CREATE INDEX records_by_subject ON records (tenant, subject, type, id) WHERE subject IS NOT NULL;

-- Every version that was ever written. `sealed` has the blobs that this version sealed, one after
-- the other: number of the slot's name (4 bytes, big-endian), length (4), envelope. A blob that a
-- version did not change is in the row of the version that sealed it; the manifest says which.
-- key_version (the lowest) and suites (bit 0 for suite 1) are for sweepers; the envelopes' headers
-- say them too, authenticated. What is sealed cannot be compressed, so nobody tries.
CREATE TABLE versions (
    tenant           uuid     NOT NULL,
    type             integer  NOT NULL,
    id               uuid     NOT NULL,
    version          bigint   NOT NULL,
    subject          uuid,
    deleted          boolean  NOT NULL,
    last_updated     bigint   NOT NULL,
    intent           uuid     NOT NULL,
    key_version      bigint   NOT NULL,
    suites           smallint NOT NULL,
    manifest         bytea    NOT NULL,
    sealed           bytea    NOT NULL,
    PRIMARY KEY (tenant, type, id, version)
);
ALTER TABLE versions ALTER COLUMN manifest SET STORAGE EXTERNAL;
ALTER TABLE versions ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Blind indexes: keyed tags of current versions. A tag's trailing zero bytes are not stored.
CREATE TABLE index_tags (
    tenant           uuid     NOT NULL,
    type             integer  NOT NULL,
    index_name       integer  NOT NULL,
    index_version    bigint   NOT NULL,
    tag              bytea    NOT NULL,
    id               uuid     NOT NULL,
    PRIMARY KEY (tenant, type, index_name, index_version, tag, id)
);

CREATE INDEX index_tags_by_record ON index_tags (id, type, tenant);

-- Who has care of whom, and by which record (or assignment) that is known.
CREATE TABLE relations (
    tenant           uuid     NOT NULL,
    beneficiary_type integer  NOT NULL,
    beneficiary      uuid     NOT NULL,
    subject          uuid     NOT NULL,
    source_type      integer  NOT NULL,
    source           uuid     NOT NULL,
    kind             integer  NOT NULL,
    from_at          bigint   NOT NULL,
    until_at         bigint   NOT NULL,
    PRIMARY KEY (tenant, beneficiary_type, beneficiary, subject, source_type, source, kind, from_at)
);

CREATE INDEX relations_by_source ON relations (source, source_type, tenant);

-- Intents of writes: 1 committed, with the rows of the same transaction; 2 aborted, by the
-- reconciler, so that a commit that comes later fails.
CREATE TABLE intents (
    id               uuid     NOT NULL PRIMARY KEY,
    state            smallint NOT NULL,
    at               bigint   NOT NULL
);

-- What writes under an idempotency key did, for whoever repeats them. Key and request are keyed
-- tags; the result has type, id, version, time and deletion of each record, in binary.
CREATE TABLE idempotency (
    tenant           uuid     NOT NULL,
    key              bytea    NOT NULL,
    request          bytea    NOT NULL,
    result           bytea    NOT NULL,
    at               bigint   NOT NULL,
    PRIMARY KEY (tenant, key)
);
