//! Entries: canonical, closed, without PHI, and with one reading for all readers.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;
use vouchsafe::access::Verb;
use vouchsafe::audit::{Context, Draft, EntryKind, Event, Outcome, Stream};
use vouchsafe::gate::Searched;
use vouchsafe::ids::IntentId;

use crate::canary;
use crate::clinic::{Clinic, audit_keys, classes, later, now};
use crate::recorder::hash;

/// The members that an entry can have.
const MEMBERS: [&str; 25] = [
    "actor",
    "assurance",
    "bundle",
    "classes",
    "count",
    "detail",
    "id",
    "intent",
    "key",
    "network",
    "operation",
    "outcome",
    "policies",
    "purpose",
    "reason",
    "request",
    "resource",
    "roles",
    "session",
    "stream",
    "subject",
    "tenant",
    "time",
    "v",
    "within",
];

/// The canonical form of RFC 8785, for the kinds of values in entries.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            let members: Vec<_> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", string(name), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::String(text) => string(text),
        Value::Number(number) => {
            let number = number.as_u64().expect("an integer");
            assert!(number < 1 << 53, "exact as a double");
            number.to_string()
        }
        Value::Null | Value::Bool(_) => panic!("an entry has no {value}"),
    }
}

/// RFC 8785, section 3.2.2.2.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One entry of every kind that the gate and events make.
fn one_of_each(clinic: &Clinic) -> Vec<Draft> {
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    let gate = clinic.gate();
    let (_, read) = clinic.admit_read(&clinician, &stored).unwrap();
    let both = (
        classes("operational clinical"),
        classes("demographic contact"),
    );
    let target = stored.next("update");
    let (_, write) = clinic
        .admit_write(&clinician, &target, Verb::Update, both)
        .unwrap();
    let of_type = &stored.record.key.record_type;
    let asked = Searched {
        record_type: of_type,
        has_subject: true,
        classes: classes("clinical"),
        query: canary::DIAGNOSIS.as_bytes(),
    };
    let search = gate
        .admit_search(&request, asked, &clinician.facts)
        .unwrap()
        .entry(u64::MAX);
    let intent = IntentId::new_ordered(now());
    let subject = Some(stored.subject);
    let event = Event {
        reason: Some("wrong-password"),
        session: Some(&clinician.session),
        count: Some(3),
        detail: Some((&clinic.keys, canary::FAMILY.as_bytes())),
        settles: Some(intent),
        ..Event::new(
            Stream::Identity,
            "sign-in",
            Outcome::Refused,
            &clinic.context,
        )
    };
    let bare = Context::default();
    vec![
        read,
        write,
        search,
        gate.absent(&request, &stored.target()),
        gate.refused(&request, Some(of_type), subject, "relate", "self-relation"),
        gate.intended(&request, "transaction", intent, 2),
        gate.settled(&request, "transaction", intent, Outcome::Aborted, 2),
        event.draft(now()),
        Event::new(Stream::System, "start", Outcome::Permitted, &bare).draft(now()),
    ]
}

#[test]
fn entries_are_canonical_json_of_known_members() {
    let clinic = Clinic::new();
    let mut seen = BTreeSet::new();
    for draft in one_of_each(&clinic) {
        let text = std::str::from_utf8(draft.bytes()).unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(canonical(&value), text);
        let members = value.as_object().unwrap().keys();
        seen.extend(members.cloned());
        assert_eq!(
            (&value["v"], &value["time"]),
            (&1.into(), &"2026-11-24T09:00:00.250000Z".into(),)
        );
        clinic.log.record(vec![draft]);
    }
    let known = MEMBERS.map(str::to_owned).into();
    let unused: Vec<_> = BTreeSet::difference(&known, &seen).collect();
    assert!(seen.is_subset(&known), "{seen:?}");
    assert_eq!(
        unused,
        ["within"],
        "tested where several records are written"
    );
    // Leaves are canonical too.
    for leaf in clinic.log.leaves() {
        let text = String::from_utf8(leaf).unwrap();
        assert_eq!(canonical(&serde_json::from_str(&text).unwrap()), text);
    }
}

#[test]
fn text_from_outside_cannot_break_out_of_its_member() {
    let clinic = Clinic::new();
    let hostile = "\",\"outcome\":\"permitted\u{0}\u{1f}\u{7f}\u{2028}\n\\é😀";
    let context = Context {
        request: None,
        network: Some(hostile.to_owned()),
    };
    let draft = Event::new(Stream::Identity, "sign-in", Outcome::Refused, &context).draft(now());
    let text = std::str::from_utf8(draft.bytes()).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(canonical(&value), text);
    assert_eq!(
        (&value["network"], &value["outcome"]),
        (&hostile.into(), &"refused".into())
    );
    clinic.log.record(vec![draft]);
}

