//! Packs: texts that are compiled or refused, and whose unknown elements are restricted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouchsafe::class::DataClass;
use vouchsafe::document::Document;
use vouchsafe_fhir::R4;
use vouchsafe_fuzz::until;
use vouchsafe_records::pack::{Pack, PackText};

const MANIFEST: &str = r#"
name = "small"
version = "1"
datatypes = "datatypes.tsv"

[form]
record_type = "resourceType"
narrative = "text"
contained = "contained"
sibling = "_"
extension = "extension"
nested = ["BackboneElement", "Element"]

[types.Patient]
subject = { kind = "self" }
indexes = [{ name = "family", kind = "exact", of = "word" }]
search = [{ name = "family", kind = "string", paths = ["Patient.name.family"], served = "index:family" }]

[types.Visit]
subject = { kind = "path", paths = ["Visit.subject"], types = ["Patient"] }
"#;
const PATIENT: &str = "path\ttype\tcard\tclass\town\tindex\n\
    Patient\tRecord\t0..*\tdemographic\t-\t-\n\
    Patient.name\tHumanName\t0..*\t-\t-\t-\n\
    Patient.name.family\tstring\t0..1\t-\t-\tfamily\n\
    Patient.identifier[use=ssn].value\tstring\t0..1\tidentifier\tssn\t-\n\
    Patient.identifier\tIdentifier\t0..*\tidentifier\t-\t-\n";
const VISIT: &str = "path\ttype\tcard\tclass\town\tindex\n\
    Visit\tRecord\t0..*\tscheduling\t-\t-\n\
    Visit.subject\tReference(Patient)\t1..1\t-\t-\t-\n\
    Visit.part\tBackboneElement\t0..*\tclinical\t-\t-\n\
    Visit.part.part\t#Visit.part\t0..*\t-\t-\t-\n";
const DATATYPES: &str = "path\ttype\tcard\tclass\town\tindex\n\
    HumanName\tElement\t0..*\t-\t-\t-\n\
    HumanName.family\tstring\t0..1\t-\t-\t-\n\
    Identifier\tElement\t0..*\t-\t-\t-\n\
    Identifier.use\tcode\t0..1\t-\t-\t-\n\
    Identifier.value\tstring\t0..1\t-\t-\t-\n\
    Reference\tElement\t0..*\t-\t-\t-\n\
    Reference.reference\tstring\t0..1\t-\t-\t-\n";

// The name of a file of the small pack, a line feed, and what stands in it instead.
fuzz_target!(|bytes: &[u8]| {
    let mut content = bytes;
    let file = until(&mut content, b'\n');
    let Ok(content) = std::str::from_utf8(content) else {
        return;
    };
    let instead = |name: &str, text| {
        if file == name.as_bytes() {
            content
        } else {
            text
        }
    };
    let tables = [
        ("Patient.tsv", instead("Patient.tsv", PATIENT)),
        ("Visit.tsv", instead("Visit.tsv", VISIT)),
        ("datatypes.tsv", instead("datatypes.tsv", DATATYPES)),
    ];
    let text = PackText {
        manifest: instead("pack.toml", MANIFEST),
        tables: &tables,
    };
    match Pack::parse(&text, &R4) {
        Ok(pack) => sound(&pack, content),
        Err(refused) => assert_eq!(Pack::parse(&text, &R4).err(), Some(refused)),
    }
});

fn sound(pack: &Pack, content: &str) {
    for decl in pack.types() {
        let name = decl.record_type();
        let json = format!(
            r#"{{"resourceType":"{name}","unheardOf":1,"name":[{{"family":"A"}}],"part":[{{"part":[{{}}]}}]}}"#
        );
        let document = Document::parse(json.as_bytes()).unwrap();
        let classes = decl.classes_of(&document);
        assert!(classes.contains(DataClass::Restricted) || content.contains("unheardOf"));
        assert!(decl.validate(&document).len() <= 50);
        assert!(decl.subjects(&document).is_empty());
        for term in decl.index_terms(&document) {
            assert!(decl.indexes().iter().any(|index| index.name == term.index));
        }
        for param in decl.search_params() {
            assert!(!param.paths.is_empty());
        }
        for index in decl.indexes() {
            assert!(pack.names().contains(&index.name));
        }
    }
}
