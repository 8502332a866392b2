//! What `pack check` holds a pack to.

use std::collections::BTreeSet;

use super::{
    Pack,
    manifest::{IndexOf, RecordType, SearchKind, Subject},
    places::{Places, bare, targets},
    table::{Line, NOTHING, Table, parent, plain, steps},
};

const CLASSES: [&str; 8] = [
    "demographic",
    "identifier",
    "contact",
    "scheduling",
    "clinical",
    "financial",
    "restricted",
    "operational",
];

/// Types whose records are people whose names and numbers are protected.
const PEOPLE: [&str; 3] = ["Patient", "RelatedPerson", "Person"];

const SUBJECT: &str = "Patient";

/// Everything that is wrong with a pack, a sentence each.
pub(super) fn faults(pack: &Pack) -> Vec<String> {
    let mut faults: Vec<String> = pack
        .strays
        .iter()
        .map(|file| format!("{file}: no type of pack.toml has this table"))
        .collect();
    let places = Places::new(&pack.datatypes, &pack.datatypes);
    faults.extend(lines(&pack.datatypes, &places));
    faults.extend(people(&pack.datatypes, &places));
    for (name, declared) in &pack.manifest.types {
        let Some(table) = pack.tables.get(name) else {
            faults.push(format!("{name}: has no table"));
            continue;
        };
        let places = Places::new(table, &pack.datatypes);
        faults.extend(root(name, table));
        faults.extend(lines(table, &places));
        if declared.is_about_nobody() {
            faults.extend(about_nobody(table, &pack.datatypes));
        } else {
            faults.extend(people(table, &places));
        }
        faults.extend(indexes(name, declared, table, &places));
        faults.extend(named_paths(declared, &places));
        faults.extend(subject_and_relations(name, declared, &places));
        faults.extend(search(name, declared, &places));
    }
    faults
}

/// A class at the root is what makes every path below it have one.
fn root(name: &str, table: &Table) -> Vec<String> {
    match table.lines.first() {
        Some(line) if line.path == name && line.kind == "Record" && line.class != NOTHING => {
            Vec::new()
        }
        _ => vec![format!(
            "{name}: the first line is not its root with a class"
        )],
    }
}

fn lines(table: &Table, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for line in &table.lines {
        let path = &line.path;
        let mut fault = |what: &str| faults.push(format!("{path}: {what}"));
        if !seen.insert(path) {
            fault("stands twice");
        }
        if line.class != NOTHING && !CLASSES.contains(&line.class.as_str()) {
            fault("the class does not exist");
        }
        if !is_cardinality(&line.card) {
            fault("the cardinality is not min..max");
        }
        if line.own != NOTHING && line.class == "operational" {
            fault("what is operational needs no envelope of its own");
        }
        match line.kind.strip_prefix('#') {
            Some(content) if places.own(content).is_none() => {
                fault("its content reference leads nowhere")
            }
            None if !places.is_type(bare(&line.kind)) => fault("the type does not exist"),
            _ => {}
        }
        if parent(path).is_some_and(|up| places.kind(up).is_none()) {
            fault("its parent is not known");
        }
        faults.extend(discriminators(line, places));
        faults.extend(refined(line, places));
    }
    faults
}

/// Brackets choose among items by paths that exist.
fn discriminators(line: &Line, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut item = String::new();
    for (name, bracket) in steps(&line.path) {
        item = if item.is_empty() {
            name.to_owned()
        } else {
            format!("{item}.{name}")
        };
        let Some(bracket) = bracket else { continue };
        if name == "extension" {
            if bracket
                .strip_prefix("url=")
                .is_none_or(|url| url.is_empty() || url.contains('|'))
            {
                faults.push(format!("{}: an extension is chosen by one url", line.path));
            }
            item = format!("{item}[{bracket}]");
            continue;
        }
        for alternative in bracket.split('|') {
            let known = alternative.split_once('=').is_some_and(|(key, value)| {
                !value.is_empty() && places.kind(&format!("{item}.{key}")).is_some()
            });
            if !known {
                faults.push(format!(
                    "{}: {alternative} chooses by no known path",
                    line.path
                ));
            }
        }
    }
    faults
}

/// A line below a datatype, or with brackets, repeats the type that is there without it.
fn refined(line: &Line, places: &Places<'_>) -> Option<String> {
    if line.kind == "Extension" {
        return None;
    }
    let path = plain(&line.path);
    let said = match line.is_discriminated() {
        true => places.kind(&path)?,
        false => {
            let datatype = bare(places.kind(parent(&path)?)?);
            places.datatype(&format!("{datatype}.{}", path.rsplit('.').next()?))?
        }
    };
    (bare(said) != bare(&line.kind)).then(|| format!("{}: the element's type is {said}", line.path))
}

/// A record without a subject has no subject key: all in it is operational.
fn about_nobody(table: &Table, datatypes: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut look = |line: &Line| {
        if !matches!(line.class.as_str(), NOTHING | "operational") {
            faults.push(format!(
                "{}: {} in a record about nobody",
                line.path, line.class
            ));
        }
    };
    for line in &table.lines {
        look(line);
        open.push(bare(&line.kind));
    }
    while let Some(name) = open.pop() {
        // An extension's value may be of any type; what is protected in it is refused when it comes.
        if name == "Extension" || !seen.insert(name) {
            continue;
        }
        for line in &datatypes.lines {
            if line.path.split(['.', '[']).next() == Some(name) {
                look(line);
                open.push(bare(&line.kind));
            }
        }
    }
    faults
}

