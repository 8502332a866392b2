//! What records are found by, as it stands beside each: a change of a record finds its old tags there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use vouchsafe_database::{Connection, query_as};

use crate::store::StoreError;
use crate::store::batch::{Batch, RecordNo};

/// An entry of a record in an index.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Tag<'a> {
    pub(super) index: i32,
    pub(super) index_version: i64,
    pub(super) tag: Cow<'a, [u8]>,
}

/// The tags that the records of a batch have from now on, and those that they lose.
#[derive(Default)]
pub(super) struct RecordTags<'a> {
    kept: HashMap<RecordNo, Vec<Tag<'a>>>,
    replaced: Vec<(RecordNo, Tag<'a>)>,
}

impl<'a> RecordTags<'a> {
    /// Reads what the records that change have now.
    pub(super) async fn of(on: &mut Connection, batch: &'a Batch) -> Result<Self, StoreError> {
        let mut tags = Self::default();
        for line in &batch.tags {
            tags.kept.entry(line.record).or_default().push(Tag {
                index: line.index,
                index_version: line.index_version,
                tag: Cow::Borrowed(&line.tag),
            });
        }
        let cleared: HashSet<(RecordNo, i32)> = batch
            .cleared_tags
            .iter()
            .map(|cleared| (cleared.record, cleared.index))
            .collect();
        for line in &batch.updated {
            let found: Option<Option<Vec<u8>>> =
                query_as("SELECT tags FROM records WHERE tenant = $1 AND type = $2 AND id = $3")
                    .bind(batch.tenant.uuid())
                    .bind(line.record.record_type)
                    .bind(line.record.id)
                    .fetch_optional(on)
                    .await?;
            for tag in unpack(&found.flatten().unwrap_or_default())? {
                if cleared.contains(&(line.record, tag.index)) {
                    tags.replaced.push((line.record, tag));
                } else {
                    tags.kept.entry(line.record).or_default().push(tag);
                }
            }
        }
        Ok(tags)
    }

    /// The tags that are to go.
    pub(super) fn replaced(&self) -> impl Iterator<Item = &(RecordNo, Tag<'a>)> {
        self.replaced.iter()
    }

    /// All tags of a record, as its row has them.
    pub(super) fn packed(&self, record: RecordNo) -> Vec<u8> {
        let mut tags = self.kept.get(&record).cloned().unwrap_or_default();
        tags.sort_unstable();
        tags.dedup();
        pack(&tags)
    }
}

/// For each tag: the number of the index (4 bytes, big-endian), the version of its key (4), the length of the tag (1), the tag.
fn pack(tags: &[Tag<'_>]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(tags.len() * 32);
    for tag in tags {
        // Numbers of names, versions of keys and tags are far below these.
        let version = u32::try_from(tag.index_version).unwrap_or(u32::MAX);
        let len = u8::try_from(tag.tag.len()).unwrap_or(u8::MAX);
        packed.extend_from_slice(&tag.index.to_be_bytes());
        packed.extend_from_slice(&version.to_be_bytes());
        packed.push(len);
        packed.extend(tag.tag.iter().take(len.into()));
    }
    packed
}

fn unpack(mut packed: &[u8]) -> Result<Vec<Tag<'static>>, StoreError> {
    let mut tags = Vec::new();
    while !packed.is_empty() {
        let (index, rest) = packed.split_first_chunk().ok_or(StoreError::Damaged)?;
        let (version, rest) = rest.split_first_chunk().ok_or(StoreError::Damaged)?;
        let (len, rest) = rest.split_first().ok_or(StoreError::Damaged)?;
        let (tag, rest) = rest
            .split_at_checked((*len).into())
            .ok_or(StoreError::Damaged)?;
        packed = rest;
        tags.push(Tag {
            index: i32::from_be_bytes(*index),
            index_version: u32::from_be_bytes(*version).into(),
            tag: Cow::Owned(tag.to_vec()),
        });
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use vouchsafe_database::{Create, Database, Location, Schema, reading, testing};

    use super::*;
    use crate::store::SCHEMA;

    /// A database of a release that kept a second tree.
    #[tokio::test]
    async fn tags_of_an_earlier_release_are_found_beside_their_records() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.db");
        let location = Location::Sqlite { path };
        let before = Schema {
            sqlite: SCHEMA.sqlite.get(..2).unwrap(),
            ..SCHEMA
        };
        let opened = Database::open(&location, Create::IfMissing, &before).await;
        opened.unwrap().close().await;
        let rows = "INSERT INTO records VALUES (x'01', 7, x'AA', 1, NULL, 0, 0), (x'01', 7, x'BB', 1, NULL, 0, 0); \
            INSERT INTO index_tags VALUES (x'01', 7, 3, 1, x'ABCD', x'AA'), (x'01', 7, 4, 2, x'', x'AA'), \
            (x'02', 7, 3, 1, x'EEEE', x'AA')";
        testing::run(&location, rows).await.unwrap();
        let opened = Database::open(&location, Create::Never, &SCHEMA).await;
        let opened = opened.unwrap();
        let found: Result<Vec<Option<Vec<u8>>>, _> = reading!(opened, on => query_as(
            "SELECT tags FROM records ORDER BY id",
        ).fetch_all(on));
        let found = found.unwrap();
        let [Some(first), None] = found.as_slice() else {
            panic!("{found:?}");
        };
        let mut first = unpack(first).unwrap();
        first.sort_by_key(|tag| tag.index);
        assert_eq!(first, [tag(3, 1, &[0xAB, 0xCD]), tag(4, 2, b"")]);
    }

    fn tag(index: i32, index_version: i64, tag: &[u8]) -> Tag<'static> {
        Tag {
            index,
            index_version,
            tag: Cow::Owned(tag.to_vec()),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for tags in [
            vec![],
            vec![tag(1, 1, b"")],
            vec![tag(7, 2, &[1; 16]), tag(i32::MAX, 4_294_967_295, &[0, 9])],
        ] {
            assert_eq!(unpack(&pack(&tags)), Ok(tags));
        }
    }

    /// As the migration writes it.
    #[test]
    fn the_form_stays() {
        let packed = [0, 0, 0, 7, 0, 0, 0, 1, 2, 0xAB, 0xCD];
        assert_eq!(pack(&[tag(7, 1, &[0xAB, 0xCD])]), packed);
        for cut in 1..packed.len() {
            let cut = unpack(packed.get(..cut).unwrap());
            assert_eq!(cut, Err(StoreError::Damaged));
        }
    }
}
