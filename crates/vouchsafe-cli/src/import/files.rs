//! The files to load, and their order.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file to load.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) packing: Packing,
    pub(super) stage: Stage,
    /// Its stored length in bytes.
    pub(super) bytes: u64,
    /// The identity of the file, whatever its path: device and inode.
    file: (u64, u64),
}

/// The content of a file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Form {
    /// One document: a bundle or a resource.
    Json,
    /// A resource in every line.
    Ndjson,
}

/// The packing of a file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Bzip2,
}

/// The stage in which a file is loaded, after all earlier stages.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// Organisations, locations and staff.
    Staff,
    /// Patients, to whom the other records refer.
    Patients,
    /// All other records.
    Rest,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Staff, Self::Patients, Self::Rest];

    fn of(stem: &str, form: Form) -> Self {
        // Synthea writes `0-hospitalInformation123.json`; exports write `Practitioner.000.ndjson`.
        let name = stem
            .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
            .to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
        match form {
            _ if begins(&["hospital", "practitioner", "organization"]) => Self::Staff,
            Form::Ndjson if begins(&["location", "healthcareservice"]) => Self::Staff,
            Form::Ndjson if begins(&["patient"]) => Self::Patients,
            Form::Json | Form::Ndjson => Self::Rest,
        }
    }
}

/// The files that were found to load.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) sources: Vec<Source>,
    /// Further paths of the same files.
    pub(super) same: u64,
    /// Other content of folders: files that are neither JSON nor NDJSON, links to folders, pipes.
    pub(super) others: u64,
}

/// The files at these paths, and in the folders among them, in the order of loading.
///
/// # Errors
/// If a path does not exist, or the name of a given file does not show its format.
pub(super) fn find(paths: &[PathBuf]) -> anyhow::Result<Found> {
    let mut sources = Vec::new();
    let mut others = 0;
    for path in paths {
        let metadata =
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            below(path, &mut sources, &mut others)?;
            continue;
        }
        // A file is read twice, first for its digest, so a pipe cannot be loaded.
        if !metadata.is_file() {
            anyhow::bail!("{} is no regular file", path.display());
        }
        let source = source(path, &metadata).with_context(|| {
            format!(
                "{} is neither .json nor .ndjson (plain, or packed as .gz or .bz2)",
                path.display()
            )
        })?;
        sources.push(source);
    }
    if sources.is_empty() {
        anyhow::bail!("no .json or .ndjson file (plain, .gz or .bz2) is there");
    }
    sources.sort_by(|a, b| (a.stage, &a.path).cmp(&(b.stage, &b.path)));
    // One file may have several paths: `x.json`, `./x.json`, a link.
    let mut seen = HashSet::new();
    let all = sources.len();
    sources.retain(|source| seen.insert((source.file, source.form, source.packing)));
    let same = (all - sources.len()) as u64;
    Ok(Found {
        sources,
        same,
        others,
    })
}

/// Adds the loadable files of a folder and its subfolders; other files are skipped and counted.
fn below(folder: &Path, sources: &mut Vec<Source>, others: &mut u64) -> anyhow::Result<()> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        // Links to folders are not followed: they may form a loop.
        let kind = entry.file_type().with_context(unreadable)?;
        if kind.is_dir() {
            below(&entry.path(), sources, others)?;
            continue;
        }
        let path = entry.path();
        if named(&path).is_none() {
            *others += 1;
            continue;
        }
        // Metadata of the target of a link: a dangling link is an error, not a silent skip.
        let metadata =
            std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        match source(&path, &metadata).filter(|_| metadata.is_file()) {
            Some(found) => sources.push(found),
            None => *others += 1,
        }
    }
    Ok(())
}

fn source(path: &Path, metadata: &Metadata) -> Option<Source> {
    let (form, packing, stage) = named(path)?;
    Some(Source {
        path: path.to_owned(),
        form,
        packing,
        stage,
        bytes: metadata.len(),
        file: (metadata.dev(), metadata.ino()),
    })
}

