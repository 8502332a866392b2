//! Files in folders.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata, ReadDir};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{DocumentName, Options, Problem};

/// How many bytes of names are held: some 200,000 files. A folder of more is read in parts, each of them sorted.
const NAMES: usize = 8 << 20;
/// What a folder may hold when the folders above it hold much.
const NAMES_AT_LEAST: usize = 16 << 10;

/// Device and number: what makes a file the same file.
type Id = (u64, u64);

/// What a walk comes upon.
pub(super) enum Found {
    /// Standard input.
    StandardInput,
    /// A file to be read.
    File(PathBuf, u64, Origin),
    /// Something that is not read.
    Problem(DocumentName, Problem),
    /// A file or folder that a pattern excludes.
    Excluded,
}

/// How a path became known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// An argument: read whatever it is.
    Given,
    /// An entry of a folder: read if it is a file.
    Listed,
}

/// The files of the arguments, in order, each once. It holds little: the names of the folders that it is in.
pub(super) struct Walk<'o> {
    options: &'o Options,
    arguments: std::slice::Iter<'o, PathBuf>,
    /// The folders among the arguments.
    roots: Vec<PathBuf>,
    stack: Vec<Folder>,
    /// Folders that were entered.
    entered: HashSet<Id>,
    /// Files that could be come upon again: by another name, by a link, by another argument.
    seen: HashSet<Id>,
    standard_input: bool,
}

impl<'o> Walk<'o> {
    pub(super) fn new(arguments: &'o [PathBuf], options: &'o Options) -> Self {
        let whole = arguments
            .iter()
            .filter_map(|path| fs::canonicalize(path).ok());
        Self {
            options,
            roots: whole.filter(|path| path.is_dir()).collect(),
            arguments: arguments.iter(),
            stack: Vec::new(),
            entered: HashSet::new(),
            seen: HashSet::new(),
            standard_input: false,
        }
    }

    fn argument(&mut self, path: &Path) -> Option<Found> {
        if path == Path::new("-") {
            let again = std::mem::replace(&mut self.standard_input, true);
            return (!again).then_some(Found::StandardInput);
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.enter(path.into(), &metadata),
            Ok(metadata) if metadata.file_type().is_socket() => problem(path, Problem::Socket),
            Ok(metadata) => self.pointed_at(path.into(), &metadata, Origin::Given),
            Err(error) => problem(path, Problem::of_error(&error)),
        }
    }

    /// Enters a folder, unless it was entered before.
    fn enter(&mut self, path: PathBuf, metadata: &Metadata) -> Option<Found> {
        if !self.entered.insert(id(metadata)) {
            return None;
        }
        match fs::read_dir(&path) {
            Ok(entries) => {
                self.stack.push(Folder::new(path, id(metadata), entries));
                None
            }
            Err(error) => problem(&path, Problem::of_error(&error)),
        }
    }

    /// A file that an argument or a link leads to. In a folder that is walked, the walk comes upon it itself.
    fn pointed_at(&mut self, path: PathBuf, metadata: &Metadata, origin: Origin) -> Option<Found> {
        if metadata.is_file() {
            let whole = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            let folder = whole.parent().and_then(|folder| fs::metadata(folder).ok());
            let walked = folder.is_some_and(|folder| self.entered.contains(&id(&folder)));
            if walked && !self.excludes(&whole) || !self.seen.insert(id(metadata)) {
                return None;
            }
        }
        Some(Found::File(path, metadata.len(), origin))
    }

