use super::*;
use crate::pack::manifest::Manifest;

const HEADER: &str = "path\ttype\tcard\tclass\town\tindex\n";

const TYPES: &str = "A Record 0..* clinical - -
A.id id 0..1 operational - -
A.status code 1..1 - - -
A.who Reference(Patient) 1..1 - - -
A.who.display string 0..1 demographic - -
A.who.identifier Identifier 0..1 identifier - -
A.by Reference(Practitioner) 0..1 - - -
A.when instant 0..1 - - day
A.number Identifier 0..* identifier - -
A.number[system=urn:x|kind.code=SS].value string 0..1 identifier ssn -";

const DATATYPES: &str = "Identifier.system uri 0..1 - - -
Identifier.kind Coding 0..1 - - -
Identifier.value string 0..1 - - -
Coding.code code 0..1 - - -
Reference.reference string 0..1 - - -
Reference.display string 0..1 - - -
Reference.identifier Identifier 0..1 - - -";

const MANIFEST: &str = r#"
name = "a"
version = "1"
datatypes = "datatypes.tsv"
[types.A]
subject = { kind = "path", paths = ["A.who"], types = ["Patient"] }
indexes = [{ name = "day", kind = "exact", of = "day" }]
search = [{ name = "date", kind = "date", paths = ["A.when"], served = "index:day" }]
[[types.A.relations]]
kind = "visit"
who = "A.by"
types = ["Practitioner"]
from = ["A.when"]
until = []
status = "A.status"
when = ["booked"]
"#;

fn table(name: &str, lines: &str) -> Table {
    Table::parse(name, &format!("{HEADER}{}\n", lines.replace(' ', "\t"))).unwrap()
}

fn pack(types: &str, datatypes: &str, manifest: &str) -> Pack {
    Pack {
        manifest: Manifest::parse(manifest).unwrap(),
        tables: [("A".to_owned(), table("A", types))].into(),
        datatypes: table("datatypes", datatypes),
        strays: Vec::new(),
    }
}

/// The only fault after one replacement in the types' table.
fn fault(from: &str, to: &str) -> String {
    assert!(TYPES.contains(from), "the case does not fit the table");
    only(faults(&pack(&TYPES.replace(from, to), DATATYPES, MANIFEST)))
}

/// The only fault after one replacement in the declaration.
fn declared_fault(from: &str, to: &str) -> String {
    assert!(
        MANIFEST.contains(from),
        "the case does not fit the declaration"
    );
    only(faults(&pack(TYPES, DATATYPES, &MANIFEST.replace(from, to))))
}

fn only(mut faults: Vec<String>) -> String {
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn a_sound_pack_has_no_fault() {
    assert_eq!(faults(&pack(TYPES, DATATYPES, MANIFEST)), [""; 0]);
}

#[test]
fn the_packs_of_the_repository_are_sound() {
    let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../packs");
    for entry in std::fs::read_dir(packs).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("pack.toml").exists() {
            assert_eq!(faults(&Pack::read(&folder).unwrap()), [""; 0]);
        }
    }
}

#[test]
fn a_path_without_a_class_is_found() {
    assert!(fault("A Record 0..* clinical", "A Record 0..* -").contains("root with a class"));
    assert!(fault("0..* identifier - -", "0..* identifying - -").contains("class does not exist"));
}

#[test]
fn lines_that_mean_nothing_are_found() {
    assert!(
        fault(
            "A.when instant 0..1 - - day",
            "A.when instant 0..1 - - day\nA.c cod 0..1 - - -"
        )
        .contains("type does not exist")
    );
    assert!(fault("A.status code 1..1", "A.status code 1-1").contains("min..max"));
    assert!(fault("A.who.display string", "A.who.display code").contains("type is string"));
    assert!(fault("kind.code=SS", "kind.cod=SS").contains("no known path"));
    assert!(
        fault(
            "A.id id 0..1 operational - -",
            "A.id id 0..1 operational x -"
        )
        .contains("needs no envelope")
    );
    assert!(fault("A.id id", "A.b.id id").contains("parent is not known"));
}

#[test]
fn a_persons_name_without_a_class_is_found() {
    assert!(fault("\nA.who.display string 0..1 demographic - -", "").contains("A.who.display"));
    assert!(
        fault("0..1 identifier - -\nA.by", "0..1 clinical - -\nA.by").contains("A.who.identifier")
    );
}

#[test]
fn declarations_of_what_does_not_exist_are_found() {
    let renamed = faults(&pack(
        &TYPES.replace("- - day", "- - dat"),
        DATATYPES,
        MANIFEST,
    ));
    assert!(renamed[0].contains("is not declared") && renamed[1].contains("no element feeds"));
    assert!(
        declared_fault("served = \"index:day\"", "served = \"index:date\"")
            .contains("cannot be served")
    );
    assert!(declared_fault("of = \"day\"", "of = \"word\"").contains("does not take its type"));
    assert!(
        declared_fault("kind = \"date\", paths", "kind = \"token\", paths").contains("its kind")
    );
    assert!(declared_fault("[\"Practitioner\"]", "[\"Device\"]").contains("does not refer"));
    assert!(declared_fault("when = [\"booked\"]", "when = []").contains("at no status"));
    assert!(
        declared_fault("from = [\"A.when\"]", "from = [\"A.status\"]").contains("is not a time")
    );
}

#[test]
fn a_record_about_nobody_holds_operational_elements_only() {
    let manifest = "name='a'\nversion='1'\ndatatypes='d'\n[types.A]\nsubject={kind='none'}\n";
    let sound = "A Record 0..* operational - -\nA.number Identifier 0..* - - -";
    assert_eq!(faults(&pack(sound, DATATYPES, manifest)), [""; 0]);
    let types = sound.replace("0..* - - -", "0..* identifier - -");
    assert!(only(faults(&pack(&types, DATATYPES, manifest))).contains("about nobody"));
    let datatypes = DATATYPES.replace("Coding.code code 0..1 -", "Coding.code code 0..1 clinical");
    assert!(only(faults(&pack(sound, &datatypes, manifest))).contains("about nobody"));
}
