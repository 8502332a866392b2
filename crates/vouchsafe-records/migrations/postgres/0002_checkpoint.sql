-- The newest checkpoint of the audit log that the service has seen, as the recorder signed it (C2SP
-- tlog-checkpoint): a log that does not begin with it is another one, or an older copy.
CREATE TABLE checkpoints (
    origin text   NOT NULL PRIMARY KEY,
    size   bigint NOT NULL,
    note   bytea  NOT NULL
);
