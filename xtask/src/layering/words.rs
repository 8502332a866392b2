//! What a dialect stands on knows no dialect: its sources have no word of one.

use std::path::Path;

use anyhow::Context as _;

use crate::sources;

/// Words of FHIR: whoever writes one below the dialects has put there what belongs into one, or into a pack.
const WORDS: [&str; 17] = [
    "resourceType",
    "Patient",
    "Practitioner",
    "Observation",
    "Encounter",
    "CareTeam",
    "Appointment",
    "Coding",
    "CodeableConcept",
    "ContactPoint",
    "HumanName",
    "BackboneElement",
    "DomainResource",
    "OperationOutcome",
    "Provenance",
    "lastUpdated",
    "versionId",
];

/// The words of a dialect in the product code of a crate, its comments and literals too, and in its manifest. There the
/// dependencies of tests are seen as well.
pub(super) fn faults(name: &str, folder: &Path) -> anyhow::Result<Vec<String>> {
    let manifest = folder.join("Cargo.toml");
    let manifest = std::fs::read_to_string(&manifest).context("a manifest")?;
    let mut faults = found(name, "Cargo.toml", &manifest);
    for (path, text) in sources::texts(&folder.join("src"))? {
        faults.extend(found(name, &path, product(&text)));
    }
    Ok(faults)
}

/// What stands before the tests at the foot of a file.
fn product(text: &str) -> &str {
    let foot = text.find("\n#[cfg(test)]\nmod tests");
    foot.and_then(|foot| text.get(..foot)).unwrap_or(text)
}

fn found(name: &str, path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let known = |word: &&str| word.eq_ignore_ascii_case("fhir") || WORDS.contains(word);
        faults.extend(words.filter(known).map(|word| {
            format!("{name} is below the dialects and must not know {word:?} ({path}, line {line})")
        }));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_code_comments_and_literals() {
        let text =
            "/// As FHIR has it.\nfn f() { g(\"resourceType\") } // a Patient\nfn fhir_r4() {}\n";
        let faults = found("records", "a.rs", text);
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert!(faults[1].contains("\"resourceType\" (a.rs, line 2)"));
    }

    #[test]
    fn other_words_and_tests_are_none() {
        let text = "fn patient(PatientRequest: Encounters) {}\n\n#[cfg(test)]\nmod tests { \"Patient\" }\n";
        assert_eq!(found("core", "a.rs", product(text)), Vec::<String>::new());
    }
}