/// The format that the name of a file shows, whatever its encoding.
fn named(path: &Path) -> Option<(Form, Packing, Stage)> {
    let name = path.file_name()?.to_string_lossy();
    let parts = |name: &str| {
        let (stem, extension) = name.rsplit_once('.')?;
        Some((stem.to_owned(), extension.to_ascii_lowercase()))
    };
    let (rest, packing) = match parts(&name)? {
        (rest, extension) if extension == "gz" => (rest, Packing::Gzip),
        (rest, extension) if extension == "bz2" => (rest, Packing::Bzip2),
        _ => (name.into_owned(), Packing::Plain),
    };
    let (stem, extension) = parts(&rest)?;
    let form = match extension.as_str() {
        "json" => Form::Json,
        "ndjson" | "jsonl" => Form::Ndjson,
        _ => return None,
    };
    Some((form, packing, Stage::of(&stem, form)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<(Form, Packing, Stage)> {
        named(Path::new(name))
    }

    #[test]
    fn a_name_says_what_is_in_a_file() {
        use {Form::*, Packing::*, Stage::*};
        assert_eq!(found("a/b.json"), Some((Json, Plain, Rest)));
        assert_eq!(found("Patient.ndjson.gz"), Some((Ndjson, Gzip, Patients)));
        assert_eq!(
            found("Practitioner.000.ndjson"),
            Some((Ndjson, Plain, Staff))
        );
        assert_eq!(
            found("0-hospitalInformation16.json.bz2"),
            Some((Json, Bzip2, Staff))
        );
        assert_eq!(found("Patrick_Miller.json"), Some((Json, Plain, Rest)));
        assert_eq!(found("patient-1.json"), Some((Json, Plain, Rest)));
        assert_eq!(found("A.JSON"), Some((Json, Plain, Rest)));
        assert_eq!(found("Patient.NDJSON.GZ"), Some((Ndjson, Gzip, Patients)));
        for name in ["a.txt", "a.gz", "json", "a.json.zip", "README"] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn staff_comes_first_then_patients_then_all_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "b.json",
            "a.json.gz",
            "0-practitioner1.json",
            "hospital2.json",
            "Patient.ndjson",
            "Encounter.ndjson",
            "notes.txt",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "{}").unwrap();
        }
        std::fs::create_dir(folder.path().join("below")).unwrap();
        std::fs::write(folder.path().join("below/c.json"), "{}").unwrap();
        let found = find(&[folder.path().to_owned(), folder.path().join("b.json")]).unwrap();
        assert_eq!(found.others, 1);
        let names: Vec<_> = found
            .sources
            .iter()
            .map(|source| source.path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "0-practitioner1.json",
                "hospital2.json",
                "Patient.ndjson",
                "Encounter.ndjson",
                "a.json.gz",
                "b.json",
                "c.json"
            ]
        );
    }

    /// Names of older systems: Latin-1 is not UTF-8.
    #[test]
    fn a_name_in_another_encoding_is_found() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"M\xFCller.json");
        std::fs::write(folder.path().join(name), "{}").unwrap();
        std::fs::write(folder.path().join("good.json"), "{}").unwrap();
        let found = find(&[folder.path().to_owned()]).unwrap();
        assert_eq!(found.sources.len(), 2);
    }

    #[test]
    fn a_file_is_loaded_once_whatever_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, "{}").unwrap();
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let dotted = folder.path().join("./x.json");
        let found = find(&[path.clone(), dotted, link]).unwrap();
        assert_eq!((found.sources.len(), found.same), (1, 2));
        // With another extension it is another format.
        let lines = folder.path().join("x.ndjson");
        std::os::unix::fs::symlink(&path, &lines).unwrap();
        let found = find(&[path, lines]).unwrap();
        assert_eq!((found.sources.len(), found.same), (2, 0));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(&[folder.path().join("none.json")]).is_err());
        assert!(find(&[folder.path().to_owned()]).is_err());
        std::fs::write(folder.path().join("a.txt"), "").unwrap();
        assert!(find(&[folder.path().join("a.txt")]).is_err());
        // It neither waits for a pipe, nor skips a dangling link.
        let pipe = folder.path().join("pipe.json");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = find(&[pipe]).err().unwrap().to_string();
        assert!(error.contains("no regular file"), "{error}");
        let link = folder.path().join("gone.json");
        std::os::unix::fs::symlink(folder.path().join("elsewhere.json"), &link).unwrap();
        let error = find(&[folder.path().to_owned()]).err().unwrap().to_string();
        assert!(error.contains("gone.json"), "{error}");
    }
}
