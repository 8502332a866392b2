//! Finders: the detectors of this crate, or what another tool wrote down.

use std::collections::HashMap;
use std::path::Path;

use vouchsafe_scan::class::{Class, Confidence};
use vouchsafe_scan::detect::{Detector, Scanner};

use crate::corpus::Line;
use crate::score::Found;

/// Which file of the corpus a line stands in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Part {
    Labelled,
    Clean,
}

/// What finds values in documents.
#[derive(Debug)]
pub(crate) enum Finder<'d> {
    /// The detectors of this crate, as the command runs them: findings of low confidence are left out.
    Own(Box<Scanner<'d>>),
    /// Findings of another tool, by file and line.
    Outside(HashMap<(Part, usize), Vec<Found>>),
}

impl<'d> Finder<'d> {
    /// The detectors of this crate.
    pub(crate) fn own(detector: &'d Detector) -> Self {
        Self::Own(Box::new(detector.scanner()))
    }

    /// The findings of another tool: a file of rows of file (`corpus` or `clean`), line, start, end and classes.
    pub(crate) fn outside(file: &Path) -> std::io::Result<Self> {
        let mut findings: HashMap<(Part, usize), Vec<Found>> = HashMap::new();
        for row in std::fs::read_to_string(file)?.lines() {
            let (place, found) = row_of(row)
                .ok_or_else(|| std::io::Error::other("a row of findings has another form"))?;
            findings.entry(place).or_default().push(found);
        }
        Ok(Self::Outside(findings))
    }

    /// The findings of a document, line by line; its first line has this number in its file.
    pub(crate) fn find(&mut self, part: Part, first: usize, lines: &[Line]) -> Vec<Vec<Found>> {
        match self {
            Self::Own(scanner) => {
                scanner.begin();
                lines.iter().map(|line| own(scanner, line)).collect()
            }
            Self::Outside(findings) => (first..)
                .take(lines.len())
                .map(|line| findings.remove(&(part, line)).unwrap_or_default())
                .collect(),
        }
    }
}

fn own(scanner: &mut Scanner<'_>, line: &Line) -> Vec<Found> {
    let mut findings = Vec::new();
    scanner.line(line.text.as_bytes(), &mut findings);
    let told = findings
        .into_iter()
        .filter(|finding| finding.confidence > Confidence::Low);
    told.map(|finding| Found {
        at: finding.span,
        classes: vec![finding.class],
    })
    .collect()
}

fn row_of(row: &str) -> Option<((Part, usize), Found)> {
    let mut cells = row.split('\t');
    let part = match cells.next()? {
        "corpus" => Part::Labelled,
        "clean" => Part::Clean,
        _ => return None,
    };
    let mut number = || cells.next()?.parse::<usize>().ok();
    let (line, start, end) = (number()?, number()?, number()?);
    let classes = cells
        .next()?
        .split(',')
        .map(Class::parse)
        .collect::<Option<Vec<_>>>()?;
    Some((
        (part, line),
        Found {
            at: start..end,
            classes,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_another_tool_are_read_and_foreign_rows_refused() {
        let (place, found) = row_of("corpus\t7\t3\t9\tphone,fax").unwrap();
        assert_eq!(place, (Part::Labelled, 7));
        assert_eq!(
            found,
            Found {
                at: 3..9,
                classes: vec![Class::Phone, Class::Fax]
            }
        );
        assert!(
            row_of("corpus\t7\t3\t9\tperson").is_none() && row_of("other\t7\t3\t9\tname").is_none()
        );
    }
}
