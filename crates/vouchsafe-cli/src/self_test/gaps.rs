//! Tests that a self-test should have run, and did not: neither a fault nor a pass.

use vouchsafe_evidence::selftest::Report;

/// Parts that run only if an argument asks for them.
const OPTIONAL: [&str; 2] = ["storage", "leaks"];

/// The gaps of a report, in words; `asked` names the optional parts that were requested.
pub(super) fn gaps(report: &Report, asked: &[&str]) -> Vec<String> {
    let mut gaps = Vec::new();
    let wanted = |part: &str| !OPTIONAL.contains(&part) || asked.contains(&part);
    for one in report.not_done.iter().filter(|one| wanted(&one.part)) {
        gaps.push(format!("{}: {}", one.part, one.why));
    }
    if let Some(access) = &report.access
        && access.allowed.values().all(|count| *count == 0)
    {
        gaps.push(
            "access: the policies allow nothing to any role, so refusals show nothing".to_owned(),
        );
    }
    let sealed = report.seal.iter().flat_map(|seal| &seal.attacks);
    let copied = report.log.iter().flat_map(|log| &log.attacks);
    for attack in sealed.chain(copied).filter(|attack| attack.tried == 0) {
        gaps.push(format!("{}: never tried", attack.attack));
    }
    if let Some(storage) = &report.storage {
        if storage.values == 0 || storage.bytes == 0 {
            gaps.push("storage: no value, or no file to search".to_owned());
        }
        if !storage.control {
            let text = "storage: the id of the record was not found in the records database, so the search shows nothing";
            gaps.push(text.to_owned());
        }
        gaps.extend(
            storage
                .elsewhere
                .iter()
                .map(|why| format!("storage: {why}")),
        );
    }
    if let Some(leaks) = &report.leaks {
        if !leaks.control {
            gaps.push(
                "logs: the scan did not find a planted number, so it shows nothing".to_owned(),
            );
        }
        if leaks.lines == 0 {
            gaps.push("logs: no line to scan".to_owned());
        }
        let unread = leaks.unread.iter();
        gaps.extend(unread.map(|(why, count)| format!("logs: {count} not read ({why})")));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use vouchsafe_evidence::selftest::{Access, Attacked, Leaks, NotDone, Seal, Storage};

    use super::*;

    fn report() -> Report {
        Report {
            v: 1,
            program: "vouchsafe/0".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            installation: String::new(),
            url: String::new(),
            access: None,
            tokens: Vec::new(),
            identity: None,
            log: None,
            seal: None,
            keys: Vec::new(),
            storage: None,
            leaks: None,
            not_done: Vec::new(),
        }
    }

    fn storage() -> Storage {
        Storage {
            values: 3,
            files: 2,
            bytes: 9,
            hits: BTreeMap::new(),
            control: true,
            elsewhere: None,
        }
    }

    fn leaks() -> Leaks {
        Leaks {
            files: 1,
            lines: 9,
            found: BTreeMap::new(),
            control: true,
            unread: BTreeMap::new(),
        }
    }

    #[test]
    fn a_part_that_was_asked_for_and_not_done_is_a_gap() {
        let part = |part: &str| NotDone {
            part: part.to_owned(),
            why: "no".to_owned(),
        };
        let report = Report {
            not_done: vec![part("storage"), part("leaks"), part("keys")],
            ..report()
        };
        assert_eq!(gaps(&report, &[]), ["keys: no"]);
        assert_eq!(gaps(&report, &["storage"]).len(), 2);
        assert_eq!(gaps(&report, &["storage", "leaks"]).len(), 3);
    }

    #[test]
    fn a_search_without_its_control_or_of_a_part_is_a_gap() {
        let of = |storage: Storage, leaks: Leaks| {
            let report = Report {
                storage: Some(storage),
                leaks: Some(leaks),
                ..report()
            };
            gaps(&report, &[]).len()
        };
        assert_eq!(of(storage(), leaks()), 0);
        let no_control = Storage {
            control: false,
            ..storage()
        };
        let elsewhere = Storage {
            elsewhere: Some("x".to_owned()),
            ..storage()
        };
        let empty = Storage {
            bytes: 0,
            ..storage()
        };
        for storage in [no_control, elsewhere, empty] {
            assert_eq!(of(storage, leaks()), 1);
        }
        let unread = BTreeMap::from([("x".to_owned(), 1)]);
        let no_control = Leaks {
            control: false,
            ..leaks()
        };
        let empty = Leaks {
            lines: 0,
            ..leaks()
        };
        for leaks in [no_control, empty, Leaks { unread, ..leaks() }] {
            assert_eq!(of(storage(), leaks), 1);
        }
    }

    #[test]
    fn refusals_without_what_must_succeed_are_a_gap() {
        let attacked = |tried| Attacked {
            attack: "moved".to_owned(),
            tried,
            seen: tried,
        };
        let of = |allowed, tried| Report {
            access: Some(Access {
                bundle: String::new(),
                asks: 9,
                allowed: BTreeMap::from([("clinician".to_owned(), allowed)]),
                matrix: String::new(),
                allowed_without_role: 0,
                allowed_elsewhere: 0,
                allowed_out_of_time: 0,
                routes: 1,
            }),
            seal: Some(Seal {
                opens: true,
                attacks: vec![attacked(tried)],
            }),
            ..report()
        };
        assert!(gaps(&of(1, 1), &[]).is_empty());
        assert_eq!(gaps(&of(0, 1), &[]).len(), 1);
        assert_eq!(gaps(&of(1, 0), &[]), ["moved: never tried"]);
    }
}
