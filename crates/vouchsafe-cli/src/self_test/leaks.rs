//! Logs of the service, scanned for PHI and secrets. Counts by class; no value, and no line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use vouchsafe_evidence::selftest::Leaks;
use vouchsafe_scan::detect::Detector;

/// What every detector must find: numbers that are nobody's.
const PLANTED: &str = "patient ssn: 219-09-9999, mail nobody@example.org";

pub(super) fn scan(paths: &[PathBuf]) -> anyhow::Result<Leaks> {
    if paths.is_empty() {
        anyhow::bail!("no --logs were given");
    }
    let detector = Detector::new();
    let mut control = BTreeMap::new();
    read(&detector, PLANTED.as_bytes(), &mut control)?;
    let mut leaks = Leaks {
        files: 0,
        lines: 0,
        found: BTreeMap::new(),
        control: control.contains_key("ssn"),
    };
    for path in files(paths)? {
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        leaks.files += 1;
        leaks.lines += read(&detector, BufReader::new(file), &mut leaks.found)?;
    }
    Ok(leaks)
}

fn read(
    detector: &Detector,
    mut text: impl std::io::BufRead,
    found: &mut BTreeMap<String, u64>,
) -> anyhow::Result<u64> {
    let mut scanner = detector.scanner();
    let (mut line, mut findings, mut lines) = (Vec::new(), Vec::new(), 0);
    while text.read_until(b'\n', &mut line)? > 0 {
        findings.clear();
        scanner.line(&line, &mut findings);
        for finding in &findings {
            *found.entry(finding.class.name().to_owned()).or_default() += 1;
        }
        lines += 1;
        line.clear();
    }
    Ok(lines)
}

/// Plain files, and those in folders.
pub(super) fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        below(path, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn below(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = || format!("cannot read {}", path.display());
    let about = std::fs::symlink_metadata(path).with_context(unreadable)?;
    if about.is_file() {
        files.push(path.to_owned());
    } else if about.is_dir() {
        for entry in std::fs::read_dir(path).with_context(unreadable)? {
            below(&entry.with_context(unreadable)?.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_log_is_counted_and_its_control_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("service.log");
        std::fs::write(&log, "{\"message\":\"answered\",\"status\":200}\n").unwrap();
        let clean = scan(&[folder.path().to_owned()]).unwrap();
        assert!(
            clean.control && clean.found.is_empty() && clean.lines == 1,
            "{clean:?}"
        );
        std::fs::write(&log, "patient ssn: 219-09-9999\n").unwrap();
        let found = scan(&[log]).unwrap().found;
        assert_eq!(found.get("ssn"), Some(&1), "{found:?}");
        scan(&[]).unwrap_err();
    }
}
