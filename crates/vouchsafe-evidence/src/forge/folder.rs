//! The folder of saved pages. It is all the state that there is.
//!
//! INVARIANT (whole-files): a file `*.jsonl` is whole and never written again. A run writes `*.part`, which becomes
//! `*.jsonl` when the run ends; what a broken run left is cut after its last whole line and taken over by the next.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::CollectError;
use super::page::Page;

/// A file is closed when it has grown to this.
const FILE_BYTES: u64 = 8 << 20;
/// A line with more is none of ours.
const LINE_BYTES: u64 = 64 << 20;
/// The name of the file that keeps a second start out.
const LOCK: &str = ".lock";

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: PathBuf,
    /// What the names of new files begin with.
    stem: String,
    files: u32,
    part: Option<Part>,
    known: BTreeMap<(String, String), Place>,
    /// What was found that does not count.
    pub(crate) odd: Vec<String>,
    /// Names of the files of this run.
    pub(crate) written: Vec<String>,
    // Held until the end of the run.
    _lock: File,
}

#[derive(Debug)]
struct Part {
    file: File,
    path: PathBuf,
    bytes: u64,
}

/// Where a page stands.
#[derive(Clone, Debug)]
struct Place {
    file: Arc<Path>,
    offset: u64,
    bytes: u64,
    at: Timestamp,
}

impl Folder {
    /// Opens a folder, in which names of new files begin with a stem; makes it where there is none, and reads what is in it.
    ///
    /// # Errors
    /// When it cannot be used, or another start uses it.
    pub(crate) fn open(folder: &Path, stem: &str, now: Timestamp) -> Result<Self, CollectError> {
        let failed = |error| CollectError::Folder {
            folder: folder.to_path_buf(),
            error,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CollectError::InUse {
                    folder: folder.to_path_buf(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut opened = Self {
            folder: folder.to_path_buf(),
            stem: format!("{stem}-{}", now.strftime("%Y%m%dT%H%M%SZ")),
            files: 0,
            part: None,
            known: BTreeMap::new(),
            odd: Vec::new(),
            written: Vec::new(),
            _lock: lock,
        };
        opened.take_over().map_err(failed)?;
        for path in opened.files_with("jsonl").map_err(failed)? {
            opened.index(&path).map_err(failed)?;
        }
        Ok(opened)
    }

    /// The last page that was saved for a path and query.
    pub(crate) fn last(&self, path: &str, query: &str) -> Option<Page> {
        let place = self.known.get(&(path.to_owned(), query.to_owned()))?;
        let mut file = File::open(&place.file).ok()?;
        file.seek(SeekFrom::Start(place.offset)).ok()?;
        let mut line = Vec::new();
        file.take(place.bytes).read_to_end(&mut line).ok()?;
        Page::read(&line)
    }

    /// Saves a page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn append(&mut self, page: &Page) -> std::io::Result<()> {
        let line = page.line().map_err(std::io::Error::other)?;
        if self
            .part
            .as_ref()
            .is_some_and(|part| part.bytes >= FILE_BYTES)
        {
            self.close()?;
        }
        let part = match &mut self.part {
            Some(part) => part,
            None => self
                .part
                .insert(begin(&self.folder, &self.stem, &mut self.files)?),
        };
        part.file.write_all(&line)?;
        let place = Place {
            file: Arc::from(part.path.as_path()),
            offset: part.bytes,
            bytes: line.len() as u64,
            at: page.at,
        };
        part.bytes += place.bytes;
        self.known
            .insert((page.path.clone(), page.query.clone()), place);
        Ok(())
    }

    /// Ends the file that is being written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn close(&mut self) -> std::io::Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        part.file.sync_all()?;
        let whole = part.path.with_extension("jsonl");
        fs::rename(&part.path, &whole)?;
        let old: Arc<Path> = Arc::from(part.path.as_path());
        let new: Arc<Path> = Arc::from(whole.as_path());
        for place in self.known.values_mut() {
            if place.file == old {
                place.file = Arc::clone(&new);
            }
        }
        let name = whole.file_name().unwrap_or_default();
        self.written.push(name.to_string_lossy().into_owned());
        File::open(&self.folder)?.sync_all()
    }

    /// Cuts what broken runs left after the last whole line, and makes whole files of it.
    fn take_over(&mut self) -> std::io::Result<()> {
        for path in self.files_with("part")? {
            let mut whole = 0;
            each_line(&path, |_, line| {
                if Page::read(line).is_none() {
                    return false;
                }
                whole += line.len() as u64;
                true
            })?;
            let file = OpenOptions::new().write(true).open(&path)?;
            let bytes = file.metadata()?.len();
            if bytes != whole {
                self.odd.push(format!(
                    "{}: {} bytes after its last whole page do not count: a run was broken off",
                    path.display(),
                    bytes - whole
                ));
                file.set_len(whole)?;
            }
            file.sync_all()?;
            if whole == 0 {
                fs::remove_file(&path)?;
            } else {
                let mut free = path.with_extension("jsonl");
                while free.exists() {
                    free.set_extension("again.jsonl");
                }
                fs::rename(&path, free)?;
            }
        }
        Ok(())
    }

    fn index(&mut self, path: &Path) -> std::io::Result<()> {
        let file: Arc<Path> = Arc::from(path);
        let mut odd = 0_u64;
        let known = &mut self.known;
        each_line(path, |offset, line| {
            let Some(page) = Page::read(line) else {
                odd += 1;
                return true;
            };
            let place = Place {
                file: Arc::clone(&file),
                offset,
                bytes: line.len() as u64,
                at: page.at,
            };
            let key = (page.path, page.query);
            if known.get(&key).is_none_or(|earlier| earlier.at <= place.at) {
                known.insert(key, place);
            }
            true
        })?;
        if odd > 0 {
            self.odd.push(format!(
                "{}: {odd} lines are no pages and do not count",
                path.display()
            ));
        }
        Ok(())
    }

    fn files_with(&self, extension: &str) -> std::io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }
}

