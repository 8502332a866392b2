mod records;
mod refusals;
mod vectors;
mod wycheproof;

use super::*;
use crate::class::ClassSet;
use crate::document::test_layout::TestLayout;
use crate::document::{Document, Layout as _};
use crate::ids::{RecordId, RecordKey, SubjectId, TenantId, Version};
use crate::seal::record::seal_with;

/// The document that the tests of this folder seal.
const PATIENT: &str = r#"{"resourceType":"Patient","name":"Ann","phone":"555-1","ssn":"999-12-3456",
    "contact":[{"name":"Bo","phone":"555-2"},{"phone":"555-3"}],"note":"a note","odd":{"deep":[1.50]}}"#;

fn layout() -> TestLayout {
    TestLayout::new(
        "Patient",
        &[
            ("resourceType", "operational"),
            ("name", "demographic"),
            ("phone", "contact"),
            ("ssn", "identifier+ssn"),
            ("note", "clinical+note"),
            ("contact.name", "demographic"),
            ("contact.phone", "contact"),
        ],
    )
}

/// A record of one subject, and their keys.
struct Chart {
    keys: RecordKeys,
    key: RecordKey,
}

impl Chart {
    fn new() -> Self {
        let tenant = TenantId::random();
        Self {
            keys: RecordKeys::new(
                tenant,
                Owner::Subject(SubjectId::random()),
                KeyVersion::FIRST,
                Secret::random(),
            ),
            key: RecordKey {
                tenant,
                record_type: layout().record_type().clone(),
                id: RecordId::random(),
            },
        }
    }

    fn seal(
        &self,
        number: u32,
        json: &str,
        write: ClassSet,
        previous: Option<&SealedRecord>,
    ) -> Result<SealedRecord, SealError> {
        self.seal_by(number, json, (write, true), previous)
    }

    /// Seals as a writer who may write these classes, and perhaps read them.
    fn seal_by(
        &self,
        number: u32,
        json: &str,
        (write, compare): (ClassSet, bool),
        previous: Option<&SealedRecord>,
    ) -> Result<SealedRecord, SealError> {
        let writing = Writing {
            key: &self.key,
            version: version(number),
            write,
            compare,
            previous,
        };
        seal_document(&self.keys, &writing, &layout(), &document(json))
    }

    /// The first version of [`PATIENT`].
    fn patient(&self) -> SealedRecord {
        self.seal(1, PATIENT, ClassSet::ALL, None).unwrap()
    }

    fn open(&self, record: &SealedRecord) -> Result<Document, SealError> {
        open_document(&self.keys, record, ClassSet::ALL)
    }
}

fn document(json: &str) -> Document {
    Document::parse(json.as_bytes()).unwrap()
}

fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

#[track_caller]
fn assert_says(document: &Document, json: &str) {
    let same = document.root().same_as(self::document(json).root());
    assert!(same, "{} is not {json}", document.to_json());
}
