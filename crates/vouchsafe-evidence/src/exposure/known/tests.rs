use super::*;
use crate::exposure::advisory::{Affected, Interval};

fn advisory(id: &str, aliases: &[&str], severity: Option<Severity>) -> Advisory {
    Advisory {
        id: id.to_owned(),
        aliases: aliases.iter().map(|one| (*one).to_owned()).collect(),
        published: Timestamp::UNIX_EPOCH,
        severity,
        severity_source: "CVSS of OSV",
        informational: None,
        withdrawn: false,
        ecosystem: Ecosystem::Go,
        package: "a".to_owned(),
        affected: Affected::AllBut(Vec::<Interval>::new()),
    }
}

fn known(advisories: Vec<Advisory>) -> Known {
    Known::of([&Advisories {
        advisories,
        ..Advisories::default()
    }])
}

#[test]
fn one_thing_under_three_ids_is_counted_once_with_the_worst_severity() {
    let known = known(vec![
        advisory("CVE-2024-1", &["GHSA-x"], None),
        advisory("GHSA-x", &["CVE-2024-1"], Some(Severity::Critical)),
        advisory("GO-2024-1", &["CVE-2024-1"], None),
    ]);
    let [group] = known.groups.as_slice() else {
        panic!("{:?}", known.groups);
    };
    assert_eq!(group.id, "GO-2024-1");
    assert_eq!(group.severity, Some(Severity::Critical));
    assert_eq!(group.severity_source, "CVSS of OSV GHSA-x");
    assert_eq!(group.aliases.len(), 2);
}

#[test]
fn two_advisories_of_one_database_stay_two() {
    let known = known(vec![
        advisory("GO-2024-1", &["CVE-2024-1"], None),
        advisory("GO-2024-2", &["CVE-2024-1"], None),
    ]);
    assert_eq!(known.groups.len(), 2);
}

#[test]
fn what_one_database_calls_a_vulnerability_is_one() {
    let mut notice = advisory("RUSTSEC-2024-1", &["GHSA-x"], None);
    notice.informational = Some("unsound".to_owned());
    let both = known(vec![notice.clone(), advisory("GHSA-x", &[], None)]);
    assert_eq!(both.groups[0].informational, None);
    assert!(known(vec![notice]).groups[0].informational.is_some());
}
