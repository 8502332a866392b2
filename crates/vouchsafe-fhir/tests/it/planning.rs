//! Search parameters of the pack, planned or refused by name.

use vouchsafe::class::DataClass;
use vouchsafe_records::pack::{Reference, SearchKind};
use vouchsafe_records::search::{Order, Parameter, Plan, Scope, Unsupported, Why, plan};
use vouchsafe_records::values::Entry;

const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

fn planned(record_type: &str, query: &[(&str, &str)]) -> Result<Plan, Unsupported> {
    let pack = vouchsafe_fhir::pack().unwrap();
    let parameters: Vec<Parameter<'_>> = query
        .iter()
        .map(|(name, value)| {
            let (name, modifier) = match name.split_once(':') {
                Some((name, modifier)) => (name, Some(modifier)),
                None => (*name, None),
            };
            Parameter {
                name,
                modifier,
                value,
            }
        })
        .collect();
    plan(pack.record_type(record_type).unwrap(), &parameters)
}

fn refused(record_type: &str, name: &str, value: &str) -> Why {
    planned(record_type, &[(name, value)]).unwrap_err().why
}

#[test]
fn what_is_given_bounds_the_search() {
    let scope = |record_type, query: &[_]| planned(record_type, query).unwrap().scope;
    assert_eq!(scope("Patient", &[("_id", ID)]), Scope::Ids);
    assert_eq!(
        scope("Observation", &[("patient", ID), ("code", "1")]),
        Scope::Subjects
    );
    assert_eq!(scope("Patient", &[("family", "Smith")]), Scope::Index);
    assert_eq!(
        scope("Appointment", &[("date", "2026-11-24")]),
        Scope::Index
    );
    assert_eq!(scope("Observation", &[("code", "1")]), Scope::Care);
    assert_eq!(scope("Patient", &[]), Scope::Care);
    assert_eq!(scope("Practitioner", &[]), Scope::Type);
}

#[test]
fn what_no_index_serves_is_no_lookup_and_is_named() {
    for (record_type, name, value, why) in [
        ("Appointment", "date", "ge2026-11-24", Why::Wide),
        ("Appointment", "date", "ne2026-11-24", Why::Comparison),
        ("Patient", "birthdate", "1980", Why::Wide),
        ("Patient", "birthdate", "1980-05,1999-05", Why::Wide),
        ("Patient", "family", "s", Why::Short),
        ("Patient", "family:contains", "mit", Why::Comparison),
        ("Patient", "identifier", "urn:s|", Why::Comparison),
        ("Patient", "identifier:missing", "true", Why::Comparison),
    ] {
        let plan = planned(record_type, &[(name, value)]).unwrap();
        assert_eq!((plan.scope, plan.lookups.len()), (Scope::Care, 0));
        let unserved = plan.unserved.unwrap();
        assert_eq!(unserved.parameter, name.split(':').next().unwrap());
        assert_eq!(unserved.why, why, "{name}={value}");
    }
}

#[test]
fn a_bounded_stretch_of_days_is_looked_up_day_by_day() {
    let query = [("date", "ge2026-11-24"), ("date", "lt2026-11-26")];
    let plan = planned("Appointment", &query).unwrap();
    let [lookup] = plan.lookups.as_slice() else {
        panic!()
    };
    // A day is the one that was written, in whatever offset; and a month or a year may be it.
    let days = texts(&lookup.any);
    assert_eq!(days, ["2026", "2026-11", "2026-11-24", "2026-11-25"]);
    assert_eq!(plan.predicates.len(), 2);
    assert!(plan.classes.contains(DataClass::Scheduling));
    assert!(!plan.classes.contains(DataClass::Clinical));
}

#[test]
fn a_moment_is_looked_up_by_the_days_that_it_may_be_written_as() {
    let query = [("date", "2026-11-24T12:00:00Z")];
    let plan = planned("Appointment", &query).unwrap();
    let days = texts(&plan.lookups[0].any);
    let expected = ["2026", "2026-11", "2026-11-23", "2026-11-24", "2026-11-25"];
    assert_eq!(days, expected);
    let query = [("date", "2026-11-24T03:00:00-05:00")];
    let plan = planned("Appointment", &query).unwrap();
    let days = texts(&plan.lookups[0].any);
    assert_eq!(days, ["2026", "2026-11", "2026-11-23", "2026-11-24"]);
}

#[test]
fn a_birth_date_is_looked_up_as_written() {
    let plan = planned("Patient", &[("birthdate", "1980-05-01")]).unwrap();
    let found = texts(&plan.lookups[0].any);
    assert_eq!(found, ["1980", "1980-05", "1980-05-01"]);
    let month = planned("Patient", &[("birthdate", "1980-05")]).unwrap();
    assert_eq!(month.lookups[0].any.len(), 33);
}

/// The last steps of entries.
fn texts(entries: &[Entry]) -> Vec<&str> {
    let steps = entries.iter().map(|entry| entry.last().unwrap());
    steps
        .map(|step| std::str::from_utf8(step).unwrap())
        .collect()
}

#[test]
fn identifiers_are_looked_up_with_and_without_system() {
    let lookups = |value: &str| {
        let plan = planned("Patient", &[("identifier", value)]).unwrap();
        plan.lookups
            .into_iter()
            .flat_map(|lookup| lookup.any)
            .flatten()
            .collect::<Vec<_>>()
    };
    assert_eq!(lookups("urn:s|7"), [b"5|urn:s|7".to_vec()]);
    assert_eq!(lookups("7"), [b"|7".to_vec()]);
    assert_eq!(lookups("|7"), [b"|7".to_vec()]);
    assert_eq!(lookups(r"urn:s|a\|b\,c"), [b"5|urn:s|a|b,c".to_vec()]);
    // A system alone names no value: nothing bounds the search but care.
    assert_eq!(
        planned("Patient", &[("identifier", "urn:s|")])
            .unwrap()
            .scope,
        Scope::Care
    );
}

