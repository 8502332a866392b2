//! What packs say: which slots elements are in, and where a malformed one is wrong.

use vouchsafe::document::{Document, Layout, Node, Place};
use vouchsafe_records::pack::{IssueCode, PackError, RecordTypeDecl};

use crate::bank;

const DATATYPES: &str = "Name.given\tstring\t0..*\t-\t-\t-
Name.note\tstring\t0..1\tclinical\tnote\t-
";

fn small(table: &str) -> Result<std::sync::Arc<vouchsafe_records::pack::Pack>, PackError> {
    bank::small(table, DATATYPES)
}

fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

/// The slots of all leaves, by the layout alone: `path slot`.
fn slots(decl: &RecordTypeDecl, text: &str) -> Vec<String> {
    let document = document(text);
    let mut found = Vec::new();
    let root = decl.root(document.root());
    leaves(decl, root, document.root(), "", &mut found);
    found
}

fn leaves(decl: &RecordTypeDecl, at: Place, node: &Node, path: &str, found: &mut Vec<String>) {
    match node {
        Node::Object(object) => {
            for (name, value) in object.iter() {
                let below = decl.member(at, object, name);
                leaves(decl, below, value, &format!("{path}.{name}"), found);
            }
        }
        Node::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let below = decl.item(at, item);
                leaves(decl, below, item, &format!("{path}[{number}]"), found);
            }
        }
        _ => found.push(format!("{path} {}", decl.slot(at))),
    }
}

fn slot(decl: &RecordTypeDecl, text: &str, path: &str) -> String {
    let all = slots(decl, text);
    let found = all
        .iter()
        .find_map(|line| line.strip_prefix(path)?.strip_prefix(' '));
    found
        .unwrap_or_else(|| panic!("{path} is not in {all:?}"))
        .to_owned()
}

#[test]
fn an_own_envelope_covers_all_below_it() {
    let pack =
        small("Thing\tRecord\t0..*\tdemographic\t-\t-\nThing.name\tName\t0..*\t-\tsecret\t-\n");
    let pack = pack.unwrap();
    let thing = pack.record_type("Thing").unwrap();
    let text = r#"{"name":[{"note":"n","given":["g"],"unheard":1}]}"#;
    assert_eq!(slot(thing, text, ".name[0].note"), "demographic+secret");
    assert_eq!(slot(thing, text, ".name[0].given[0]"), "demographic+secret");
    assert_eq!(slot(thing, text, ".name[0].unheard"), "restricted");
}

#[test]
fn several_discriminators_can_hold_at_once() {
    let pack = small(
        "Thing\tRecord\t0..*\tdemographic\t-\t-\n\
         Thing.name\tName\t0..*\t-\t-\t-\n\
         Thing.name[given=a|given=b].note\tstring\t0..1\tcontact\t-\t-\n\
         Thing.name[given=b].given\tstring\t0..*\tidentifier\t-\t-\n\
         Thing.name[given=b].note\tstring\t0..1\tfinancial\t-\t-\n",
    )
    .unwrap();
    let thing = pack.record_type("Thing").unwrap();
    let text = r#"{"name":[{"note":"n","given":["a"]},{"note":"n","given":["b"]},{"note":"n","given":["c"]}]}"#;
    let found = slots(thing, text);
    assert_eq!(
        found,
        [
            ".name[0].note contact+note",
            ".name[0].given[0] demographic",
            // The first line in the file wins.
            ".name[1].note contact+note",
            ".name[1].given[0] identifier",
            ".name[2].note clinical+note",
            ".name[2].given[0] demographic",
        ]
    );
}

#[test]
fn malformed_packs_say_where() {
    let line = |text: &str| small(&format!("Thing\tRecord\t0..*\tclinical\t-\t-\n{text}\n"));
    let malformed = PackError::Table {
        file: "Thing.tsv".into(),
        line: 3,
    };
    for text in [
        "Thing.a string 0..1 - - -",
        "Thing.a\tstring\t0..1\t-\t-",
        "Thing.a\tstring\t0..1\t-\t-\t-\t-",
        "Thing.a\tstring\t0..1\tsecret\t-\t-",
        "Thing.a\tstrang\t0..1\t-\t-\t-",
        "Thing.a\tstring\tone\t-\t-\t-",
        "Thing..a\tstring\t0..1\t-\t-\t-",
        "Thing.a[x].b\tstring\t0..1\t-\t-\t-",
        "Thing.a[x=1\tstring\t0..1\t-\t-\t-",
    ] {
        assert_eq!(line(text).unwrap_err(), malformed, "{text}");
    }
    assert!(matches!(
        line("Thing.a\tMissing\t0..1\t-\t-\t-"),
        Err(PackError::Element { .. })
    ));
    assert!(matches!(
        line("Thing.a\tstring\t0..1\t-\t-\t-\nThing.a\tstring\t0..1\t-\t-\t-"),
        Err(PackError::Element { .. })
    ));
    assert!(matches!(
        line("Thing.a\tstring\t0..1\t-\tNot Good\t-"),
        Err(PackError::Element { .. })
    ));
    assert!(matches!(
        line("Thing.a\tstring\t0..1\t-\t-\tnone"),
        Err(PackError::Element { .. })
    ));
    assert!(matches!(
        small("Thing\tRecord\t0..*\t-\t-\t-\n"),
        Err(PackError::Element { .. })
    ));
}

#[test]
fn a_bank_says_what_is_wrong_with_an_account() {
    let pack = bank::pack();
    let account = pack.record_type("Account").unwrap();
    let issues = |text: &str| {
        let found = account.validate(&document(text));
        let told = found.into_iter().map(|issue| (issue.path, issue.code));
        told.collect::<Vec<_>>()
    };
    let holder = "Customer:0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let sound = format!(r#"{{"holder":"{holder}","opened":"24.11.2026","balance":1.50}}"#);
    // No member says of which type a document is, and none is asked for.
    assert_eq!(issues(&sound), []);
    for (text, path, code) in [
        (r#"{"opened":"1.2.2026"}"#, "holder", IssueCode::Required),
        (r#"{"holder":"Customer/1"}"#, "holder", IssueCode::Syntax),
        (r#"{"opened":"2026-11-24"}"#, "opened", IssueCode::Syntax),
        (r#"{"balance":"1.50"}"#, "balance", IssueCode::Kind),
        (r#"{"entries":{}}"#, "entries", IssueCode::NotAnArray),
    ] {
        let found = issues(text);
        assert!(
            found.contains(&(format!("Account.{path}"), code)),
            "{text}: {found:?}"
        );
    }
}
