//! The files of known values and of their key.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};

use super::{KnownValues, Tag};
use crate::class::Class;

/// The length of a key.
pub const KEY_BYTES: usize = 32;
/// The first line of a file of known values.
const HEAD: &str = "vouchsafe-scan-known/1";
/// What the key signs, so that a file says which key it needs.
const CHECK: &str = "vouchsafe-scan known values: the key";
/// More values than this are refused: they would take more memory than a scan may.
const MOST_VALUES: usize = 1_000_000;
/// The bytes of a line of known values, at most.
const LONGEST_LINE: u64 = 256;

/// Why known values, or their key, cannot be read or written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KnownError {
    /// The system does not let it be read or written.
    #[error("cannot be opened: {0}")]
    Io(io::ErrorKind),
    /// It exists.
    #[error("exists already; it is not written over")]
    Exists,
    /// Others may read it.
    #[error("others than its owner may read it; chmod 600")]
    Open,
    /// It is in the work tree of a repository.
    #[error("is inside a git work tree; keep it elsewhere")]
    InRepository,
    /// The key is not one.
    #[error("is no key: 64 hexadecimal digits on one line")]
    NotAKey,
    /// The file is not one of known values.
    #[error("is no file of known values of version 1")]
    NotKnownValues,
    /// The values were made with another key.
    #[error("was made with another key")]
    OtherKey,
    /// There are too many.
    #[error("holds more than 1,000,000 values")]
    TooMany,
}

impl From<io::Error> for KnownError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists,
            kind => Self::Io(kind),
        }
    }
}

/// Makes a key, and writes it to a new file that its owner alone may read.
///
/// # Errors
/// When the file exists, is inside a git work tree, or cannot be written.
pub fn new_key(path: &Path) -> Result<(), KnownError> {
    refuse_repository(path)?;
    let mut key = [0; KEY_BYTES];
    rand::fill(&mut key).map_err(|_| KnownError::Io(io::ErrorKind::Other))?;
    let mut file = private(path)?;
    writeln!(file, "{}", hex(&key))?;
    file.sync_all()?;
    Ok(())
}

/// Reads a key.
///
/// # Errors
/// When it cannot be read, is none, is inside a git work tree, or others may read it.
pub fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], KnownError> {
    refuse_repository(path)?;
    let mut text = String::new();
    owned(path)?
        .take(1024)
        .read_to_string(&mut text)
        .map_err(|_| KnownError::NotAKey)?;
    let key = unhex(text.trim()).ok_or(KnownError::NotAKey)?;
    key.try_into().map_err(|_| KnownError::NotAKey)
}

impl KnownValues {
    /// Reads known values that were made with a key.
    ///
    /// # Errors
    /// When the file cannot be read, is none, was made with another key, or others may read it.
    pub fn read(path: &Path, key: &[u8; KEY_BYTES]) -> Result<Self, KnownError> {
        refuse_repository(path)?;
        let mut known = Self::new(key);
        let mut file = BufReader::new(owned(path)?);
        let mut next = || line(&mut file);
        let head = next()?.ok_or(KnownError::NotKnownValues)?;
        let head: Vec<&str> = head.split(' ').collect();
        let [HEAD, check, words, count] = *head.as_slice() else {
            return Err(KnownError::NotKnownValues);
        };
        let check = unhex(check).ok_or(KnownError::NotKnownValues)?;
        hmac::verify(&known.key, CHECK.as_bytes(), &check).map_err(|_| KnownError::OtherKey)?;
        known.words = words
            .parse()
            .ok()
            .filter(|words| (1..=super::MOST_WORDS).contains(words))
            .ok_or(KnownError::NotKnownValues)?;
        while let Some(line) = next()? {
            let (tag, class) = value(&line).ok_or(KnownError::NotKnownValues)?;
            known.values.insert(tag, class);
            if known.values.len() > MOST_VALUES {
                return Err(KnownError::TooMany);
            }
        }
        match count.parse() == Ok(known.values.len()) {
            true => Ok(known),
            false => Err(KnownError::NotKnownValues),
        }
    }

