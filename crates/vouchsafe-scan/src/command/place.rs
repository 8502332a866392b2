//! Where documents are: names that stay the same in another checkout, and however the arguments were written.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use crate::source::DocumentName;

/// What standard input is called.
pub(super) const STANDARD_INPUT: &[u8] = b"standard input";

/// The name of a document as reports have it: as it was given or found, without `./` before it.
pub(super) fn name_of(document: &DocumentName) -> &[u8] {
    name_of_path(document.as_bytes())
}

/// The name of a path that was given.
pub(super) fn name_of_path(path: &[u8]) -> &[u8] {
    if path == b"-" {
        return STANDARD_INPUT;
    }
    let mut name = path;
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    match name {
        b"" => path,
        name => name,
    }
}

/// Tells where documents are from their names.
#[derive(Debug)]
pub(super) struct Places {
    working: PathBuf,
    /// Arguments, and where they lead from the root.
    sources: HashMap<Vec<u8>, PathBuf>,
}

impl Places {
    /// For the paths that were given.
    pub(super) fn new(paths: &[PathBuf]) -> Self {
        let working = std::env::current_dir().unwrap_or_default();
        Self::below(paths, working)
    }

    fn below(paths: &[PathBuf], working: PathBuf) -> Self {
        let source = |path: &PathBuf| {
            let name = name_of_path(path.as_os_str().as_bytes());
            let name = match name.iter().rposition(|byte| *byte != b'/') {
                Some(last) => name.get(..=last).unwrap_or_default(),
                None => name,
            };
            (name.to_vec(), whole(path, &working))
        };
        let sources = paths.iter().map(source).collect();
        Self { working, sources }
    }

    /// The name from the folder on, where the document is below it; else with `./` from the working folder on, where it
    /// is below that; else from the root. So a baseline is the same for `.`, `logs` and `/srv/app/logs`, and in another
    /// checkout.
    pub(super) fn from(&self, folder: &Path, name: &[u8]) -> Vec<u8> {
        if name == STANDARD_INPUT {
            return name.to_vec();
        }
        let path = self.whole(name);
        let below = |path: &Path, folder: &Path| {
            let rest = path.strip_prefix(folder).ok()?;
            Some(rest.as_os_str().as_bytes().to_vec())
        };
        if let Some(rest) = below(&path, folder) {
            return rest;
        }
        match below(&path, &self.working) {
            Some(rest) => [b"./", rest.as_slice()].concat(),
            None => path.into_os_string().into_vec(),
        }
    }

    /// The folder of a file, from the root.
    pub(super) fn folder(&self, file: &Path) -> PathBuf {
        let file = whole(file, &self.working);
        file.parent().unwrap_or(&self.working).to_owned()
    }

    /// The working folder.
    pub(super) fn working(&self) -> &Path {
        &self.working
    }

    fn whole(&self, name: &[u8]) -> PathBuf {
        // The longest argument that the name begins with.
        let ends = name.iter().enumerate().rev();
        let ends = ends.filter(|(_, byte)| matches!(byte, b'/' | b'!'));
        for end in std::iter::once(name.len()).chain(ends.map(|(end, _)| end)) {
            let (front, rest) = name.split_at(end);
            if let Some(source) = self.sources.get(front) {
                let mut path = source.as_os_str().as_bytes().to_vec();
                path.extend_from_slice(rest);
                return PathBuf::from(OsStr::from_bytes(&path));
            }
        }
        self.working.join(OsStr::from_bytes(name))
    }
}

/// A path from the root, without `.` and `..`. Links stay what they are called, unless only what they lead to is below
/// the working folder.
fn whole(path: &Path, working: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in working.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(whole.pop()),
            component => whole.push(component),
        }
    }
    if whole.starts_with(working) {
        return whole;
    }
    match path.canonicalize() {
        Ok(real) if real.starts_with(working) => real,
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(paths: &[&str]) -> Places {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        Places::below(&paths, PathBuf::from("/ci/build-7"))
    }

    fn from(folder: &str, paths: &[&str], name: &str) -> String {
        let place = places(paths).from(Path::new(folder), name_of_path(name.as_bytes()));
        String::from_utf8(place).unwrap()
    }

    #[test]
    fn a_place_does_not_depend_on_how_the_path_was_written() {
        for (path, name) in [
            (".", "./logs/a.log"),
            ("./logs", "./logs/a.log"),
            ("logs/", "logs/a.log"),
            ("/ci/build-7/logs", "/ci/build-7/logs/a.log"),
            ("/ci/build-7", "/ci/build-7/logs/a.log"),
            ("../build-7/logs/", "../build-7/logs/a.log"),
            ("logs/a.log", "logs/a.log"),
        ] {
            assert_eq!(from("/ci/build-7", &[path], name), "logs/a.log", "{path}");
        }
        assert_eq!(
            from("/ci/build-7", &["b.tar"], "b.tar!/x/../y"),
            "b.tar!/x/../y"
        );
    }

    #[test]
    fn places_elsewhere_are_named_from_the_working_folder_or_the_root() {
        assert_eq!(from("/ci/cache", &["."], "./a.log"), "./a.log");
        assert_eq!(
            from("/ci/build-7", &["/var/log"], "/var/log/x"),
            "/var/log/x"
        );
        assert_eq!(from("/ci", &["."], "./a.log"), "build-7/a.log");
        assert_eq!(from("/ci", &["-"], "-"), "standard input");
    }
}