#[test]
fn a_network_that_is_no_token_does_not_keep_the_entry_from_the_log() {
    let clinic = Clinic::new();
    let context = Context {
        request: None,
        network: Some("x".repeat(70_000)),
    };
    let draft = Event::new(Stream::Identity, "sign-in", Outcome::Refused, &context).draft(now());
    assert!(draft.bytes().len() < 1_000);
    clinic.log.record(vec![draft]);
    assert_eq!(clinic.log.last_entry()["network"], "too-long");
}

#[test]
fn ids_of_records_and_subjects_stand_only_as_tokens() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (_, draft) = clinic
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    clinic.log.record(vec![draft]);
    let (record, subject) = (stored.record.key.id.uuid(), stored.subject.uuid());
    for leaf in clinic.log.leaves() {
        let text = String::from_utf8(leaf).unwrap();
        for id in [record, subject] {
            assert!(!text.contains(&id.to_string()), "{text}");
            assert!(!text.contains(&canary::hex(id.as_bytes())), "{text}");
        }
        canary::assert_none("a leaf", text.as_bytes());
    }
    let entry = clinic.log.last_entry();
    let name = format!("Patient/{record}");
    let token = |kind, value: &[u8]| Value::from(clinic.keys.token(kind, value));
    assert_eq!(entry["resource"]["id"], token("record", name.as_bytes()));
    assert_eq!(entry["subject"], token("subject", subject.as_bytes()));
    assert_eq!(entry["key"], clinic.keys.version());
    // Another tenant has other tokens for the same values.
    let elsewhere = audit_keys(vouchsafe::ids::TenantId::random());
    let other = elsewhere.token("subject", subject.as_bytes());
    assert_ne!(entry["subject"], Value::from(other));
    assert_ne!(token("subject", b"x"), token("record", b"x"));
}

/// The rule by which readers of the log determine the kind of an entry.
fn kind_by_reading(entry: &Value) -> EntryKind {
    let intent = entry
        .get("intent")
        .map(|id| id.as_str().unwrap().parse().unwrap());
    match (intent, entry["outcome"].as_str()) {
        (None, _) => EntryKind::Event,
        (Some(id), Some("intent")) => EntryKind::Intent(id),
        (Some(id), _) => EntryKind::Outcome(id),
    }
}

#[test]
fn the_recorder_is_told_the_kind_that_readers_find() {
    let clinic = Clinic::new();
    for draft in one_of_each(&clinic) {
        let entry = serde_json::from_slice(draft.bytes()).unwrap();
        assert_eq!(draft.kind(), kind_by_reading(&entry), "{entry}");
    }
    // Also for an event that settles a write with a contradicting outcome.
    for outcome in [Outcome::Intent, Outcome::Permitted, Outcome::Committed] {
        let event = Event {
            settles: Some(IntentId::new_ordered(now())),
            ..Event::new(Stream::System, "reconcile", outcome, &clinic.context)
        };
        let draft = event.draft(now());
        let entry = serde_json::from_slice(draft.bytes()).unwrap();
        assert_eq!(draft.kind(), kind_by_reading(&entry), "{entry}");
    }
}

#[test]
fn an_entrys_id_is_of_its_time_and_of_no_other_entry() {
    let clinic = Clinic::new();
    let mut ids = BTreeSet::new();
    for at in [now(), later(1), later(86_400), jiff::Timestamp::UNIX_EPOCH] {
        for _ in 0..50 {
            let event = Event::new(Stream::System, "start", Outcome::Permitted, &clinic.context);
            let draft = event.draft(at);
            assert_eq!(draft.time(), at);
            let entry: Value = serde_json::from_slice(draft.bytes()).unwrap();
            let id: Uuid = entry["id"].as_str().unwrap().parse().unwrap();
            assert_eq!(id.get_version_num(), 7);
            let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
            let millis = seconds * 1000 + u64::from(nanoseconds / 1_000_000);
            assert_eq!(i64::try_from(millis).unwrap(), at.as_millisecond());
            assert!(ids.insert(id), "twice the same id");
        }
    }
}

#[test]
fn the_same_access_twice_makes_two_leaves() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let leaves: BTreeSet<[u8; 32]> = (0..20)
        .map(|_| {
            let (_, draft) = clinic.admit_read(&clinician, &stored).unwrap();
            hash(draft.bytes())
        })
        .collect();
    assert_eq!(leaves.len(), 20);
}
