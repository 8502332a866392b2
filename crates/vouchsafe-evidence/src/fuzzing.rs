//! What fuzz targets call: readers of bytes that strangers wrote. Each asserts what must hold of everything that is read.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use jiff::Timestamp;
use vouchsafe_tlog::{KeyName, NoteSigner};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::digest::Digest;
use crate::entry::{Entry, INLINE_BYTES, Kind, RunEntry};
use crate::imported::Tool;
use crate::pack::{Archive, Kept, verify};
use crate::store::{Files as _, Writer};
use crate::{check, exposure, forge, imported, project, register, store, yaml};

/// A leaf of the log: what is read is what would be written, and its content is the one that the header names.
pub fn entry(leaf: &[u8]) {
    let Ok((entry, content)) = Entry::decode(leaf) else {
        return;
    };
    if let Some(content) = content {
        assert!(content.len() <= INLINE_BYTES && content.len() as u64 == entry.size);
        assert!(Digest::of(content) == entry.content);
    }
    let written = entry
        .encode(content.unwrap_or_default())
        .expect("it was read");
    if content.is_some() {
        assert_eq!(Entry::decode(&written), Ok((entry, content)));
    }
}

/// A page of the forge: one line, which says the same when it is read again.
pub fn page(line: &[u8]) {
    let Some(page) = forge::Page::read(line) else {
        return;
    };
    let written = page.line().expect("it was read");
    assert_eq!(
        written.iter().position(|byte| *byte == b'\n'),
        Some(written.len() - 1)
    );
    let again = forge::Page::read(&written).expect("it was written");
    assert_eq!(again.line().expect("it was read"), written);
    assert_eq!(again.is_answer(), page.is_answer());
    let mut value = page.value();
    forge::withhold(&mut value);
    assert!(forge::withhold(&mut value).is_empty());
}

/// A register in TOML, the one of a number: heeded or refused, each fault with a line of the text.
pub fn register(number: u8, bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let kind = of_number(register::ALL, number);
    for fault in (kind.faults)(bytes) {
        assert!((fault.line as usize) <= lines, "{fault}");
    }
}

/// Settings and checks in TOML.
pub fn settings(bytes: &[u8]) {
    let _ = project::Settings::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = check::Check::load(text);
    }
}

fn of_number<T>(all: &[T], number: u8) -> &T {
    &all[usize::from(number) % all.len()]
}

/// YAML: within its limits, whatever aliases stand for.
pub fn yaml(bytes: &[u8]) {
    let Ok(documents) = yaml::documents(bytes) else {
        return;
    };
    for document in documents {
        assert!(document.lines.0 <= document.lines.1 || document.lines.1 == 0);
        assert!(depth(&document.root) <= 65);
    }
}

fn depth(node: &yaml::Node) -> usize {
    let below = match &node.value {
        yaml::Value::Scalar { .. } => 0,
        yaml::Value::List(list) => list.iter().map(depth).max().unwrap_or(0),
        yaml::Value::Map(entries) => entries
            .iter()
            .map(|(_, node)| depth(node))
            .max()
            .unwrap_or(0),
    };
    below + 1
}

/// A lock file, of the format of a number: packages in order, none twice, and the same each time.
pub fn lock_file(number: u8, bytes: &[u8]) {
    let pattern = of_number(&exposure::PATTERNS, number);
    let name = pattern
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .replace('*', "");
    let format = exposure::Format::of(&name).expect("each pattern is a lock file");
    if let Ok(locked) = format.read(bytes) {
        assert!(locked.packages.is_sorted_by(|a, b| a < b));
        assert!(format.read(bytes).is_ok_and(|again| again == locked));
    }
}

/// The patches of a history: a file that comes out has the hash that git says.
pub fn patches(bytes: &[u8]) {
    let mut files = BTreeMap::new();
    let (mut commits, mut text) = (0, bytes.len());
    let replayed = exposure::replay(bytes, &mut files, &mut |commit, _| {
        commits += 1;
        text = text.saturating_sub(commit.id.len());
        Ok(())
    });
    if replayed.is_ok() {
        assert!(commits <= bytes.len() / 40);
        assert!(files.len() <= bytes.len());
    }
}

