//! Tables of elements: one line per path, six cells. The format is `packs/README.md`.

use std::fmt;

use anyhow::{Context as _, bail, ensure};

/// The name under which faults speak of the table of datatypes.
pub(super) const DATATYPES: &str = "datatypes";

/// Nothing said.
pub(super) const NOTHING: &str = "-";

const HEADER: &str = "path\ttype\tcard\tclass\town\tindex";

/// A table, in the order of its file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Table {
    pub(super) lines: Vec<Line>,
    /// Comments after the last line.
    pub(super) tail: Vec<String>,
}

/// One element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// Comments and blank lines above it, which move with it.
    pub(super) above: Vec<String>,
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) card: String,
    pub(super) class: String,
    pub(super) own: String,
    pub(super) index: String,
}

impl Table {
    /// Reads a table; `name` is used in errors only.
    pub(super) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let mut rest = text.lines().enumerate();
        let header = rest.next().map(|(_, line)| line);
        ensure!(
            header == Some(HEADER),
            "{name}: the header is not as in packs/README.md"
        );
        let mut table = Self::default();
        for (number, text) in rest {
            if text.is_empty() || text.starts_with('#') {
                table.tail.push(text.to_owned());
                continue;
            }
            let line = Line::parse(text).with_context(|| format!("{name}, line {}", number + 1))?;
            table.lines.push(Line {
                above: std::mem::take(&mut table.tail),
                ..line
            });
        }
        Ok(table)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        for line in &self.lines {
            for above in &line.above {
                writeln!(f, "{above}")?;
            }
            let Line {
                above: _,
                path,
                kind,
                card,
                class,
                own,
                index,
            } = line;
            writeln!(f, "{path}\t{kind}\t{card}\t{class}\t{own}\t{index}")?;
        }
        for comment in &self.tail {
            writeln!(f, "{comment}")?;
        }
        Ok(())
    }
}

impl Line {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let cells: Vec<&str> = text.split('\t').collect();
        let [path, kind, card, class, own, index] = cells.as_slice() else {
            bail!("{} cells instead of six", cells.len());
        };
        ensure!(
            cells
                .iter()
                .all(|cell| !cell.is_empty() && cell.trim() == *cell),
            "a cell is empty or has blanks at an end"
        );
        Ok(Self {
            above: Vec::new(),
            path: (*path).to_owned(),
            kind: (*kind).to_owned(),
            card: (*card).to_owned(),
            class: (*class).to_owned(),
            own: (*own).to_owned(),
            index: (*index).to_owned(),
        })
    }

    /// A line that only the definitions know, with a class for what nobody has looked at.
    pub(super) fn structural(path: String, kind: String, card: String, class: &str) -> Self {
        Self {
            above: Vec::new(),
            path,
            kind,
            card,
            class: class.to_owned(),
            own: NOTHING.to_owned(),
            index: NOTHING.to_owned(),
        }
    }

    /// Whether a step of the path holds for some items only.
    pub(super) fn is_discriminated(&self) -> bool {
        self.path.contains('[')
    }
}

/// The steps of a path, each with what is between its brackets; dots inside brackets do not part it.
pub(super) fn steps(path: &str) -> Vec<(&str, Option<&str>)> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (bracket, after) = match after
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            Some((inner, after)) => (Some(inner), after),
            None => (None, after),
        };
        steps.push((name, bracket));
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return steps,
        }
    }
}

/// The path one step up, brackets kept; none for a root.
pub(super) fn parent(path: &str) -> Option<&str> {
    let mut depth = 0_u32;
    let mut last = None;
    for (at, sign) in path.char_indices() {
        match sign {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => last = Some(at),
            _ => {}
        }
    }
    last.and_then(|at| path.get(..at))
}

/// The path without its brackets.
pub(super) fn plain(path: &str) -> String {
    let names: Vec<&str> = steps(path).into_iter().map(|(name, _)| name).collect();
    names.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_brackets_do_not_part_a_path() {
        let path = "Patient.identifier[system=http://a.b/c|type.coding.code=SS].value";
        assert_eq!(
            steps(path),
            [
                ("Patient", None),
                (
                    "identifier",
                    Some("system=http://a.b/c|type.coding.code=SS")
                ),
                ("value", None)
            ]
        );
        assert_eq!(
            parent(path),
            Some("Patient.identifier[system=http://a.b/c|type.coding.code=SS]")
        );
        assert_eq!(plain(path), "Patient.identifier.value");
        assert_eq!(parent("Patient"), None);
    }

    #[test]
    fn a_table_is_written_as_it_was_read() {
        let text = "path\ttype\tcard\tclass\town\tindex\n# why\nA\tRecord\t0..*\tclinical\t-\t-\nA.b\tstring\t0..1\t-\tnote\t-\n\n# end\n";
        assert_eq!(Table::parse("A", text).unwrap().to_string(), text);
    }

    #[test]
    fn a_line_with_a_missing_cell_is_refused() {
        let text = "path\ttype\tcard\tclass\town\tindex\nA\tRecord\t0..*\tclinical\t-\n";
        assert!(Table::parse("A", text).is_err());
        assert!(Table::parse("A", "path\n").is_err());
    }
}
