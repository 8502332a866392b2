//! Structure from the definitions, classes from the table: what `generate` writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use super::table::{DATATYPES, Line, Table, parent, plain};

/// A refreshed table, and what a person should look at.
pub(super) struct Refreshed {
    pub(super) table: Table,
    /// Paths that the definitions have and the table had not.
    pub(super) added: Vec<String>,
    /// Paths that the table had and the definitions have not; they stay.
    pub(super) vanished: Vec<String>,
    /// Paths whose type or cardinality differs.
    pub(super) changed: Vec<String>,
}

/// Puts `fresh` structure under the hand-assigned cells of `old`.
///
/// Lines that the definitions don't know (refining, discriminated, extensions, vanished) stay after the line that
/// they stood after. No class is ever dropped.
pub(super) fn refresh(name: &str, fresh: &[Line], old: Table) -> Refreshed {
    let Sorted {
        mut kept,
        mut by_hand,
        vanished,
    } = sort(fresh, old.lines);
    let (mut added, mut changed, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let mut last_root = String::new();
    for line in fresh {
        let this_root = root(&line.path);
        if this_root != last_root && this_root != line.path {
            lines.extend(by_hand.remove(&this_root).unwrap_or_default());
        }
        last_root = this_root;
        match kept.remove(&line.path) {
            None => {
                added.push(line.path.clone());
                lines.push(line.clone());
            }
            Some(old) => {
                if (&old.kind, &old.card) != (&line.kind, &line.card) {
                    changed.push(line.path.clone());
                }
                lines.push(Line {
                    kind: line.kind.clone(),
                    card: line.card.clone(),
                    ..old
                });
            }
        }
        lines.extend(by_hand.remove(&line.path).unwrap_or_default());
    }
    // What stood in a datatype that is gone altogether.
    lines.extend(by_hand.into_values().flatten());
    let told = |paths: Vec<String>| match name {
        DATATYPES => paths
            .iter()
            .map(|path| format!("datatype {path}"))
            .collect(),
        _ => paths,
    };
    Refreshed {
        table: Table {
            lines,
            tail: old.tail,
        },
        added: told(added),
        vanished: told(vanished),
        changed: told(changed),
    }
}

/// A table's lines by who may change them.
struct Sorted {
    /// Lines that the definitions know, by path.
    kept: BTreeMap<String, Line>,
    /// The others, by the line of the definitions (or the datatype) that they stand after.
    by_hand: BTreeMap<String, Vec<Line>>,
    vanished: Vec<String>,
}

fn sort(fresh: &[Line], old: Vec<Line>) -> Sorted {
    let structure: BTreeSet<&str> = fresh.iter().map(|line| line.path.as_str()).collect();
    let mut kept = BTreeMap::new();
    let mut by_hand: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    let mut vanished = Vec::new();
    let mut anchor = String::new();
    for line in old {
        if structure.contains(line.path.as_str()) {
            anchor.clone_from(&line.path);
            kept.insert(line.path.clone(), line);
            continue;
        }
        if !refines(&line, fresh) {
            vanished.push(line.path.clone());
        }
        // Datatypes have no root line: the first of a datatype's lines have nothing to stand after.
        let this_root = root(&line.path);
        let at = if root(&anchor) == this_root {
            anchor.clone()
        } else {
            this_root
        };
        by_hand.entry(at).or_default().push(line);
    }
    Sorted {
        kept,
        by_hand,
        vanished,
    }
}

impl Refreshed {
    /// Prints what differs and says how much.
    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<usize> {
        let kinds = [
            ("new, restricted until it has a class", &self.added),
            ("vanished from the definitions, kept", &self.vanished),
            ("type or cardinality changed", &self.changed),
        ];
        for (what, paths) in kinds {
            for path in paths {
                writeln!(out, "{path}: {what}")?;
            }
        }
        Ok(self.added.len() + self.vanished.len() + self.changed.len())
    }
}

/// Whether a line speaks of a place below, or of some items of, an element that the definitions know.
fn refines(line: &Line, fresh: &[Line]) -> bool {
    if line.kind == "Extension" {
        return true;
    }
    let path = plain(&line.path);
    if line.is_discriminated() && fresh.iter().any(|known| known.path == path) {
        return true;
    }
    let mut at = path.as_str();
    while let Some(up) = parent(at) {
        if let Some(known) = fresh.iter().find(|known| known.path == up) {
            let datatype = known.kind.split('(').next().unwrap_or_default();
            return !matches!(datatype, "Record" | "BackboneElement" | "Element")
                && datatype.starts_with(|first: char| first.is_ascii_uppercase());
        }
        at = up;
    }
    false
}

fn root(path: &str) -> String {
    path.split(['.', '[']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "path\ttype\tcard\tclass\town\tindex\n";

    fn table(lines: &[&str]) -> Table {
        let text: String = lines
            .iter()
            .map(|line| line.replace(' ', "\t") + "\n")
            .collect();
        Table::parse("A", &format!("{HEADER}{text}")).unwrap()
    }

    const OLD: [&str; 6] = [
        "A Record 0..* clinical - -",
        "A.extension[url=http://x.y] Extension 0..1 demographic - -",
        "A.name HumanName 0..* demographic - -",
        "A.name.family string 0..1 - - family",
        "A.gone string 0..1 identifier ssn -",
        "A.code code 0..1 - - -",
    ];

    #[test]
    fn hand_assigned_cells_and_vanished_lines_stay() {
        let fresh = table(&[
            "A Record 0..* restricted - -",
            "A.name HumanName 1..* restricted - -",
            "A.more string 0..1 restricted - -",
            "A.code code 0..1 restricted - -",
        ]);
        let refreshed = refresh("A", &fresh.lines, table(&OLD));
        assert_eq!(
            refreshed.table,
            table(&[
                OLD[0],
                OLD[1],
                "A.name HumanName 1..* demographic - -",
                OLD[3],
                OLD[4],
                "A.more string 0..1 restricted - -",
                OLD[5],
            ])
        );
        assert_eq!(refreshed.added, ["A.more"]);
        assert_eq!(refreshed.vanished, ["A.gone"]);
        assert_eq!(refreshed.changed, ["A.name"]);
    }

    #[test]
    fn what_stands_below_a_vanished_line_stays_and_is_told() {
        let fresh = table(&[
            "A Record 0..* restricted - -",
            "A.code code 0..1 restricted - -",
        ]);
        let refreshed = refresh("A", &fresh.lines, table(&OLD));
        assert_eq!(refreshed.table, table(&OLD));
        assert_eq!(refreshed.vanished, ["A.name", "A.name.family", "A.gone"]);
    }

    #[test]
    fn a_table_that_agrees_is_not_touched() {
        let old = table(&OLD);
        let fresh: Vec<Line> = old
            .lines
            .iter()
            .filter(|line| !line.is_discriminated() && line.path != "A.name.family")
            .cloned()
            .collect();
        let refreshed = refresh("A", &fresh, old.clone());
        assert_eq!(refreshed.table, old);
        assert!(refreshed.added.is_empty() && refreshed.vanished.is_empty());
    }
}