/// A report of the tool of a number: one that lost its end is never read as a shorter one.
pub fn report(number: u8, bytes: &[u8]) {
    let (tool, name) = *of_number(&Tool::ALL, number);
    let Ok(report) = imported::read_report(tool, bytes) else {
        return;
    };
    assert!(report.findings.is_sorted_by(|a, b| a < b));
    let whole = bytes.trim_ascii_end();
    // Streams of several values end where the last one does.
    if !matches!(tool, Tool::Govulncheck | Tool::CargoDeny) {
        let cut = &whole[..whole.len() - 1];
        assert!(imported::read_report(tool, cut).is_err(), "{name}");
    }
}

/// Answers of a storage, and what a run staged there.
pub fn storage(bytes: &[u8]) {
    if let Some(code) = store::s3::answer::code_of(bytes) {
        assert!(!code.is_empty() && code.len() <= 64);
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        );
    }
    if let Some(tiles) = store::staged::unpack(bytes) {
        let packed = store::staged::pack(&tiles).expect("tiles are packed");
        assert_eq!(store::staged::unpack(&packed), Some(tiles));
    }
}

/// A small signed pack, and its files.
static PACK: LazyLock<(Vec<u8>, BTreeMap<String, Vec<u8>>, String)> = LazyLock::new(small_pack);

/// A pack that was changed on its way: refused, whatever was changed in it.
pub fn pack(edit: impl Fn(&[u8]) -> Vec<u8>) {
    let (original, files, key) = &*PACK;
    let edited = edit(original);
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("pack.zip");
    std::fs::write(&path, &edited).expect("there is room");
    let kept = Kept {
        key: key.parse().ok(),
        head: None,
        witnesses: Vec::new(),
    };
    let Ok(verified) = verify(&path, &kept, |_| {}) else {
        return assert!(edited != *original);
    };
    let archive = Archive::open(&path).expect("it was verified");
    let read = |name: &str| Some((name.to_owned(), archive.read(name).ok()?));
    let found: BTreeMap<_, _> = archive.names().filter_map(read).collect();
    let differs = verified.faults.iter().any(|fault| {
        // What the small pack has not is a fault of it, and none of the edit.
        !fault.contains("catalogue")
    });
    assert!(differs || found == *files, "{:?}", verified.faults);
}

fn small_pack() -> (Vec<u8>, BTreeMap<String, Vec<u8>>, String) {
    let name = KeyName::new("example.org/evidence").expect("it is a name");
    let signer = NoteSigner::from_seed(name, &[7; 32]).expect("it is a key");
    let key = signer.verifier().to_string();
    let folder = tempfile::tempdir().expect("there is room");
    let mut writer = Writer::create(folder.path(), signer).expect("there is room");
    for first in 0..3 {
        let program = "fuzz".to_owned();
        let kind = Kind::Run(RunEntry { program, first });
        let content = vec![b'x'; if first == 1 { 5000 } else { 5 }];
        writer
            .append(Timestamp::UNIX_EPOCH, kind, &content)
            .expect("it fits");
    }
    writer.commit().expect("there is room");
    let mut files = BTreeMap::new();
    for path in ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"] {
        let bytes = writer.files().read(path).expect("it was written");
        files.insert(format!("log/{path}"), bytes);
    }
    let root = String::from_utf8_lossy(&files["log/checkpoint"])
        .lines()
        .nth(2)
        .map(str::to_owned);
    let listed = files.iter().map(|(path, bytes)| {
        serde_json::json!({"path": path, "size": bytes.len(), "sha256": Digest::of(bytes).to_string()})
    });
    let manifest = serde_json::json!({
        "pack": 1, "program": "fuzz", "project": "p", "origin": "example.org/evidence", "key": key,
        "window": {"from": "1970-01-01T00:00:00Z", "to": "1970-02-01T00:00:00Z"},
        "as_of": "1970-01-02T00:00:00Z", "before": 3, "size": 3, "root": root,
        "files": listed.collect::<Vec<_>>(),
    });
    let json = manifest.to_string().into_bytes();
    let read: crate::pack::Manifest = serde_json::from_slice(&json).expect("it is a manifest");
    let note = writer.sign(read.note(&json)).expect("it can be signed");
    files.insert("manifest.json".to_owned(), json);
    files.insert("manifest.note".to_owned(), note.to_string().into_bytes());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in &files {
        zip.start_file(path.as_str(), SimpleFileOptions::default())
            .expect("it fits");
        zip.write_all(bytes).expect("it fits");
    }
    let zip = zip.finish().expect("it fits").into_inner();
    (zip, files, key)
}
