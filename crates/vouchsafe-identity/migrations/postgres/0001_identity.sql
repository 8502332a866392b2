-- People, services, factors, sessions and rights. Times are microseconds since the epoch.

-- Named people. A login is unique in the whole installation: who signs in names no tenant.
CREATE TABLE people (
    id          UUID    NOT NULL PRIMARY KEY,
    tenant      UUID    NOT NULL,
    name        TEXT    NOT NULL,
    login       TEXT    NOT NULL UNIQUE,
    state       TEXT    NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    created_at  BIGINT  NOT NULL,
    created_by  TEXT    NOT NULL,
    enrolled_at BIGINT,
    disabled_at BIGINT,
    disabled_by TEXT
);

-- The administrator whom the first start made; there can be one only.
CREATE TABLE first_start (
    one    BIGINT  NOT NULL PRIMARY KEY CHECK (one = 1),
    person UUID    NOT NULL,
    at     BIGINT  NOT NULL
);

-- One-time links: only a digest of the token is kept, and the one-time-code secret, sealed.
CREATE TABLE enrolments (
    id           UUID    NOT NULL PRIMARY KEY,
    person       UUID    NOT NULL REFERENCES people (id),
    digest       BYTEA   NOT NULL UNIQUE,
    totp         BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   BIGINT  NOT NULL,
    used_at      BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX enrolments_person ON enrolments (person);

-- Factors. (Passkeys and recovery codes will have tables of their own beside these.)
CREATE TABLE passwords (
    person     UUID    NOT NULL PRIMARY KEY REFERENCES people (id),
    phc        TEXT    NOT NULL,
    changed_at BIGINT  NOT NULL
);
CREATE TABLE totp (
    person     UUID    NOT NULL PRIMARY KEY REFERENCES people (id),
    sealed     BYTEA   NOT NULL,
    -- The last time step whose code was accepted: none up to it is accepted again.
    last_step  BIGINT  NOT NULL,
    changed_at BIGINT  NOT NULL
);

-- Programs that act for themselves.
CREATE TABLE services (
    id            UUID    NOT NULL PRIMARY KEY,
    tenant        UUID    NOT NULL,
    name          TEXT    NOT NULL,
    owner_person  UUID    REFERENCES people (id),
    owner_os_user TEXT,
    purpose       TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    created_by    TEXT    NOT NULL,
    expires_at    BIGINT  NOT NULL,
    disabled_at   BIGINT,
    disabled_by   TEXT,
    CHECK ((owner_person IS NULL) <> (owner_os_user IS NULL))
);

CREATE TABLE sessions (
    id         UUID    NOT NULL PRIMARY KEY,
    tenant     UUID    NOT NULL,
    person     UUID    REFERENCES people (id),
    service    UUID    REFERENCES services (id),
    assurance  TEXT    NOT NULL,
    network    TEXT,
    created_at BIGINT  NOT NULL,
    -- The last thing that a person did; what a program does by itself does not count.
    active_at  BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    CHECK ((person IS NULL) <> (service IS NULL))
);
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_service ON sessions (service);

-- Rights: a role, for someone, by someone, for a reason, from, until. History stays.
CREATE TABLE rights (
    id           UUID    NOT NULL PRIMARY KEY,
    tenant       UUID    NOT NULL,
    person       UUID    REFERENCES people (id),
    service      UUID    REFERENCES services (id),
    role         TEXT    NOT NULL,
    requested_by TEXT    NOT NULL,
    approved_by  TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    from_at      BIGINT  NOT NULL,
    until_at     BIGINT  NOT NULL,
    ended_at     BIGINT,
    ended_by     TEXT,
    end_reason   TEXT,
    CHECK ((person IS NULL) <> (service IS NULL)),
    CHECK (from_at < until_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX rights_person ON rights (person);
CREATE INDEX rights_service ON rights (service);
CREATE FUNCTION rights_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rights are never deleted, do not change and end once'; END $$;
CREATE TRIGGER rights_stay BEFORE DELETE ON rights
FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_do_not_change
BEFORE UPDATE OF id, tenant, person, service, role, requested_by, approved_by, reason, created_at, from_at, until_at ON rights
FOR EACH ROW EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_end_once BEFORE UPDATE ON rights
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION rights_refuse();
CREATE TRIGGER rights_are_not_emptied BEFORE TRUNCATE ON rights
FOR EACH STATEMENT EXECUTE FUNCTION rights_refuse();

-- Which record is about, or stands for, which person. One record is one person's at a time.
CREATE TABLE record_links (
    id          UUID    NOT NULL PRIMARY KEY,
    tenant      UUID    NOT NULL,
    person      UUID    NOT NULL REFERENCES people (id),
    record_type TEXT    NOT NULL,
    record      UUID    NOT NULL,
    created_at  BIGINT  NOT NULL,
    created_by  TEXT    NOT NULL,
    ended_at    BIGINT,
    ended_by    TEXT
);
CREATE INDEX record_links_person ON record_links (person);
CREATE UNIQUE INDEX record_links_one_person ON record_links (tenant, record_type, record) WHERE ended_at IS NULL;

-- Attempts to sign in, per scope and key, within a window.
CREATE TABLE throttle (
    scope      TEXT    NOT NULL,
    key        BYTEA   NOT NULL,
    started_at BIGINT  NOT NULL,
    attempts   BIGINT  NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX throttle_started ON throttle (started_at);

-- Keys that sign access tokens, sealed. The newest signs; one that was retired is accepted until its last token ended.
CREATE TABLE signing_keys (
    number     BIGINT  NOT NULL PRIMARY KEY,
    key_id     TEXT    NOT NULL UNIQUE,
    public_key BYTEA   NOT NULL,
    sealed     BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    retired_at BIGINT
);
