//! The FHIR R4 definitions: StructureDefinition snapshots as lines of a table (FHIR R4, 5.4 and 2.24).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::BufReader,
    path::Path,
};

use anyhow::Context as _;
use serde::Deserialize;

use super::table::{self, Line};

/// What a path that nobody has given a class has until then.
const UNSEEN: &str = "restricted";

/// Written in the tables although no element of a listed type has them as its type.
const ALWAYS: [&str; 2] = ["Extension", "Narrative"];

const TYPE_EXTENSION: &str =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

/// All definitions, by type name.
pub(super) struct Definitions {
    records: BTreeMap<String, Vec<Element>>,
    datatypes: BTreeMap<String, Vec<Element>>,
}

#[derive(Deserialize)]
struct Bundle {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    resource: Structure,
}

#[derive(Deserialize)]
struct Structure {
    #[serde(rename = "resourceType")]
    resource_type: String,
    id: Option<String>,
    snapshot: Option<Snapshot>,
}

#[derive(Deserialize)]
struct Snapshot {
    element: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    path: String,
    #[serde(default)]
    min: u32,
    #[serde(default)]
    max: String,
    #[serde(default, rename = "type")]
    types: Vec<ElementType>,
    #[serde(rename = "contentReference")]
    content_reference: Option<String>,
}

#[derive(Deserialize)]
struct ElementType {
    code: String,
    #[serde(default, rename = "targetProfile")]
    target_profile: Vec<String>,
    #[serde(default)]
    extension: Vec<TypeExtension>,
}

#[derive(Deserialize)]
struct TypeExtension {
    url: String,
    #[serde(rename = "valueUrl")]
    value: Option<String>,
}

impl Definitions {
    /// Reads `profiles-resources.json` and `profiles-types.json` of a folder.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            records: structures(&folder.join("profiles-resources.json"))?,
            datatypes: structures(&folder.join("profiles-types.json"))?,
        })
    }

    /// The lines of a record type, its root first.
    pub(super) fn record_type(&self, name: &str) -> anyhow::Result<Vec<Line>> {
        let elements = self
            .records
            .get(name)
            .with_context(|| format!("{name} is not in the definitions"))?;
        let root = Line::structural(
            name.to_owned(),
            "Record".to_owned(),
            "0..*".to_owned(),
            UNSEEN,
        );
        let lines = elements.iter().flat_map(|element| element.lines());
        // The compiler knows these: their class is the strictest of what the type declares.
        let known = [format!("{name}.text"), format!("{name}.contained")];
        let id = format!("{name}.id");
        Ok(std::iter::once(root)
            .chain(lines.filter(|line| !known.contains(&line.path)))
            .map(|line| match line.path == id {
                true => Line {
                    kind: "id".to_owned(),
                    ..line
                },
                false => line,
            })
            .collect())
    }

    /// The lines of every datatype that the record types reach, by name.
    pub(super) fn datatypes<'n>(
        &self,
        types: impl Iterator<Item = &'n String>,
    ) -> anyhow::Result<Vec<Line>> {
        let mut open: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
        for name in types {
            open.extend(self.record_type(name)?.into_iter().map(|line| line.kind));
        }
        let mut lines = BTreeMap::new();
        let mut seen = BTreeSet::new();
        while let Some(kind) = open.pop() {
            let name = kind.split('(').next().unwrap_or_default().to_owned();
            let complex = name.starts_with(|first: char| first.is_ascii_uppercase());
            if !complex
                || super::places::BUILT_IN.contains(&name.as_str())
                || !seen.insert(name.clone())
            {
                continue;
            }
            let elements = self
                .datatypes
                .get(&name)
                .with_context(|| format!("{name} is not in the definitions"))?;
            let of: Vec<Line> = elements
                .iter()
                .flat_map(|element| element.lines())
                .collect();
            open.extend(of.iter().map(|line| line.kind.clone()));
            lines.insert(name, of);
        }
        Ok(lines.into_values().flatten().collect())
    }
}

impl Element {
    /// Its lines: none for roots and extensions, several for a choice.
    fn lines(&self) -> Vec<Line> {
        let path = self.path.as_str();
        let last = path.rsplit('.').next().unwrap_or_default();
        if table::parent(path).is_none() || matches!(last, "extension" | "modifierExtension") {
            return Vec::new();
        }
        let card = format!("{}..{}", self.min, self.max);
        if let Some(content) = &self.content_reference {
            return vec![Line::structural(
                path.to_owned(),
                content.clone(),
                card,
                UNSEEN,
            )];
        }
        let choice = path.strip_suffix("[x]");
        self.types
            .iter()
            .map(|kind| match choice {
                Some(stem) => {
                    let path = format!("{stem}{}", upper_first(kind.name()));
                    Line::structural(path, kind.cell(), format!("?{card}"), UNSEEN)
                }
                None => Line::structural(path.to_owned(), kind.cell(), card.clone(), UNSEEN),
            })
            .collect()
    }
}

impl ElementType {
    /// Ids and URLs have a FHIRPath type as their code, and their FHIR type in an extension.
    fn name(&self) -> &str {
        self.extension
            .iter()
            .find(|extension| extension.url == TYPE_EXTENSION)
            .and_then(|extension| extension.value.as_deref())
            .unwrap_or(&self.code)
    }

    fn cell(&self) -> String {
        let targets: Vec<&str> = self
            .target_profile
            .iter()
            .filter_map(|url| url.rsplit('/').next())
            .collect();
        match (self.name(), targets.as_slice()) {
            ("Reference", [] | ["Resource"]) => "Reference".to_owned(),
            ("Reference", targets) => format!("Reference({})", targets.join("|")),
            (name, _) => name.to_owned(),
        }
    }
}

fn structures(path: &Path) -> anyhow::Result<BTreeMap<String, Vec<Element>>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let bundle: Bundle = serde_json::from_reader(BufReader::new(file))
        .with_context(|| path.display().to_string())?;
    Ok(bundle
        .entry
        .into_iter()
        .map(|entry| entry.resource)
        .filter(|resource| resource.resource_type == "StructureDefinition")
        .filter_map(|resource| Some((resource.id?, resource.snapshot?.element)))
        .collect())
}

fn upper_first(text: &str) -> String {
    let mut signs = text.chars();
    signs
        .next()
        .map(|first| first.to_uppercase().chain(signs).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_becomes_a_line_per_alternative() {
        let element: Element = serde_json::from_str(
            r#"{"path":"M.medication[x]","min":1,"max":"1","type":[{"code":"CodeableConcept"},
                {"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Medication"]}]}"#,
        )
        .unwrap();
        let cells: Vec<_> = element
            .lines()
            .into_iter()
            .map(|l| (l.path, l.kind, l.card))
            .collect();
        let line = |path: &str, kind: &str| (path.to_owned(), kind.to_owned(), "?1..1".to_owned());
        assert_eq!(
            cells,
            [
                line("M.medicationCodeableConcept", "CodeableConcept"),
                line("M.medicationReference", "Reference(Medication)")
            ]
        );
    }

    #[test]
    fn what_is_new_is_restricted() {
        let element: Element = serde_json::from_str(
            r#"{"path":"M.note","min":0,"max":"*","type":[{"code":"Annotation"}]}"#,
        )
        .unwrap();
        assert_eq!(element.lines()[0].class, "restricted");
    }
}
