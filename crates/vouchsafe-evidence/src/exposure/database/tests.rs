use super::*;
use crate::area::evidence_type;

/// A line of a database that holds what looks like an identifier is replaced by the reason, and hides no other.
#[test]
fn an_advisory_that_looks_like_phi_is_refused_by_name_and_the_others_stay() {
    let file = |kept: &str| folder::File {
        path: "x.json".to_owned(),
        sha256: crate::digest::Digest::of(b""),
        added: None,
        kept: kept.to_owned(),
        advisories: osv::read(kept.as_bytes(), None).unwrap(),
    };
    let text = r#"{"id":"X-1","published":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1"]}],"note":"NOTE"}"#;
    let detector = Detector::new();
    let good = line(&file(text), &detector, Layout::Osv).unwrap();
    let bad = line(
        &file(&text.replace("NOTE", "SSN 219-09-9999")),
        &detector,
        Layout::Osv,
    )
    .unwrap();
    assert!(evidence_type(OSV).is_some());
    let scope = serde_json::to_vec(&Scope::default()).unwrap();
    let content = [scope, good, bad].join(b"\n".as_slice());
    let read = Advisories::read(&content).unwrap();
    assert_eq!(read.advisories.len(), 1);
    assert_eq!(read.refused.iter().collect::<Vec<_>>(), ["a"]);
    assert!(!String::from_utf8_lossy(&content).contains("219-09"));
    assert!(Advisories::read(b"").is_err());
    assert!(Advisories::read(content.get(..content.len() - 9).unwrap()).is_err());
}

/// Of a whole database: the files that are refused as PHI, and how many are kept.
pub(crate) fn whole(path: &Path, layout: Layout, now: Timestamp) -> (Vec<String>, usize) {
    let everything = folder::packages(layout, path).unwrap();
    let database = Database {
        name: "database:test".to_owned(),
        layout,
        path: path.to_owned(),
    };
    let (_, content) = take(&database, &everything, now).unwrap();
    look_for_phi(&Detector::new(), layout.schema(), &content).unwrap();
    let lines = content
        .split(|byte| *byte == b'\n')
        .skip(1)
        .filter(|line| !line.is_empty());
    let lines: Vec<Line<'_>> = lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let refused = lines.iter().filter(|line| line.refused.is_some());
    let refused: Vec<_> = refused
        .map(|line| format!("{} {:?}", line.file, line.refused))
        .collect();
    (refused, lines.len())
}
