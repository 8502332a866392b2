//! The truth table of the default bundle, kept as `policies/truth-table.txt`.
//!
//! `VOUCHSAFE_BLESS=1 cargo test -p vouchsafe truth_table` writes the new table; review its diff.

use std::fmt::Write as _;

use super::reference::{Case, SITUATIONS, TYPES};
use super::*;

const HEAD: &str = "\
What each role may do, by itself, under the policies of this folder. Written by a test, which fails
when a policy changes it (docs/policies.md says how to take the change over).

Cells:  r read  s search  c create  u update  d delete  - refused    per data class
Rows:   the record, and what it is to whoever asks. \"in care\": a care context with its subject is
        valid now. \"own\": they are its subject. \"about anybody\": all of
        these. Observation stands for every type that no policy names.
Always: of a record about somebody, operational is seen only beside another class; whoever has
        several roles may do what any one of them may. Whoever has none, or one that the manifest
        does not list, may do nothing.
";

/// The names of the situations, in the order of [`SITUATIONS`].
const NAMES: [&str; 5] = [
    "not in care",
    "in care",
    "own",
    "in care, own",
    "about nobody",
];

const PER_CLASS: [(Verb, char); 5] = [
    (Verb::Read, 'r'),
    (Verb::Search, 's'),
    (Verb::Create, 'c'),
    (Verb::Update, 'u'),
    (Verb::Delete, 'd'),
];

#[test]
fn the_truth_table_is_the_one_in_the_repository() {
    let table = render();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/truth-table.txt");
    if std::env::var_os("VOUCHSAFE_BLESS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == table,
        "policies/truth-table.txt is not what the policies say:\n{table}"
    );
}

fn render() -> String {
    let mut text = format!("{HEAD}\nBundle: {} {}\n", DEFAULT.id(), DEFAULT.version());
    for role in ROLES.into_iter().chain(["no-such-role"]) {
        let mut grids: Vec<(Vec<&str>, String)> = Vec::new();
        for purpose in Purpose::ALL {
            let grid = grid(role, purpose);
            match grids.iter_mut().find(|(_, known)| *known == grid) {
                Some((purposes, _)) => purposes.push(purpose.code()),
                None => grids.push((vec![purpose.code()], grid)),
            }
        }
        grids.sort_by_key(|(_, grid)| grid.is_empty());
        for (purposes, grid) in grids {
            let grid = if grid.is_empty() { "nothing\n" } else { &grid };
            write!(text, "\n{role}, for {}\n{grid}", purposes.join(", ")).unwrap();
        }
    }
    text + &elsewhere() + &otherwise_authenticated()
}

/// The rights of a role for a purpose; empty if it has none.
fn grid(role: &'static str, purpose: Purpose) -> String {
    let of = |record_type: &'static str| {
        SITUATIONS.map(|(has_subject, care, own)| {
            row(&|verb| Case {
                record_type,
                has_subject,
                care,
                own,
                ..Case::new(role, purpose, verb)
            })
        })
    };
    let by_type = TYPES.map(of);
    let mut rows: Vec<(String, &str)> = Vec::new();
    if by_type.iter().all(|rows| *rows == by_type[0]) {
        rows.extend(named("any type", &by_type[0]));
    } else {
        for (record_type, of_type) in TYPES.into_iter().zip(&by_type) {
            rows.extend(named(record_type, of_type));
        }
    }
    let any = rows
        .iter()
        .any(|(_, row)| row.contains(char::is_alphabetic));
    let mut text = String::new();
    if any {
        let columns = DataClass::ALL
            .map(|class| format!("{:<12}", class.name()))
            .concat();
        writeln!(text, "  {:<30}{}", "", columns.trim_end()).unwrap();
        for (name, row) in rows {
            writeln!(text, "  {name:<30}{row}").unwrap();
        }
    }
    let system = system(role, purpose);
    if !system.is_empty() {
        writeln!(text, "  system: {}", system.join(", ")).unwrap();
    }
    text
}

/// The rows of a type by name; rows that are equal for all subjects are joined.
fn named<'r>(record_type: &str, rows: &'r [String; 5]) -> Vec<(String, &'r str)> {
    let [first, .., nobody] = rows;
    if rows.iter().take(4).all(|row| row == first) {
        let everybody = format!("{record_type}, about anybody");
        return vec![
            (everybody, first),
            (format!("{record_type}, about nobody"), nobody),
        ];
    }
    let name = |name: &str| format!("{record_type}, {name}");
    NAMES
        .iter()
        .zip(rows)
        .map(|(situation, row)| (name(situation), row.as_str()))
        .collect()
}

fn row(case: &impl Fn(Verb) -> Case) -> String {
    let mut text = String::new();
    for class in DataClass::ALL {
        let cell: String = PER_CLASS
            .into_iter()
            .map(|(verb, letter)| {
                let case = Case {
                    asked: ClassSet::of(class),
                    ..case(verb)
                };
                if case.decide().outcome.is_ok() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        write!(text, "{cell:<12}").unwrap();
    }
    for verb in [Verb::Relate, Verb::MatchIdentifier] {
        if case(verb).decide().outcome.is_ok() {
            write!(text, "{verb} ").unwrap();
        }
    }
    text.trim_end().to_owned()
}

/// The verbs that are not on a record.
fn system(role: &'static str, purpose: Purpose) -> Vec<&'static str> {
    Verb::ALL
        .into_iter()
        .filter(|verb| !verb.is_on_record())
        .filter(|verb| Case::new(role, purpose, *verb).decide().outcome.is_ok())
        .map(Verb::name)
        .collect()
}

/// The rights of all roles in another tenant.
fn elsewhere() -> String {
    let mut asked = 0;
    let mut allowed = 0;
    for role in ROLES {
        for purpose in Purpose::ALL {
            for verb in Verb::ALL {
                for record_type in TYPES {
                    for (has_subject, care, own) in SITUATIONS {
                        let case = Case::new(role, purpose, verb);
                        let case = Case {
                            record_type,
                            has_subject,
                            care,
                            own,
                            same_tenant: false,
                            ..case
                        };
                        asked += 1;
                        allowed += usize::from(case.decide().outcome.is_ok());
                    }
                }
            }
        }
    }
    format!("\nany role, in another tenant\n  allowed: {allowed} of {asked} asks\n")
}

/// The roles that have any right, by the assurance of the principal.
fn otherwise_authenticated() -> String {
    let mut text =
        "\nroles that may do anything, by how the principal was authenticated\n".to_owned();
    for (service, kind) in [(false, "person"), (true, "service")] {
        for assurance in [
            Assurance::TwoFactor,
            Assurance::ServiceKey,
            Assurance::Local,
        ] {
            let may = |role: &&'static str| {
                let asks = Purpose::ALL.into_iter().flat_map(|purpose| {
                    Verb::ALL
                        .into_iter()
                        .map(move |verb| Case::new(role, purpose, verb))
                });
                asks.into_iter().any(|case| {
                    let case = Case {
                        service,
                        assurance,
                        care: true,
                        own: true,
                        ..case
                    };
                    case.decide().outcome.is_ok()
                })
            };
            let roles: Vec<&str> = ROLES.into_iter().filter(may).collect();
            let roles = match roles.len() {
                0 => "none".to_owned(),
                8 => "all".to_owned(),
                _ => roles.join(", "),
            };
            writeln!(
                text,
                "  {:<22} {roles}",
                format!("{kind}, {}", assurance.name())
            )
            .unwrap();
        }
    }
    text
}