    /// Writes them to a file that its owner alone may read; one that is there is replaced whole.
    ///
    /// # Errors
    /// When the file is inside a git work tree or cannot be written, or there are too many values.
    pub fn write(&self, path: &Path) -> Result<(), KnownError> {
        refuse_repository(path)?;
        if self.values.len() > MOST_VALUES {
            return Err(KnownError::TooMany);
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        // A run that was killed may have left one.
        drop(std::fs::remove_file(&beside));
        let written = self.write_to(&beside);
        let moved = written.and_then(|()| Ok(std::fs::rename(&beside, path)?));
        if moved.is_err() {
            // What was half written holds hashes of values.
            drop(std::fs::remove_file(&beside));
        }
        moved
    }

    fn write_to(&self, path: &Path) -> Result<(), KnownError> {
        let mut out = BufWriter::new(private(path)?);
        let check = hmac::sign(&self.key, CHECK.as_bytes());
        let (check, words, count) = (hex(check.as_ref()), self.words, self.values.len());
        writeln!(out, "{HEAD} {check} {words} {count}")?;
        // In order of their hashes: the order in which they were learned says something of them.
        let mut values: Vec<_> = self.values.iter().collect();
        values.sort_unstable_by_key(|(tag, _)| **tag);
        for (tag, class) in values {
            writeln!(out, "{} {class}", hex(tag))?;
        }
        let file = out
            .into_inner()
            .map_err(|error| KnownError::from(error.into_error()))?;
        file.sync_all()?;
        Ok(())
    }
}

/// The next line, if there is one. What is no file of known values takes no memory, whatever the length of its lines.
fn line(file: &mut impl io::BufRead) -> Result<Option<String>, KnownError> {
    let mut line = String::new();
    let read = file.by_ref().take(LONGEST_LINE).read_line(&mut line);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => KnownError::NotKnownValues,
        kind => KnownError::Io(kind),
    })?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(Some(line.to_owned())),
        None if line.is_empty() => Ok(None),
        None => Err(KnownError::NotKnownValues),
    }
}

fn value(line: &str) -> Option<(Tag, Class)> {
    let (tag, class) = line.split_once(' ')?;
    Some((unhex(tag)?.try_into().ok()?, Class::parse(class)?))
}

/// A new file that its owner alone may read.
fn private(path: &Path) -> Result<File, KnownError> {
    Ok(OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?)
}

/// A file that its owner alone may read.
fn owned(path: &Path) -> Result<File, KnownError> {
    let file = File::open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(KnownError::Open);
    }
    Ok(file)
}

/// Refuses a path inside a git work tree: what is there is committed sooner or later.
fn refuse_repository(path: &Path) -> Result<(), KnownError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Where a link leads counts.
    let whole = path.canonicalize().or_else(|_| folder.canonicalize())?;
    let folder = match whole.is_dir() {
        true => whole.as_path(),
        false => whole.parent().unwrap_or(&whole),
    };
    match folder
        .ancestors()
        .any(|folder| folder.join(".git").exists())
    {
        true => Err(KnownError::InRepository),
        false => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.len() > 128 {
        return None;
    }
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::known::Learned;

    #[test]
    fn known_values_are_read_back_with_their_key_and_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (key_file, file) = (folder.path().join("key"), folder.path().join("known"));
        new_key(&key_file).unwrap();
        assert_eq!(new_key(&key_file), Err(KnownError::Exists));
        let key = read_key(&key_file).unwrap();
        let mut known = KnownValues::new(&key);
        assert_eq!(known.learn(Class::Name, b"Qorvanth Ylleem"), Learned::Added);
        known.write(&file).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.to_lowercase().contains("qorvanth") && !text.contains("ylleem"));
        assert_eq!(KnownValues::read(&file, &key).unwrap().len(), 1);
        assert_eq!(
            KnownValues::read(&file, &[0; KEY_BYTES]).unwrap_err(),
            KnownError::OtherKey
        );
    }

    #[test]
    fn files_that_others_may_read_and_files_in_a_repository_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        new_key(&file).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read_key(&file), Err(KnownError::Open));
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(
            new_key(&folder.path().join("other")),
            Err(KnownError::InRepository)
        );
        let known = KnownValues::new(&[0; KEY_BYTES]);
        assert_eq!(
            known.write(&folder.path().join("known")),
            Err(KnownError::InRepository)
        );
    }

    #[test]
    fn damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known");
        let key = [3; KEY_BYTES];
        let mut known = KnownValues::new(&key);
        known.learn(Class::Name, b"Qorvanth Ylleem");
        known.write(&file).unwrap();
        let whole = std::fs::read_to_string(&file).unwrap();
        for damaged in [
            String::new(),
            whole.replace("known/1", "known/2"),
            whole.replace(" name", " nam"),
            format!("{whole}x\n"),
            whole.lines().next().unwrap().to_owned() + "\n",
            "x".repeat(1 << 20),
        ] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(
                KnownValues::read(&file, &key).unwrap_err(),
                KnownError::NotKnownValues
            );
        }
    }
}
