-- What a record is found by stands beside the record, so that a change finds its old tags without a second tree over all
-- of them: for each tag the number of the index (4 bytes, big-endian), the version of its key (4), the length of the tag
-- (1), and the tag.
ALTER TABLE records ADD COLUMN tags BLOB;

UPDATE records SET tags = (
    SELECT unhex(group_concat(printf('%08X%08X%02X', t.index_name, t.index_version, length(t.tag)) || hex(t.tag), ''))
    FROM index_tags t WHERE t.id = records.id AND t.type = records.type AND t.tenant = records.tenant);

DROP INDEX index_tags_by_record;
