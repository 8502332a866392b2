//! PHI in free text of commits and pages: it is withheld before anything is stored.

use vouchsafe_scan::class::Class;
use vouchsafe_scan::detect::Detector;

use super::commit::split;
use crate::collect::of_the_workforce;

/// The field of a finding that only its neighbourhood explains.
const BESIDE: &str = "beside a person";

/// The classes of what looks like PHI or a secret in a free text; names and addresses of people at work are normal.
pub(super) fn classes(detector: &Detector, text: &[u8]) -> Vec<Class> {
    let mut scanner = detector.scanner();
    let mut found = Vec::new();
    let mut classes = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        if is_trailer(line) {
            continue;
        }
        found.clear();
        scanner.line(line, &mut found);
        for finding in &found {
            // A date of birth is nobody's at work; the date of a release beside a name is.
            let field = finding.field.unwrap_or(BESIDE);
            let born = finding.class == Class::Date && field != BESIDE;
            if !of_the_workforce(finding.class) || born {
                classes.push(finding.class);
            }
        }
    }
    classes.sort();
    classes.dedup();
    classes
}

/// `Signed-off-by: NAME <ADDRESS>` and nothing else: it is about people at work.
fn is_trailer(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let Some((key, value)) = line.trim_end().split_once(": ") else {
        return false;
    };
    let Some((name, address)) = value.split_once('<') else {
        return false;
    };
    let is_key = key.to_ascii_lowercase().ends_with("-by")
        && key
            .chars()
            .all(|one| one.is_ascii_alphabetic() || one == '-');
    let is_name = name.chars().filter(char::is_ascii_digit).count() < 5;
    let is_address = address.len() < 120
        && address
            .strip_suffix('>')
            .is_some_and(|address| address.contains('@') && !address.contains([' ', '<', '>']));
    is_key && is_name && is_address
}

/// What of a commit may be stored: all of it, or its header with the classes for which the rest is withheld.
pub(super) fn commit<'a>(detector: &Detector, body: &'a [u8]) -> Result<&'a [u8], Withheld> {
    let (header, message) = split(body);
    let mut classes = classes(detector, message);
    // Signatures are no text. A signed tag that was merged brings its message along.
    let mut signature = false;
    for line in header.split(|byte| *byte == b'\n') {
        let continues = line.first() == Some(&b' ');
        signature = if continues {
            signature || is_armour(line)
        } else {
            line.starts_with(b"gpgsig")
        };
        if continues && !signature {
            classes.extend(self::classes(detector, line));
        }
        if line.starts_with(b"author ") || line.starts_with(b"committer ") {
            classes.extend(self::classes(detector, name_of(line)));
        }
    }
    if classes.is_empty() {
        return Ok(body);
    }
    classes.sort();
    classes.dedup();
    let named: Vec<String> = classes.iter().map(ToString::to_string).collect();
    Err(Withheld {
        classes: named.join(","),
        header: bare_header(detector, header),
    })
}

/// A commit whose message is withheld.
pub(super) struct Withheld {
    pub(super) classes: String,
    pub(super) header: Vec<u8>,
}

fn is_armour(line: &[u8]) -> bool {
    line.starts_with(b" -----BEGIN ")
}

/// The name in `author NAME <ADDRESS> SECONDS ZONE`.
fn name_of(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| *byte == b'<');
    line.get(..end.unwrap_or(line.len())).unwrap_or_default()
}

/// The lines of a header that prove the chain; a name that looks like PHI is left out.
fn bare_header(detector: &Detector, header: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in header.split(|byte| *byte == b'\n') {
        let is_person = line.starts_with(b"author ") || line.starts_with(b"committer ");
        if !is_person && !line.starts_with(b"tree ") && !line.starts_with(b"parent ") {
            continue;
        }
        if is_person && !classes(detector, name_of(line)).is_empty() {
            let key = line.split(|byte| *byte == b' ').next().unwrap_or_default();
            let mail = line.iter().position(|byte| *byte == b'<');
            let rest = mail.and_then(|mail| line.get(mail..)).unwrap_or_default();
            out.extend_from_slice(key);
            out.extend_from_slice(b" (withheld) ");
            out.extend_from_slice(rest);
        } else {
            out.extend_from_slice(line);
        }
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Class> {
        classes(&Detector::new(), text.as_bytes())
    }

    #[test]
    fn identifiers_of_patients_are_found_and_the_workforce_is_not() {
        assert_eq!(found("fix: MRN 00482913 was shown twice"), [Class::Mrn]);
        assert_eq!(
            found("for patient Maria Gonzalez, DOB 1980-03-04"),
            [Class::Date]
        );
        assert_eq!(found("SSN 219-09-9999 in the fixture"), [Class::Ssn]);
        assert_eq!(found("Merge pull request #17 from acme/fix"), []);
        assert_eq!(found("Fix it, by Ann Lee <ann@example.org>"), []);
        assert_eq!(
            found("Signed-off-by: Ann Lee <12345678+ann@users.noreply.example.org>"),
            []
        );
    }

    #[test]
    fn a_trailer_does_not_hide_what_stands_beside_it() {
        assert_eq!(found("SSN-by: 219-09-9999"), [Class::Ssn]);
        assert_eq!(
            found("Seen-by: Ann Lee <ann@example.org> SSN 219-09-9999"),
            [Class::Ssn]
        );
        assert_eq!(
            found("Seen-by: SSN 219-09-9999 <ann@example.org>"),
            [Class::Ssn]
        );
        assert_eq!(found("Noted-by: a@b.org\nSSN 219-09-9999"), [Class::Ssn]);
    }

    #[test]
    fn of_a_commit_with_phi_only_its_header_is_kept() {
        let body = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b.org> 1 +0000\n\
            committer A <a@b.org> 1 +0000\n\nSSN 219-09-9999\n";
        let withheld = commit(&Detector::new(), body).err().unwrap();
        assert_eq!(withheld.classes, "ssn");
        assert!(!String::from_utf8_lossy(&withheld.header).contains("219"));
    }
}
