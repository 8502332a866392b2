CREATE TABLE bare_patient (id BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE bare_identifier (value TEXT NOT NULL, system TEXT NOT NULL, patient BLOB NOT NULL REFERENCES bare_patient (id));
CREATE INDEX bare_identifier_value ON bare_identifier (value, system);
