//! The ids of resources without a bundle: alone in a file, or in a line of NDJSON.
//!
//! A UUID is kept. Any other id is replaced by a UUID that a key of the installation derives from type and id. So the
//! same resource is the same record in every import, references between files hold, and a record's id does not reveal
//! the original id: ids of exports are often medical record numbers.

use std::sync::Arc;

use vouchsafe::document::{Document, Node};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe::seal::IndexKey;
use vouchsafe_fhir::map_references;

use super::chunk::{Line, NotAResource};

/// Makes ids. Without a key, for a remote service, ids that are not UUIDs are left to the service.
#[derive(Clone, Default)]
pub(super) struct Ids(Option<Arc<IndexKey>>);

/// The entry that a line is written as.
pub(super) struct Entry {
    pub(super) record_type: RecordType,
    /// The record, if it is known before the write.
    pub(super) id: Option<RecordId>,
    /// The resource.
    pub(super) document: Document,
    /// Whether it differs from the line's own text.
    pub(super) changed: bool,
}

impl Ids {
    pub(super) const fn by(key: Arc<IndexKey>) -> Self {
        Self(Some(key))
    }

    fn derive(&self, record_type: &RecordType, kind: &str, of: &[u8]) -> Option<RecordId> {
        let tag = self.0.as_ref()?.tag(record_type, kind, of, 128);
        // Version 8 (RFC 9562, section 5.8): derived, without a structure to parse.
        let uuid = uuid::Builder::from_custom_bytes(tag.0).into_uuid();
        Some(RecordId::from_uuid(uuid))
    }

    /// The record of an id that is not the text of a UUID.
    fn of(&self, record_type: &RecordType, id: &str) -> Option<RecordId> {
        self.derive(record_type, "import-id", id.as_bytes())
    }

    /// The entry of a line.
    ///
    /// # Errors
    /// If it is not a resource.
    pub(super) fn entry(&self, line: &Line) -> Result<Entry, NotAResource> {
        let mut document = line.document()?;
        let named = document.root().get("resourceType").and_then(Node::as_str);
        let record_type: RecordType = named
            .and_then(|name| name.parse().ok())
            .ok_or(NotAResource)?;
        let mut changed = false;
        if self.0.is_some() {
            map_references(&mut document, &mut |text| {
                let other = self.reference(text);
                changed |= other.is_some();
                other
            });
        }
        let own = document.root().get("id").and_then(Node::as_str);
        let kept = own.and_then(uuid_text);
        let id = match own {
            Some(own) => kept.or_else(|| self.of(&record_type, own)),
            None => {
                let again = line.again.to_be_bytes();
                let of = [&again[..], line.text.trim_ascii()].concat();
                self.derive(&record_type, "import-line", &of)
            }
        };
        if let (Some(id), None, Some(root)) = (id, kept, document.root_mut().as_object_mut()) {
            root.insert("id", Node::string(&id.to_string()));
            changed = true;
        }
        Ok(Entry {
            record_type,
            id,
            document,
            changed,
        })
    }

    /// The replacement of `Type/id`; none if it stays.
    fn reference(&self, text: &str) -> Option<String> {
        let (record_type, id) = text.split_once('/')?;
        // Versions are counted from 1 here: a reference to a version becomes one to the record.
        let id = id.split_once("/_history/").map_or(id, |(id, _)| id);
        // A logical id (R4, 2.24.0.1), and not the path of something else.
        let logical = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
        if id.is_empty() || id.len() > 64 || !id.bytes().all(logical) || uuid_text(id).is_some() {
            return None;
        }
        let record_type = record_type.parse().ok()?;
        let id = self.of(&record_type, id)?;
        Some(format!("{record_type}/{id}"))
    }
}

/// A UUID, if the text is in our spelling.
fn uuid_text(text: &str) -> Option<RecordId> {
    let id: RecordId = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}
