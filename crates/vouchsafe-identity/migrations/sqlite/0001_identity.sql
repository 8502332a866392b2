-- People, services, factors, sessions and rights. Times are microseconds since the epoch.

-- Named people. A login is unique in the whole installation: who signs in names no tenant.
CREATE TABLE people (
    id          BLOB    NOT NULL PRIMARY KEY,
    tenant      BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    login       TEXT    NOT NULL UNIQUE,
    state       TEXT    NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    created_at  INTEGER NOT NULL,
    created_by  TEXT    NOT NULL,
    enrolled_at INTEGER,
    disabled_at INTEGER,
    disabled_by TEXT
) STRICT;

-- The administrator whom the first start made; there can be one only.
CREATE TABLE first_start (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    person BLOB    NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- One-time links: only a digest of the token is kept, and the one-time-code secret, sealed.
CREATE TABLE enrolments (
    id           BLOB    NOT NULL PRIMARY KEY,
    person       BLOB    NOT NULL REFERENCES people (id),
    digest       BLOB    NOT NULL UNIQUE,
    totp         BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX enrolments_person ON enrolments (person);

-- Factors. (Passkeys and recovery codes will have tables of their own beside these.)
CREATE TABLE passwords (
    person     BLOB    NOT NULL PRIMARY KEY REFERENCES people (id),
    phc        TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE totp (
    person     BLOB    NOT NULL PRIMARY KEY REFERENCES people (id),
    sealed     BLOB    NOT NULL,
    -- The last time step whose code was accepted: none up to it is accepted again.
    last_step  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Programs that act for themselves.
CREATE TABLE services (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        BLOB    NOT NULL,
    name          TEXT    NOT NULL,
    owner_person  BLOB    REFERENCES people (id),
    owner_os_user TEXT,
    purpose       TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    expires_at    INTEGER NOT NULL,
    disabled_at   INTEGER,
    disabled_by   TEXT,
    CHECK ((owner_person IS NULL) <> (owner_os_user IS NULL))
) STRICT;

CREATE TABLE sessions (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     BLOB    NOT NULL,
    person     BLOB    REFERENCES people (id),
    service    BLOB    REFERENCES services (id),
    assurance  TEXT    NOT NULL,
    network    TEXT,
    created_at INTEGER NOT NULL,
    -- The last thing that a person did; what a program does by itself does not count.
    active_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT,
    CHECK ((person IS NULL) <> (service IS NULL))
) STRICT;
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_service ON sessions (service);

-- Rights: a role, for someone, by someone, for a reason, from, until. History stays.
CREATE TABLE rights (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       BLOB    NOT NULL,
    person       BLOB    REFERENCES people (id),
    service      BLOB    REFERENCES services (id),
    role         TEXT    NOT NULL,
    requested_by TEXT    NOT NULL,
    approved_by  TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    from_at      INTEGER NOT NULL,
    until_at     INTEGER NOT NULL,
    ended_at     INTEGER,
    ended_by     TEXT,
    end_reason   TEXT,
    CHECK ((person IS NULL) <> (service IS NULL)),
    CHECK (from_at < until_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX rights_person ON rights (person);
CREATE INDEX rights_service ON rights (service);
CREATE TRIGGER rights_stay BEFORE DELETE ON rights
BEGIN SELECT RAISE(ABORT, 'rights are never deleted'); END;
CREATE TRIGGER rights_do_not_change
BEFORE UPDATE OF id, tenant, person, service, role, requested_by, approved_by, reason, created_at, from_at, until_at ON rights
BEGIN SELECT RAISE(ABORT, 'rights do not change'); END;
CREATE TRIGGER rights_end_once BEFORE UPDATE ON rights WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a right ends once'); END;

-- Which record is about, or stands for, which person. One record is one person's at a time.
CREATE TABLE record_links (
    id          BLOB    NOT NULL PRIMARY KEY,
    tenant      BLOB    NOT NULL,
    person      BLOB    NOT NULL REFERENCES people (id),
    record_type TEXT    NOT NULL,
    record      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    created_by  TEXT    NOT NULL,
    ended_at    INTEGER,
    ended_by    TEXT
) STRICT;
CREATE INDEX record_links_person ON record_links (person);
CREATE UNIQUE INDEX record_links_one_person ON record_links (tenant, record_type, record) WHERE ended_at IS NULL;

-- Attempts to sign in, per scope and key, within a window.
CREATE TABLE throttle (
    scope      TEXT    NOT NULL,
    key        BLOB    NOT NULL,
    started_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_started ON throttle (started_at);

-- Keys that sign access tokens, sealed. The newest signs; one that was retired is accepted until its last token ended.
CREATE TABLE signing_keys (
    number     INTEGER NOT NULL PRIMARY KEY,
    key_id     TEXT    NOT NULL UNIQUE,
    public_key BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;
