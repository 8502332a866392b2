//! Scans logs of the service for PHI and secrets, in the way of `vouchsafe scan`: also inside archives and databases,
//! long lines in pieces, links to files followed. The result has counts by class; no value, no line, and no name of a
//! file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vouchsafe_evidence::selftest::Leaks;
use vouchsafe_scan::detect::{Detector, Scanner};
use vouchsafe_scan::finding::Finding;
use vouchsafe_scan::source::{self, Cell, DocumentName, Line, Options, Problem, Progress, Sink};

/// A text that every detector must find: its numbers belong to nobody.
const PLANTED: &[u8] = b"patient ssn: 219-09-9999, mail nobody@example.org\n";

pub(super) fn scan(paths: &[PathBuf]) -> anyhow::Result<Leaks> {
    if paths.is_empty() {
        anyhow::bail!("no --logs were given");
    }
    let detector = Detector::new();
    let options = Options::default();
    let progress = Progress::new();
    let mut control = Counter::new(&detector);
    let planted = DocumentName::standard_input();
    source::read_from(&planted, PLANTED, &options, &progress, &mut control);
    let mut counters = [Counter::new(&detector)];
    let summary = source::read(paths, &options, &progress, &mut counters);
    let [counted] = counters;
    Ok(Leaks {
        files: summary.files,
        lines: counted.lines,
        found: counted.found,
        control: control.found.contains_key("ssn"),
        unread: counted.unread,
    })
}

/// Counts the findings.
struct Counter<'d> {
    scanner: Scanner<'d>,
    findings: Vec<Finding>,
    lines: u64,
    found: BTreeMap<String, u64>,
    unread: BTreeMap<String, u64>,
}

impl<'d> Counter<'d> {
    fn new(detector: &'d Detector) -> Self {
        Self {
            scanner: detector.scanner(),
            findings: Vec::new(),
            lines: 0,
            found: BTreeMap::new(),
            unread: BTreeMap::new(),
        }
    }

    fn count(&mut self) {
        for finding in self.findings.drain(..) {
            *self
                .found
                .entry(finding.class.name().to_owned())
                .or_default() += 1;
        }
    }
}

impl Sink for Counter<'_> {
    fn begin(&mut self, document: &DocumentName) {
        self.scanner.begin();
        // Names of files can contain patients' names, so they are scanned, too.
        let name = document.member().unwrap_or_else(|| base(document.file()));
        self.scanner.line(name, &mut self.findings);
        self.count();
        self.scanner.begin();
    }

    fn line(&mut self, line: Line<'_>) {
        self.scanner.line(line.bytes, &mut self.findings);
        self.lines += u64::from(line.offset == 0);
        self.count();
    }

    fn cell(&mut self, cell: Cell<'_>) {
        self.scanner
            .cell(cell.column, cell.bytes, &mut self.findings);
        self.lines += u64::from(cell.offset == 0);
        self.count();
    }

    fn end(&mut self) {}

    fn problem(&mut self, _: &DocumentName, problem: Problem) {
        // The others hold nothing: a socket, a dangling link.
        if problem.is_incomplete() {
            *self.unread.entry(problem.to_string()).or_default() += 1;
        }
    }
}

/// The name of a file without its folders.
fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    const LEAK: &str = "patient ssn: 219-09-9999\n";

    #[test]
    fn a_number_in_a_log_is_counted_and_its_control_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("service.log");
        fs::write(&log, "{\"message\":\"answered\",\"status\":200}\n").unwrap();
        let clean = scan(&[folder.path().to_owned()]).unwrap();
        assert!(
            clean.control && clean.found.is_empty() && clean.lines == 1,
            "{clean:?}"
        );
        assert!(clean.unread.is_empty(), "{clean:?}");
        fs::write(&log, LEAK).unwrap();
        let found = scan(&[log]).unwrap().found;
        assert_eq!(found.get("ssn"), Some(&1), "{found:?}");
        scan(&[]).unwrap_err();
    }

    #[test]
    fn a_log_that_was_rotated_and_packed_is_read_too() {
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create(folder.path().join("service.log.1.gz")).unwrap();
        let mut log = flate2::write::GzEncoder::new(log, flate2::Compression::default());
        log.write_all(LEAK.as_bytes()).unwrap();
        log.finish().unwrap();
        let leaks = scan(&[folder.path().to_owned()]).unwrap();
        assert_eq!(
            (leaks.found.get("ssn"), leaks.lines),
            (Some(&1), 1),
            "{leaks:?}"
        );
    }

    #[test]
    fn links_are_followed_or_told() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let log = other.path().join("service.log");
        fs::write(&log, LEAK).unwrap();
        symlink(&log, folder.path().join("current")).unwrap();
        let leaks = scan(&[folder.path().to_owned()]).unwrap();
        assert_eq!(leaks.found.get("ssn"), Some(&1), "{leaks:?}");
        assert!(leaks.unread.is_empty(), "{leaks:?}");
        symlink(other.path(), folder.path().join("older")).unwrap();
        let leaks = scan(&[folder.path().to_owned()]).unwrap();
        assert_eq!(leaks.unread.values().sum::<u64>(), 1, "{leaks:?}");
        let missing = scan(&[folder.path().join("none")]).unwrap();
        assert_eq!(missing.unread.len(), 1, "{missing:?}");
    }

    #[test]
    fn a_long_line_is_read_in_pieces_and_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("service.log");
        let mut text = "answered ".repeat(400_000);
        text.push_str(LEAK);
        fs::write(&log, text).unwrap();
        let leaks = scan(&[log]).unwrap();
        assert_eq!(
            (leaks.lines, leaks.found.get("ssn")),
            (1, Some(&1)),
            "{leaks:?}"
        );
    }
}
