-- Wrapped keys. Nothing here opens anything without the root key, which is never in the database.

-- One row per root key that this store was ever wrapped by; the secret in it is only there to be unwrapped.
CREATE TABLE roots (
    number     INTEGER PRIMARY KEY,
    root_id    TEXT    NOT NULL UNIQUE,
    wrapped    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Per tenant; wrapped by the root.
CREATE TABLE branch_keys (
    tenant     BLOB    NOT NULL,
    version    INTEGER NOT NULL,
    root_id    TEXT    NOT NULL REFERENCES roots (root_id),
    wrapped    BLOB,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'decrypt-only', 'disabled', 'destroyed')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
) STRICT, WITHOUT ROWID;

-- Blind-index keys: apart from the branch, since they cannot be per subject; wrapped by the root.
CREATE TABLE index_keys (
    tenant     BLOB    NOT NULL,
    version    INTEGER NOT NULL,
    root_id    TEXT    NOT NULL REFERENCES roots (root_id),
    wrapped    BLOB,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'decrypt-only', 'disabled', 'destroyed')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
) STRICT, WITHOUT ROWID;

-- Keys of the audit log's tokens and details, one per shard (column version), kept as long as the shard.
CREATE TABLE audit_keys (
    tenant     BLOB    NOT NULL,
    version    INTEGER NOT NULL,
    root_id    TEXT    NOT NULL REFERENCES roots (root_id),
    wrapped    BLOB,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'decrypt-only', 'disabled', 'destroyed')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
) STRICT, WITHOUT ROWID;

-- Keys of records without a subject; wrapped by the branch.
CREATE TABLE tenant_keys (
    tenant         BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    branch_version INTEGER NOT NULL,
    wrapped        BLOB,
    state          TEXT    NOT NULL CHECK (state IN ('active', 'decrypt-only', 'disabled', 'destroyed')),
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant, branch_version) REFERENCES branch_keys (tenant, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
) STRICT, WITHOUT ROWID;

-- Keys of one subject's records; wrapped by the branch. Destroying one is the end of that subject's data.
CREATE TABLE subject_keys (
    tenant         BLOB    NOT NULL,
    subject        BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    branch_version INTEGER NOT NULL,
    wrapped        BLOB,
    state          TEXT    NOT NULL CHECK (state IN ('active', 'decrypt-only', 'disabled', 'destroyed')),
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, subject, version),
    FOREIGN KEY (tenant, branch_version) REFERENCES branch_keys (tenant, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
) STRICT, WITHOUT ROWID;
