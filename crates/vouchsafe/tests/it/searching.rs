//! Searches are disclosures: their queries are kept sealed, and open like any PHI.

use serde_json::json;
use vouchsafe::access::Denied;
use vouchsafe::audit::{DetailRefused, SealedDetail};
use vouchsafe::gate::{Detail, DetailNotOpened, Searched};
use vouchsafe::ids::TenantId;
use vouchsafe::phi::Phi;

use crate::canary;
use crate::clinic::{Clinic, Someone, audit_keys, classes, later, now};
use crate::recorder::ready;

const QUERY: &str = "family=Canaryfield&birthdate=1931-04-07";

/// Searches as a clinician, without a result; returns the bytes of the entry.
fn search(clinic: &Clinic) -> Vec<u8> {
    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    let of_type = "Patient".parse().unwrap();
    let asked = Searched {
        record_type: &of_type,
        has_subject: true,
        classes: classes("demographic"),
        query: QUERY.as_bytes(),
    };
    let gate = clinic.gate();
    let permit = gate
        .admit_search(&request, asked, &clinician.facts)
        .unwrap();
    clinic.log.record(vec![permit.entry(0)]);
    drop(permit);
    clinic.log.entry_bytes().pop().unwrap()
}

fn parsed(entry: &[u8]) -> serde_json::Value {
    serde_json::from_slice(entry).unwrap()
}

/// Opens the sealed detail of an entry, including the receipt.
fn resolve(clinic: &Clinic, who: &Someone, entry: &[u8]) -> Result<Vec<u8>, DetailNotOpened> {
    let detail = SealedDetail::of_entry(entry).unwrap();
    let gate = clinic.gate();
    let (permit, draft) = gate
        .admit_detail(&clinic.request(who), &detail, &who.facts)
        .unwrap();
    let phi: Phi<Detail> = gate.open_detail(permit, &detail, &clinic.keys)?;
    assert_eq!(format!("{phi:?}"), "[PHI]");
    let released = phi.release(clinic.receipt(draft)).unwrap();
    assert_eq!(format!("{released:?}"), "[PHI]");
    Ok(released.bytes().to_vec())
}

#[test]
fn a_search_has_its_entry_also_when_nothing_is_found() {
    let clinic = Clinic::new();
    let entry = parsed(&search(&clinic));
    assert_eq!(
        (&entry["operation"], &entry["count"]),
        (&json!("search"), &json!(0))
    );
    assert_eq!(entry["resource"], json!({ "type": "Patient" }));
    assert_eq!(entry["classes"], json!(["demographic"]));
    assert!(entry.get("subject").is_none());
}

#[test]
fn a_class_that_may_not_be_searched_by_is_refused_and_recorded() {
    let clinic = Clinic::new();
    let front_desk = clinic.someone("front-desk");
    let request = clinic.request(&front_desk);
    let of_type = "Appointment".parse().unwrap();
    let gate = clinic.gate();
    let asked = |wanted| Searched {
        record_type: &of_type,
        has_subject: true,
        classes: classes(wanted),
        query: QUERY.as_bytes(),
    };
    let by = |wanted| gate.admit_search(&request, asked(wanted), &front_desk.facts);
    assert!(by("scheduling").is_ok());
    let refusal = by("scheduling clinical").unwrap_err();
    assert_eq!(ready(refusal.recorded()), Ok(Denied::NoPermit));
    let may = |wanted| gate.may_search(&request, &asked(wanted), &front_desk.facts);
    assert_eq!((may("scheduling"), may("clinical")), (true, false));
    let entry = clinic.log.last_entry();
    assert_eq!(
        (&entry["operation"], &entry["outcome"]),
        (&json!("search"), &json!("refused"))
    );
}

