//! Search parameters: planned or refused by name, and a plan asks for the classes of all that it looks at.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::{marked, no_echo};
use vouchsafe_records::pack::{Pack, RecordTypeDecl};
use vouchsafe_records::search::{Parameter, Plan, Scope, plan};

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| vouchsafe_fhir::pack().unwrap());

/// More entries than this no value of a parameter has: a hundred alternatives, or 62 days.
const MAX_ENTRIES: usize = 100;

// A record type, then parameters, each on a line.
fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8(marked(bytes)).unwrap_or_default();
    let mut lines = text.lines();
    let Some(decl) = lines.next().and_then(|name| PACK.record_type(name)) else {
        return;
    };
    let parameters: Vec<_> = lines.map(parameter).collect();
    match plan(decl, &parameters) {
        Ok(planned) => {
            sound(&planned, decl);
            let again = plan(decl, &parameters).expect("what is planned is planned again");
            assert_eq!(format!("{again:?}"), format!("{planned:?}"));
            no_echo(&format!("{planned:?}"));
        }
        Err(refused) => {
            let name = refused.parameter.as_str();
            let own = decl
                .search_params()
                .iter()
                .any(|param| *param.name == *name);
            // Or that of another type, as FHIR R4 has it: then it is no value of the caller's.
            let known = own || decl.values().is_parameter(name);
            assert!(known || ["?", "_id", "_lastUpdated", "_sort"].contains(&name));
            no_echo(&format!("{refused} {refused:?}"));
        }
    }
});

fn parameter(line: &str) -> Parameter<'_> {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    let (name, modifier) = match name.split_once(':') {
        Some((name, modifier)) => (name, Some(modifier)),
        None => (name, None),
    };
    Parameter {
        name,
        modifier,
        value,
    }
}

fn sound(plan: &Plan, decl: &RecordTypeDecl) {
    let expected = match plan {
        Plan { ids: Some(_), .. } => Scope::Ids,
        Plan {
            subjects: Some(_), ..
        } => Scope::Subjects,
        Plan { lookups, .. } if !lookups.is_empty() => Scope::Index,
        _ if plan.scope == Scope::Type => Scope::Type,
        _ => Scope::Care,
    };
    assert_eq!(plan.scope, expected);
    for lookup in &plan.lookups {
        let index = decl
            .indexes()
            .iter()
            .find(|index| index.name == lookup.index);
        let index = index.expect("a lookup is in an index of the type");
        assert_eq!((index.of.bits, index.class), (lookup.bits, lookup.class));
        assert!(
            plan.classes.contains(lookup.class),
            "a class is looked at and not asked for"
        );
        assert!(lookup.any.len() <= MAX_ENTRIES);
    }
}