    fn entry(&mut self, path: PathBuf) -> Option<Found> {
        if self.excludes(&path) {
            return Some(Found::Excluded);
        }
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return problem(&path, Problem::of_error(&error)),
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            return self.link(path);
        }
        if kind.is_dir() {
            return self.enter(path, &metadata);
        }
        if !kind.is_file() {
            return problem(&path, no_file(kind));
        }
        // Most files have one name and no link: what is remembered stays small.
        let again = if metadata.nlink() > 1 {
            !self.seen.insert(id(&metadata))
        } else {
            self.seen.contains(&id(&metadata))
        };
        (!again).then_some(Found::File(path, metadata.len(), Origin::Listed))
    }

    fn link(&mut self, path: PathBuf) -> Option<Found> {
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return problem(&path, Problem::DanglingLink);
            }
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return problem(&path, Problem::LinkLoop);
            }
            Err(error) => return problem(&path, Problem::of_error(&error)),
        };
        let kind = metadata.file_type();
        if kind.is_file() {
            return self.pointed_at(path, &metadata, Origin::Listed);
        }
        if !kind.is_dir() {
            return problem(&path, no_file(kind));
        }
        if self.stack.iter().any(|folder| folder.id == id(&metadata)) {
            return problem(&path, Problem::LinkLoop);
        }
        let whole = fs::canonicalize(&path).ok();
        let covered =
            whole.is_some_and(|path| self.roots.iter().any(|root| path.starts_with(root)));
        if covered || self.entered.contains(&id(&metadata)) {
            return None;
        }
        problem(&path, Problem::LinkElsewhere)
    }

    fn excludes(&self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        self.options.exclude.iter().any(|glob| glob.matches(path))
    }
}

impl Iterator for Walk<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let held: usize = self.stack.iter().map(|folder| folder.names.len()).sum();
            let found = match self.stack.last_mut() {
                Some(folder) => match folder.next(NAMES.saturating_sub(held)) {
                    Some(Ok(path)) => self.entry(path),
                    Some(Err(error)) => problem(&folder.path, Problem::of_error(&error)),
                    None => {
                        self.stack.pop();
                        None
                    }
                },
                None => {
                    let path = self.arguments.next()?;
                    self.argument(path)
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

/// A folder that is being walked.
struct Folder {
    path: PathBuf,
    id: Id,
    /// What was not listed yet.
    entries: Option<ReadDir>,
    /// Names that were, one after another, and where they end.
    names: Vec<u8>,
    sorted: std::vec::IntoIter<(usize, usize)>,
}

impl Folder {
    fn new(path: PathBuf, id: Id, entries: ReadDir) -> Self {
        Self {
            path,
            id,
            entries: Some(entries),
            names: Vec::new(),
            sorted: Vec::new().into_iter(),
        }
    }

    /// The next entry; up to so many bytes of names may be held.
    fn next(&mut self, room: usize) -> Option<io::Result<PathBuf>> {
        if self.sorted.len() == 0
            && let Err(error) = self.list(room.max(NAMES_AT_LEAST))
        {
            return Some(Err(error));
        }
        let (start, end) = self.sorted.next()?;
        let name = self.names.get(start..end).unwrap_or_default();
        Some(Ok(self.path.join(OsStr::from_bytes(name))))
    }

    /// Lists names until they fill the room.
    fn list(&mut self, room: usize) -> io::Result<()> {
        self.names.clear();
        let Some(mut entries) = self.entries.take() else {
            return Ok(());
        };
        let mut places = Vec::new();
        let mut failed = None;
        for entry in &mut entries {
            match entry {
                Ok(entry) => {
                    let start = self.names.len();
                    self.names.extend_from_slice(entry.file_name().as_bytes());
                    places.push((start, self.names.len()));
                }
                // What was listed so far is read all the same.
                Err(error) => failed = Some(error),
            }
            if self.names.len() >= room {
                self.entries = Some(entries);
                break;
            }
            if failed.is_some() {
                break;
            }
        }
        let name = |place: &(usize, usize)| self.names.get(place.0..place.1);
        places.sort_unstable_by(|a, b| name(a).cmp(&name(b)));
        self.names.shrink_to_fit();
        self.sorted = places.into_iter();
        failed.map_or(Ok(()), Err)
    }
}

fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}

fn no_file(kind: FileType) -> Problem {
    if kind.is_socket() {
        Problem::Socket
    } else if kind.is_fifo() {
        Problem::Pipe
    } else {
        Problem::Device
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what a walk finds is returned as it is"
)]
fn problem(path: &Path, problem: Problem) -> Option<Found> {
    Some(Found::Problem(DocumentName::of_path(path), problem))
}