#[test]
fn an_admitted_search_that_is_given_up_has_its_entry() {
    let clinic = Clinic::new();
    let clinician = clinic.someone("clinician");
    let (gate, request) = (clinic.gate(), clinic.request(&clinician));
    let of_type = "Patient".parse().unwrap();
    let asked = Searched {
        record_type: &of_type,
        has_subject: true,
        classes: classes("demographic"),
        query: QUERY.as_bytes(),
    };
    drop(gate.admit_search(&request, asked, &clinician.facts));
    let entry = clinic.log.last_entry();
    assert_eq!(entry["session"], clinician.session.id().to_string());
    assert_eq!(entry["operation"], "search");
    assert!(
        entry.get("count").is_none(),
        "how many there were is not known"
    );
    let entry = clinic.log.entry_bytes().pop().unwrap();
    let query = resolve(&clinic, &clinic.someone("auditor"), &entry).unwrap();
    assert_eq!(query, QUERY.as_bytes());
    // A search that has its entry makes no other.
    let before = clinic.log.entries().len();
    let permit = gate.admit_search(&request, asked, &clinician.facts);
    clinic.log.record(vec![permit.unwrap().entry(3)]);
    assert_eq!(clinic.log.entries().len(), before + 1);
}

#[test]
fn sealed_detail_opens_for_who_may_resolve_the_log_and_that_is_recorded() {
    let clinic = Clinic::new();
    let entry = search(&clinic);
    for role in ["auditor", "privacy-officer"] {
        let query = resolve(&clinic, &clinic.someone(role), &entry).unwrap();
        assert_eq!(String::from_utf8(query).unwrap(), QUERY);
        let resolved = clinic.log.last_entry();
        assert_eq!(resolved["operation"], "resolve-audit");
        assert_eq!(resolved["resource"]["id"], parsed(&entry)["id"]);
        assert_eq!(resolved["roles"], json!([role]));
    }
    let detail = SealedDetail::of_entry(&entry).unwrap();
    canary::assert_none("sealed detail", format!("{detail:?}").as_bytes());
    for role in [
        "clinician",
        "front-desk",
        "integration",
        "security-administrator",
    ] {
        let who = clinic.someone(role);
        let request = clinic.request(&who);
        let refusal = clinic
            .gate()
            .admit_detail(&request, &detail, &who.facts)
            .unwrap_err();
        assert_eq!(ready(refusal.recorded()), Ok(Denied::NoPermit));
        assert_eq!(clinic.log.last_entry()["outcome"], "refused");
    }
}

#[test]
fn sealed_detail_opens_only_for_its_entry() {
    let clinic = Clinic::new();
    let (first, second) = (search(&clinic), search(&clinic));
    let auditor = clinic.someone("auditor");
    let mut moved = parsed(&first);
    moved["detail"] = parsed(&second)["detail"].clone();
    let sealed = Some(DetailNotOpened::Detail(DetailRefused::Sealed));
    let refused = resolve(&clinic, &auditor, &serde_json::to_vec(&moved).unwrap());
    assert_eq!(refused.err(), sealed);
    // Two searches for the same value differ in the log.
    assert_ne!(parsed(&first)["detail"], parsed(&second)["detail"]);

    let mut cut = parsed(&first);
    for text in ["", "AAAA", "not base64!", &"A".repeat(60)] {
        cut["detail"]["sealed"] = json!(text);
        let refused = resolve(&clinic, &auditor, &serde_json::to_vec(&cut).unwrap());
        assert_eq!(refused.err(), sealed, "{text}");
    }
}

#[test]
fn an_entry_commits_to_its_detail() {
    let clinic = Clinic::new();
    let (first, second) = (search(&clinic), search(&clinic));
    let auditor = clinic.someone("auditor");
    for commitment in [
        parsed(&second)["detail"]["commitment"].clone(),
        json!(""),
        json!("?"),
    ] {
        let mut changed = parsed(&first);
        changed["detail"]["commitment"] = commitment;
        let refused = resolve(&clinic, &auditor, &serde_json::to_vec(&changed).unwrap());
        let expected = DetailNotOpened::Detail(DetailRefused::Commitment);
        assert_eq!(refused.err(), Some(expected));
    }
}

