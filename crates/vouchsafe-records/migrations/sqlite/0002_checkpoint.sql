-- The newest checkpoint of the audit log that the service has seen, as the recorder signed it (C2SP
-- tlog-checkpoint): a log that does not begin with it is another one, or an older copy.
CREATE TABLE checkpoints (
    origin TEXT    NOT NULL PRIMARY KEY,
    size   INTEGER NOT NULL,
    note   BLOB    NOT NULL
) STRICT;
