//! Who sees what: exactly the classes of their role, of the patients they may see.

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Object, Place};
use vouchsafe_records::engine::{Caller, Failure};
use vouchsafe_records::pack::{Pack, Reference};

use super::bundles::Loaded;
use super::installation::Installation;

/// The classes that a role may read, by the words of the design.
fn classes(role: &str) -> ClassSet {
    use DataClass::{Clinical, Contact, Demographic, Identifier, Operational, Scheduling};
    match role {
        "clinician" => [
            Clinical,
            Demographic,
            Identifier,
            Contact,
            Scheduling,
            Operational,
        ]
        .into_iter()
        .collect(),
        "front-desk" => [Scheduling, Operational].into_iter().collect(),
        "registration" => [Demographic, Identifier, Contact, Operational]
            .into_iter()
            .collect(),
        other => panic!("no classes of {other}"),
    }
}

pub(crate) async fn each_role_sees_its_classes(installation: &Installation, loaded: &[Loaded]) {
    let pack = Pack::fhir_r4().expect("the pack");
    let patient = loaded
        .iter()
        .find(|record| record.record_type.as_str() == "Patient")
        .expect("a patient");
    let patient_reference = format!("Patient/{}", patient.id);
    let team = loaded
        .iter()
        .find(|record| {
            record.record_type.as_str() == "CareTeam"
                && record.original["status"] == "active"
                && record.expected.to_json().contains(&patient_reference)
        })
        .or_else(|| {
            loaded.iter().find(|record| {
                record.record_type.as_str() == "CareTeam"
                    && record.expected.to_json().contains(&patient_reference)
            })
        });
    let practitioner = team.and_then(|team| {
        let text = team.expected.to_json();
        let at = text.find("Practitioner/")?;
        text.get(at..at + "Practitioner/".len() + 36)
            .map(str::to_owned)
    });
    for role in ["clinician", "front-desk", "registration"] {
        let links = match (role, &practitioner) {
            ("clinician", Some(practitioner)) => vec![practitioner.clone()],
            _ => Vec::new(),
        };
        let caller = installation.caller(role, links);
        for record in loaded {
            see(
                installation,
                &pack,
                &caller,
                role,
                record,
                &patient_reference,
            )
            .await;
        }
    }
}

async fn see(
    installation: &Installation,
    pack: &Pack,
    caller: &Caller,
    role: &str,
    record: &Loaded,
    patient: &str,
) {
    let engine = &installation.service.engine;
    let declared = pack
        .record_type(record.record_type.as_str())
        .expect("declared");
    let result = engine
        .read(caller, &record.record_type, record.id, None)
        .await;
    let text = record.expected.to_json();
    let about_somebody = declared.subject_kind() != vouchsafe_records::pack::SubjectKind::None;
    let whole = project(declared.as_ref(), record, classes(role));
    let something = text_of(&whole)
        && (!about_somebody || has_other_than_operational(declared.as_ref(), record, role));
    let theirs = !about_somebody
        || role != "clinician"
        || text.contains(patient)
        || patient.ends_with(&record.id.to_string());
    match result {
        Ok(released) => {
            assert!(
                something,
                "{role} saw a {} they may not",
                record.record_type
            );
            assert!(
                released.document.root().same_as(whole.root()),
                "{role} of {}:\n{}\n{}",
                record.record_type,
                released.document.to_json(),
                whole.to_json()
            );
            // Only of patients in their care, where care can be read off the resource itself.
            if role == "clinician" && about_somebody && !theirs {
                assert!(
                    in_care_by_another(installation, caller, record).await,
                    "a clinician saw another's patient"
                );
            }
        }
        Err(Failure::NotFound) => {
            if role != "clinician" {
                assert!(!something, "{role} was refused a {}", record.record_type);
            }
            installation
                .errors
                .lock()
                .expect("no panic held it")
                .push(Failure::NotFound.to_string());
        }
        Err(other) => panic!("{role} of {}: {other}", record.record_type),
    }
}

/// A clinician has several patients: another of theirs is one that their relations name.
async fn in_care_by_another(installation: &Installation, caller: &Caller, record: &Loaded) -> bool {
    let store = installation.service.engine.store();
    let tenant = caller.session.tenant();
    let head = store
        .head(tenant, &record.record_type, record.id)
        .await
        .expect("the store")
        .expect("there");
    let staff: Vec<Reference> = caller
        .links
        .iter()
        .map(|link| Reference::parse(link))
        .collect();
    let subject = head.subject.expect("about somebody");
    store
        .in_care(tenant, &staff, subject, caller.now)
        .await
        .expect("the store")
}

fn text_of(document: &Document) -> bool {
    !document.root().as_object().is_none_or(Object::is_empty)
}

fn has_other_than_operational(layout: &dyn Layout, record: &Loaded, role: &str) -> bool {
    let present = record.expected.classes(layout);
    !present
        .intersection(classes(role))
        .without(ClassSet::of(DataClass::Operational))
        .is_empty()
}

/// What a document shows of these classes: a slow second way, element by element.
fn project(layout: &dyn Layout, record: &Loaded, classes: ClassSet) -> Document {
    let root = record.expected.root();
    let place = layout.root(root);
    match kept(layout, place, root, classes) {
        Some(Node::Object(object)) => Document::from_object(object),
        _ => Document::from_object(Object::new()),
    }
}

fn kept(layout: &dyn Layout, at: Place, node: &Node, classes: ClassSet) -> Option<Node> {
    let mine = classes.contains(layout.slot(at).class());
    if layout.uniform(at) {
        return mine.then(|| copy(node));
    }
    if let Some(object) = node.as_object() {
        let mut out = Object::new();
        for (name, value) in object.iter() {
            let place = layout.member(at, object, name);
            if let Some(value) = kept(layout, place, value, classes) {
                out.insert(name, value);
            }
        }
        return (!out.is_empty() || (object.is_empty() && mine)).then_some(Node::Object(out));
    }
    if let Some(items) = node.as_array() {
        let out: Vec<Node> = items
            .iter()
            .filter_map(|item| kept(layout, layout.item(at, item), item, classes))
            .collect();
        return (!out.is_empty() || (items.is_empty() && mine)).then_some(Node::Array(out));
    }
    mine.then(|| copy(node))
}

fn copy(node: &Node) -> Node {
    let text = format!("{{\"x\":{}}}", node.to_json());
    let mut document = Document::parse(text.as_bytes()).expect("it was JSON");
    document
        .root_mut()
        .as_object_mut()
        .and_then(|object| object.remove("x"))
        .expect("just put there")
}