#[test]
fn a_permit_for_one_entry_opens_no_other() {
    let clinic = Clinic::new();
    let details =
        [search(&clinic), search(&clinic)].map(|entry| SealedDetail::of_entry(&entry).unwrap());
    let auditor = clinic.someone("auditor");
    let request = clinic.request(&auditor);
    let gate = clinic.gate();
    let admit = |which: usize| {
        gate.admit_detail(&request, &details[which], &auditor.facts)
            .unwrap()
    };
    let other = Some(DetailNotOpened::OtherEntry);
    let (permit, _) = admit(0);
    let refused = gate.open_detail(permit, &details[1], &clinic.keys);
    assert_eq!(refused.err(), other);
    let (permit, _) = admit(0);
    let elsewhere = audit_keys(TenantId::random());
    let refused = gate.open_detail(permit, &details[0], &elsewhere);
    assert_eq!(refused.err(), other);
    let (permit, _) = admit(0);
    clinic.set_clock(later(30));
    let refused = gate.open_detail(permit, &details[0], &clinic.keys);
    clinic.set_clock(now());
    assert_eq!(refused.err(), Some(DetailNotOpened::Late));

    // Nor does a receipt for one release the other.
    let (permit, _) = admit(0);
    let (_, draft) = admit(1);
    let phi = gate.open_detail(permit, &details[0], &clinic.keys).unwrap();
    assert!(phi.release(clinic.receipt(draft)).is_err());
}

#[test]
fn what_is_no_entry_with_detail_is_not_read_as_one() {
    let clinic = Clinic::new();
    let entry = search(&clinic);
    let mut bare = parsed(&entry);
    bare.as_object_mut().unwrap().remove("detail");
    let refused = |bytes: &[u8]| SealedDetail::of_entry(bytes).unwrap_err();
    let bare = serde_json::to_vec(&bare).unwrap();
    assert_eq!(refused(&bare), DetailRefused::None);
    for bytes in [&b""[..], b"{}", b"[]", b"\xff", b"{\"id\":7}", &entry[1..]] {
        assert_eq!(refused(bytes), DetailRefused::Entry);
    }
}

#[test]
fn detail_does_not_open_with_another_secret() {
    let mut clinic = Clinic::new();
    let entry = search(&clinic);
    let auditor = clinic.someone("auditor");
    let other = vouchsafe::trusted::audit_keys(&[34; 32], clinic.tenant, 4).unwrap();
    clinic.keys = other;
    let refused = resolve(&clinic, &auditor, &entry);
    let sealed = DetailNotOpened::Detail(DetailRefused::Sealed);
    assert_eq!(refused.err(), Some(sealed));
}

#[test]
fn a_query_that_its_entry_has_no_room_for_is_refused() {
    let clinic = Clinic::new();
    let clinician = clinic.someone("clinician");
    let (gate, request) = (clinic.gate(), clinic.request(&clinician));
    let of_type = "Patient".parse().unwrap();
    let query = vec![b'x'; 32 * 1024 + 1];
    for (length, refused) in [(query.len() - 1, false), (query.len(), true)] {
        let asked = Searched {
            record_type: &of_type,
            has_subject: true,
            classes: classes("demographic"),
            query: &query[..length],
        };
        assert_eq!(
            gate.may_search(&request, &asked, &clinician.facts),
            !refused
        );
        match gate.admit_search(&request, asked, &clinician.facts) {
            Ok(permit) => {
                assert!(!refused);
                let draft = permit.entry(0);
                assert!(draft.bytes().len() < 60_000, "the log takes it");
                clinic.log.record(vec![draft]);
            }
            Err(refusal) => {
                assert!(refused);
                assert_eq!(ready(refusal.recorded()), Ok(Denied::TooLong));
                assert_eq!(clinic.log.last_entry()["reason"], "too-long");
            }
        }
    }
}