#[test]
fn commas_are_alternatives() {
    let plan = planned("Patient", &[("family", "Smith,van der Berg")]).unwrap();
    assert_eq!(&*plan.lookups[0].index, "family/4");
    assert_eq!(texts(&plan.lookups[0].any), ["4 berg", "4 smit"]);
    assert_eq!(plan.predicates.len(), 1);
    // A system alone is found by no index: then none may narrow the search.
    let plan = planned("Patient", &[("identifier", "urn:s|7,urn:t|")]).unwrap();
    assert!(plan.lookups.is_empty());
    let plan = planned("Observation", &[("date", "sa2020-01-01,eb2019-01-01")]).unwrap();
    assert_eq!(plan.predicates.len(), 1);
}

#[test]
fn names_are_looked_up_by_their_longest_word() {
    for (name, value, index, entry) in [
        ("family", "Bérg", "family/4", "4 berg"),
        ("family", "van der Bérg", "family/4", "4 berg"),
        ("family", "Bergman", "family/6", "6 bergma"),
        ("family", "Smith-J", "family/6", "6 smith "),
        ("family", "Li", "family/2", "2 li"),
        ("family:exact", "Li", "family/6", "6 li "),
        ("family", "O’Nei", "family/2", "2 ne"),
    ] {
        let plan = planned("Patient", &[(name, value)]).unwrap();
        let lookup = &plan.lookups[0];
        assert_eq!((&*lookup.index, &*lookup.of), (index, "family"));
        assert_eq!(texts(&lookup.any), [entry], "{value}");
    }
    assert_eq!(
        planned("Patient", &[("family:contains", "mit")])
            .unwrap()
            .lookups
            .len(),
        0
    );
}

#[test]
fn an_empty_needle_finds_nothing_instead_of_everything() {
    for value in ["", " ", ","] {
        assert_eq!(refused("Patient", "family", value), Why::Value, "{value:?}");
    }
    assert_eq!(refused("Observation", "code", "|"), Why::Value);
}

#[test]
fn what_cannot_be_served_is_named() {
    assert_eq!(refused("Patient", "nonsense", "x"), Why::Unknown);
    assert_eq!(
        refused("Observation", "patient.identifier", "x"),
        Why::Unknown
    );
    assert_eq!(refused("Observation", "code:below", "x"), Why::Modifier);
    assert_eq!(refused("Observation", "date", "ap2024"), Why::Form);
    assert_eq!(refused("Observation", "date", "soon"), Why::Value);
    assert_eq!(refused("Patient", "_sort", "family"), Why::Form);
    assert_eq!(refused("Observation", "performer", ID), Why::Form);
    let unknown = planned("Patient", &[("555-12-3456", "x")]).unwrap_err();
    assert_eq!(unknown.parameter, "?");
}

#[test]
fn two_subjects_must_both_hold() {
    let other = "11111111-2222-4333-8444-555555555555";
    let both = [("patient", ID), ("subject", other)];
    assert_eq!(planned("Observation", &both).unwrap().subjects.unwrap(), []);
    let one = format!("Patient/{ID}");
    let same = [("patient", ID), ("subject", one.as_str())];
    assert_eq!(
        planned("Observation", &same)
            .unwrap()
            .subjects
            .unwrap()
            .len(),
        1
    );
    // An id of others is nobody here.
    let foreign = planned("Observation", &[("patient", "Patient/12")]).unwrap();
    assert_eq!(foreign.subjects.unwrap(), [Reference::Foreign]);
}

#[test]
fn ids_that_are_not_ours_find_nothing() {
    let plan = planned("Patient", &[("_id", "12")]).unwrap();
    assert_eq!((plan.scope, plan.ids.unwrap().len()), (Scope::Ids, 0));
}

#[test]
fn last_updated_and_sort() {
    let query = [("_lastUpdated", "ge2026-01-01"), ("_sort", "-_lastUpdated")];
    let plan = planned("Patient", &query).unwrap();
    assert!(plan.updated.from.is_some() && plan.updated.until.is_none());
    assert_eq!(plan.order, Order::LastUpdatedDescending);
}

#[test]
fn nothing_prints_a_value() {
    let plan = planned("Patient", &[("family", "Geheim"), ("identifier", "Geheim")]).unwrap();
    assert!(!format!("{plan:?}").to_lowercase().contains("geheim"));
    let parameter = Parameter {
        name: "family",
        modifier: None,
        value: "Geheim",
    };
    assert!(!format!("{parameter:?}").contains("Geheim"));
}

#[test]
fn every_parameter_of_the_pack_can_be_planned() {
    let pack = vouchsafe_fhir::pack().unwrap();
    for decl in pack.types() {
        for param in decl.search_params() {
            let value = match param.kind {
                SearchKind::Date => "2026-11-24",
                SearchKind::Reference => "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
                _ => "x",
            };
            let parameter = Parameter {
                name: &param.name,
                modifier: None,
                value,
            };
            plan(decl, &[parameter]).unwrap();
            assert!(!param.classes.is_empty());
            assert!(
                !param.classes.contains(DataClass::Restricted),
                "{}",
                param.name
            );
        }
    }
}
