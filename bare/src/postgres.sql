CREATE TABLE bare_patient (id uuid PRIMARY KEY, body text NOT NULL);
CREATE TABLE bare_identifier (value text NOT NULL, system text NOT NULL, patient uuid NOT NULL REFERENCES bare_patient (id));
CREATE INDEX bare_identifier_value ON bare_identifier (value, system);
