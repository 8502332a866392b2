//! Where a path leads: through a type's table, datatypes, content references and listed extensions.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Line, Table, plain, steps};

/// Types that are not in the table of datatypes, and primitives aside.
pub(super) const BUILT_IN: [&str; 4] = ["Record", "BackboneElement", "Element", "Resource"];

/// The primitive types (FHIR R4, 2.24.0.1).
pub(super) const PRIMITIVES: [&str; 20] = [
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "xhtml",
];

/// The lines of one table and of the datatypes, by path.
pub(super) struct Places<'t> {
    own: BTreeMap<&'t str, &'t Line>,
    datatypes: BTreeMap<&'t str, &'t Line>,
    names: BTreeSet<&'t str>,
}

impl<'t> Places<'t> {
    pub(super) fn new(own: &'t Table, datatypes: &'t Table) -> Self {
        let by_path = |table: &'t Table| -> BTreeMap<&'t str, &'t Line> {
            table
                .lines
                .iter()
                .map(|line| (line.path.as_str(), line))
                .collect()
        };
        Self {
            own: by_path(own),
            datatypes: by_path(datatypes),
            names: datatypes
                .lines
                .iter()
                .filter_map(|line| line.path.split(['.', '[']).next())
                .collect(),
        }
    }

    /// Whether a type is known: a primitive, a datatype of the table, or built in.
    pub(super) fn is_type(&self, name: &str) -> bool {
        PRIMITIVES.contains(&name) || BUILT_IN.contains(&name) || self.names.contains(name)
    }

    /// Whether the table itself has this line.
    pub(super) fn own(&self, path: &str) -> Option<&'t Line> {
        self.own.get(path).copied()
    }

    /// The type of a datatype's element, as the table of datatypes has it.
    pub(super) fn datatype(&self, path: &str) -> Option<&'t str> {
        self.datatypes.get(path).map(|line| line.kind.as_str())
    }

    /// The type at a path, if every step of it is known. Brackets on other steps than `extension` choose items and
    /// are not looked at.
    pub(super) fn kind(&self, path: &str) -> Option<&'t str> {
        let mut steps = steps(path).into_iter();
        let (root, _) = steps.next()?;
        // Where the next step is looked for: in the own table, and in the datatypes.
        let mut own = root.to_owned();
        let mut datatype = self.names.contains(root).then(|| root.to_owned());
        let mut kind = self
            .own
            .get(root)
            .map_or("Record", |line| line.kind.as_str());
        for (name, bracket) in steps {
            let step = match bracket {
                Some(inner) if name == "extension" => format!("extension[{inner}]"),
                _ => name.to_owned(),
            };
            let in_own = format!("{own}.{step}");
            let in_datatype = datatype.map(|place| format!("{place}.{step}"));
            let line = self.own.get(in_own.as_str()).or_else(|| {
                let place = in_datatype.as_deref()?;
                self.datatypes.get(place)
            })?;
            kind = line.kind.as_str();
            own = match kind.strip_prefix('#') {
                Some(content) => content.to_owned(),
                None => plain(&in_own),
            };
            let name = bare(kind);
            datatype = match name {
                "Element" => in_datatype,
                _ => self.names.contains(name).then(|| name.to_owned()),
            };
        }
        Some(kind)
    }
}

/// A type without its targets.
pub(super) fn bare(kind: &str) -> &str {
    kind.split('(').next().unwrap_or_default()
}

/// The record types that a reference may name; none for any.
pub(super) fn targets(kind: &str) -> Vec<&str> {
    kind.strip_prefix("Reference(")
        .and_then(|rest| rest.strip_suffix(')'))
        .map(|targets| targets.split('|').collect())
        .unwrap_or_default()
}
