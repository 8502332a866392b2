//! Which files are loaded, and in which order.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file to load.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) packing: Packing,
    pub(super) stage: Stage,
    /// Its length as it lies there.
    pub(super) bytes: u64,
}

/// What is in a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// One document: a bundle or a resource.
    Json,
    /// A resource in every line.
    Ndjson,
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Bzip2,
}

/// When a file is loaded: after all of the stages before.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// Organisations, places and staff.
    Staff,
    /// Patients, to whom the rest refers.
    Patients,
    /// The rest.
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

/// The files at these paths, and in the folders among them, in the order of loading.
///
/// # Errors
/// When a path is not there, or a file that was named has a name that says nothing.
pub(super) fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in paths {
        let metadata =
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            below(path, &mut sources)?;
            continue;
        }
        // A file is read twice, first for its digest: what can be read once is none.
        if !metadata.is_file() {
            anyhow::bail!("{} is no regular file", path.display());
        }
        let source = source(path, metadata.len()).with_context(|| {
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
    sources.dedup_by(|a, b| a.path == b.path);
    Ok(sources)
}

/// Adds what can be loaded of a folder and the folders in it; other files are passed over.
fn below(folder: &Path, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        // Links to folders are not followed: they may lead round in circles.
        let kind = entry.file_type().with_context(unreadable)?;
        if kind.is_dir() {
            below(&entry.path(), sources)?;
            continue;
        }
        let path = entry.path();
        let Some(found) = source(&path, 0) else {
            continue;
        };
        // Of a link, of the file that it leads to: one that leads nowhere is nothing to pass over in silence.
        let metadata =
            std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let bytes = metadata.len();
        sources.extend(metadata.is_file().then_some(Source { bytes, ..found }));
    }
    Ok(())
}

fn source(path: &Path, bytes: u64) -> Option<Source> {
    let name = path.file_name()?.to_str()?;
    let parts = |name: &str| {
        let (stem, extension) = name.rsplit_once('.')?;
        Some((stem.to_owned(), extension.to_ascii_lowercase()))
    };
    let (rest, packing) = match parts(name)? {
        (rest, extension) if extension == "gz" => (rest, Packing::Gzip),
        (rest, extension) if extension == "bz2" => (rest, Packing::Bzip2),
        _ => (name.to_owned(), Packing::Plain),
    };
    let (stem, extension) = parts(&rest)?;
    let form = match extension.as_str() {
        "json" => Form::Json,
        "ndjson" | "jsonl" => Form::Ndjson,
        _ => return None,
    };
    Some(Source {
        path: path.to_owned(),
        form,
        packing,
        stage: Stage::of(&stem, form),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<(Form, Packing, Stage)> {
        source(Path::new(name), 1).map(|source| (source.form, source.packing, source.stage))
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
        let names: Vec<_> = found
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

    #[test]
    fn what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(&[folder.path().join("none.json")]).is_err());
        assert!(find(&[folder.path().to_owned()]).is_err());
        std::fs::write(folder.path().join("a.txt"), "").unwrap();
        assert!(find(&[folder.path().join("a.txt")]).is_err());
        // Neither does it wait for what comes out of a pipe, nor pass over a link that leads nowhere.
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
