//! Visibility: each role sees exactly its classes, of the patients it may see.

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Object, Place};
use vouchsafe_records::engine::{Caller, Failure};
use vouchsafe_records::pack::{Pack, SubjectKind};

use super::bundles::Loaded;
use super::installation::Installation;

/// The classes that a role may read, by the design.
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

/// The visible and hidden parts of patients' records, for a role.
#[derive(Default)]
struct Seen {
    shown: usize,
    hidden: usize,
}

pub(crate) async fn each_role_sees_its_classes(installation: &Installation, loaded: &[Loaded]) {
    let pack = vouchsafe_fhir::pack().expect("the pack");
    let (practitioner, patient) = care(loaded);
    for role in ["clinician", "front-desk", "registration"] {
        let links = match role {
            "clinician" => vec![practitioner.clone()],
            _ => Vec::new(),
        };
        let caller = installation.caller(role, &links);
        let mut seen = Seen::default();
        for record in loaded {
            see(installation, &pack, (role, &caller), record, &mut seen).await;
        }
        eprintln!("{role}: {} shown, {} not", seen.shown, seen.hidden);
        // No patient in these bundles has an appointment.
        let some = role != "front-desk";
        assert!((seen.shown > 10) == some && seen.hidden > 10, "{role}");
        if role != "clinician" {
            continue;
        }
        // From the bundle alone: the team's member sees the team's patient.
        let theirs = loaded
            .iter()
            .find(|record| patient == format!("Patient/{}", record.id))
            .expect("the patient");
        let engine = &installation.service.engine();
        let read = engine.read(&caller, &theirs.record_type, theirs.id, None);
        assert!(read.await.is_ok(), "the patient in their care");
    }
}

/// A practitioner and a patient on whose active care team they are.
fn care(loaded: &[Loaded]) -> (String, String) {
    let of = |record: &Loaded| {
        let team = &record.expected.to_json();
        let team: serde_json::Value = serde_json::from_str(team).expect("JSON");
        let over = team["status"] != "active" || !team["period"]["end"].is_null();
        let subject = team["subject"]["reference"].as_str()?.to_owned();
        let members = team["participant"].as_array()?;
        let member = members
            .iter()
            .filter_map(|member| member["member"]["reference"].as_str())
            .find(|member| member.starts_with("Practitioner/"))?;
        (!over).then(|| (member.to_owned(), subject))
    };
    loaded
        .iter()
        .filter(|record| record.record_type.as_str() == "CareTeam")
        .find_map(of)
        .expect("a care team that is active")
}

async fn see(
    installation: &Installation,
    pack: &Pack,
    (role, caller): (&str, &Caller),
    record: &Loaded,
    seen: &mut Seen,
) {
    let engine = &installation.service.engine();
    let declared = pack
        .record_type(record.record_type.as_str())
        .expect("declared");
    let result = engine
        .read(caller, &record.record_type, record.id, None)
        .await;
    let about_somebody = declared.subject_kind() != SubjectKind::None;
    let whole = project(declared.as_ref(), record, classes(role));
    let something = text_of(&whole)
        && (!about_somebody || has_other_than_operational(declared.as_ref(), record, role));
    // Exactly: of patients in their care, and of these everything of their classes.
    let theirs =
        role != "clinician" || !about_somebody || in_care(installation, caller, record).await;
    match result {
        Ok(released) => {
            assert!(
                something && theirs,
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
            seen.shown += usize::from(about_somebody);
        }
        Err(Failure::NotFound) => {
            assert!(
                !(something && theirs),
                "{role} was refused a {}",
                record.record_type
            );
            seen.hidden += usize::from(about_somebody);
            installation
                .errors
                .lock()
                .expect("no panic held it")
                .push(Failure::NotFound.to_string());
        }
        Err(other) => panic!("{role} of {}: {other}", record.record_type),
    }
}

/// Whether an active relation puts the record's patient into the caller's care.
async fn in_care(installation: &Installation, caller: &Caller, record: &Loaded) -> bool {
    let store = installation.service.engine().store();
    let tenant = caller.session.tenant();
    let head = store
        .head(tenant, &record.record_type, record.id)
        .await
        .expect("the store")
        .expect("there");
    let subject = head.subject.expect("about somebody");
    let subjects = [subject];
    let asked = store.in_care_many(tenant, &caller.links.staff, &subjects, caller.now);
    asked.await.expect("the store") == [true]
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

/// The parts of a document with these classes: a slow second implementation, element by element.
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
