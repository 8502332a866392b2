-- From which networks a login was signed in with, by a digest of both: attempts of strangers are counted apart.
CREATE TABLE familiar_networks (
    key     BLOB    NOT NULL PRIMARY KEY,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX familiar_networks_ends ON familiar_networks (ends_at);