/// Begins a file that is not there yet.
fn begin(folder: &Path, stem: &str, files: &mut u32) -> std::io::Result<Part> {
    loop {
        *files += 1;
        let path = folder.join(format!("{stem}-{files:03}.part"));
        if path.with_extension("jsonl").exists() {
            continue;
        }
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)?;
        return Ok(Part {
            file,
            path,
            bytes: 0,
        });
    }
}

/// Hands over each line with its line feed, and where it begins, until told to stop. What follows the last line feed is
/// handed over too: it is no page, as the end of its JSON is missing or it was never ended.
fn each_line(path: &Path, mut take: impl FnMut(u64, &[u8]) -> bool) -> std::io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut offset, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let count = (&mut reader)
            .take(LINE_BYTES)
            .read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            // A whole page without its line feed may still be cut within a number: it does not count.
            line.truncate(0);
        }
        if !take(offset, &line) {
            return Ok(());
        }
        offset += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, at: i64) -> Page {
        let line = format!(
            r#"{{"page":1,"method":"GET","path":"{path}","query":"","status":200,"at":"{}","headers":{{}},"complete":true,"body":[]}}"#,
            Timestamp::from_second(at).unwrap()
        );
        Page::read(line.as_bytes()).unwrap()
    }

    fn open(folder: &Path, now: i64) -> Result<Folder, CollectError> {
        Folder::open(folder, "github-o-r", Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn what_a_broken_run_left_counts_up_to_its_last_whole_line() {
        let whole = tempfile::tempdir().unwrap();
        let mut folder = open(whole.path(), 1).unwrap();
        folder.append(&page("/a", 1)).unwrap();
        folder.append(&page("/b", 1)).unwrap();
        drop(folder);
        let part = whole.path().join("github-o-r-19700101T000001Z-001.part");
        let bytes = fs::read(&part).unwrap();
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // Broken off after every byte.
        for length in 0..=bytes.len() {
            let broken = tempfile::tempdir().unwrap();
            let part = broken.path().join(part.file_name().unwrap());
            fs::write(&part, bytes.get(..length).unwrap()).unwrap();
            let folder = open(broken.path(), 2).unwrap();
            assert_eq!(folder.last("/a", "").is_some(), length >= first, "{length}");
            assert_eq!(
                folder.last("/b", "").is_some(),
                length == bytes.len(),
                "{length}"
            );
            let whole_lines = length == 0 || length == first || length == bytes.len();
            assert_eq!(folder.odd.is_empty(), whole_lines, "{length}");
            assert!(!part.exists());
        }
    }

    #[test]
    fn two_starts_at_once_are_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), 1).unwrap();
        assert!(matches!(
            open(folder.path(), 1),
            Err(CollectError::InUse { .. })
        ));
        drop(first);
        open(folder.path(), 1).unwrap();
    }

    #[test]
    fn the_page_that_was_asked_last_is_the_one() {
        let path = tempfile::tempdir().unwrap();
        for now in [5, 5, 3] {
            let mut folder = open(path.path(), now).unwrap();
            folder.append(&page("/a", now)).unwrap();
            folder.close().unwrap();
            assert_eq!(folder.last("/a", "").unwrap().at.as_second(), now);
        }
        let folder = open(path.path(), 9).unwrap();
        assert_eq!(folder.last("/a", "").unwrap().at.as_second(), 5);
        assert_eq!(folder.files_with("jsonl").unwrap().len(), 3);
    }
}