/// A reference that may name a person says whose class the name and the number have.
fn people(table: &Table, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for line in &table.lines {
        if !targets(&line.kind)
            .iter()
            .any(|target| PEOPLE.contains(target))
        {
            continue;
        }
        for (child, class) in [("display", "demographic"), ("identifier", "identifier")] {
            let path = format!("{}.{child}", line.path);
            if places.own(&path).is_none_or(|line| line.class != class) {
                faults.push(format!(
                    "{path}: may be a person's, and has no line with class {class}"
                ));
            }
        }
    }
    faults
}

fn indexes(name: &str, declared: &RecordType, table: &Table, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for line in table.lines.iter().filter(|line| line.index != NOTHING) {
        let Some(index) = declared
            .indexes
            .iter()
            .find(|index| index.name == line.index)
        else {
            faults.push(format!(
                "{}: index {} is not declared",
                line.path, line.index
            ));
            continue;
        };
        let takes = match index.of {
            IndexOf::Token => ["Identifier"].as_slice(),
            IndexOf::Word => &["string"],
            IndexOf::Date => &["date"],
            IndexOf::Day => &["instant", "dateTime"],
        };
        if !places
            .kind(&line.path)
            .is_some_and(|kind| takes.contains(&bare(kind)))
        {
            faults.push(format!(
                "{}: index {} does not take its type",
                line.path, index.name
            ));
        }
    }
    for index in &declared.indexes {
        if table.lines.iter().all(|line| line.index != index.name) {
            faults.push(format!("{name}: no element feeds index {}", index.name));
        }
    }
    faults
}

fn named_paths(declared: &RecordType, places: &Places<'_>) -> Vec<String> {
    declared
        .named_paths()
        .into_iter()
        .filter(|(_, path)| places.kind(path).is_none())
        .map(|(what, path)| format!("{path}: a {what} path that does not exist"))
        .collect()
}

fn subject_and_relations(name: &str, declared: &RecordType, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut reference = |path: &str, types: &[String]| {
        let kind = places.kind(path).unwrap_or_default();
        let possible = targets(kind);
        let named = types
            .iter()
            .all(|wanted| possible.is_empty() || possible.contains(&wanted.as_str()));
        if bare(kind) != "Reference" || !named {
            faults.push(format!("{path}: does not refer to {}", types.join(", ")));
        }
    };
    match &declared.subject {
        Subject::Path { paths, types } => paths.iter().for_each(|path| reference(path, types)),
        Subject::Through { paths } => paths.iter().for_each(|path| reference(path, &[])),
        Subject::Itself | Subject::None => {}
    }
    for relation in &declared.relations {
        reference(&relation.who, &relation.types);
    }
    for relation in &declared.relations {
        let kind = &relation.kind;
        let ends = relation.from.iter().chain(&relation.until);
        for path in
            ends.filter(|path| !matches!(places.kind(path), Some("date" | "dateTime" | "instant")))
        {
            faults.push(format!("{name}, relation {kind}: {path} is not a time"));
        }
        if places.kind(&relation.status) != Some("code") || relation.when.is_empty() {
            faults.push(format!("{name}, relation {kind}: holds at no status"));
        }
        // An open end is the server's limit, but a relation never starts before anybody said so.
        if relation.from.is_empty() || matches!(declared.subject, Subject::None) {
            faults.push(format!(
                "{name}, relation {kind}: has no start or no subject"
            ));
        }
    }
    faults
}

fn search(name: &str, declared: &RecordType, places: &Places<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for search in &declared.search {
        let mut fault = |what: &str| faults.push(format!("{name}, search {}: {what}", search.name));
        if !seen.insert(&search.name) {
            fault("stands twice");
        }
        let has_subject = !matches!(declared.subject, Subject::None) && name != SUBJECT;
        let served = match search.served.as_str() {
            "id" => true,
            "subject" | "compartment" => has_subject,
            other => other
                .strip_prefix("index:")
                .is_some_and(|wanted| declared.indexes.iter().any(|index| index.name == wanted)),
        };
        if !served {
            fault("cannot be served so");
        }
        for path in &search.paths {
            let kind = places.kind(path).map(bare).unwrap_or_default();
            let fits = match search.kind {
                SearchKind::Token => matches!(
                    kind,
                    "Coding"
                        | "CodeableConcept"
                        | "Identifier"
                        | "ContactPoint"
                        | "code"
                        | "boolean"
                        | "id"
                        | "uri"
                ),
                SearchKind::Reference => kind == "Reference",
                SearchKind::Date => matches!(kind, "date" | "dateTime" | "instant" | "Period"),
                SearchKind::String => {
                    matches!(kind, "string" | "markdown" | "HumanName" | "Address")
                }
            };
            if !fits {
                fault("its kind does not compare what is at its path");
            }
            // A code has the system of its value set; what says its own system, or has none, gets none here.
            if (kind == "code") != search.system.is_some() {
                fault("a system belongs to codes that are written without one, and to no others");
            }
            let possible = targets(places.kind(path).unwrap_or_default());
            if let Some(target) = &search.target
                && !possible.is_empty()
                && !possible.contains(&target.as_str())
            {
                fault("its path does not refer to its target");
            }
        }
    }
    faults
}

fn is_cardinality(card: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    card.strip_prefix('?')
        .unwrap_or(card)
        .split_once("..")
        .is_some_and(|(min, max)| number(min) && (max == "*" || number(max)))
}

#[cfg(test)]
mod tests;
