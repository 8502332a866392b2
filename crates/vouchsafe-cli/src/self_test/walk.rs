//! Files below a folder, with a list of those that were not seen.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The result of a walk.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Plain files, sorted.
    pub(super) files: Vec<PathBuf>,
    /// Paths that were not walked, with the reason.
    pub(super) left_out: Vec<(PathBuf, &'static str)>,
}

/// Walks through a file or folder. A link is followed if it is the path itself, but never below it.
pub(super) fn walk(path: &Path) -> Walk {
    let mut walk = Walk::default();
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => walk.folder(path),
        Ok(about) if about.is_file() => walk.files.push(path.to_owned()),
        Ok(_) => walk.leave_out(path, "is neither a file nor a folder"),
        Err(error) if error.kind() == ErrorKind::NotFound => walk.leave_out(path, "is not there"),
        Err(_) => walk.leave_out(path, "cannot be read"),
    }
    walk.files.sort();
    walk.left_out.sort();
    walk
}

impl Walk {
    fn folder(&mut self, path: &Path) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.unless_gone(path, &error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.below(&entry.path()),
                Err(error) => self.unless_gone(path, &error),
            }
        }
    }

    fn below(&mut self, path: &Path) {
        match fs::symlink_metadata(path) {
            Ok(about) if about.is_dir() => self.folder(path),
            Ok(about) if about.is_file() => self.files.push(path.to_owned()),
            Ok(about) if about.is_symlink() => self.leave_out(path, "is a link, and not followed"),
            // Sockets and pipes hold nothing.
            Ok(_) => {}
            Err(error) => self.unless_gone(path, &error),
        }
    }

    /// A running service creates and removes files: a file that has been removed does not end the walk.
    fn unless_gone(&mut self, path: &Path, error: &std::io::Error) {
        if error.kind() != ErrorKind::NotFound {
            self.leave_out(path, "cannot be read");
        }
    }

    fn leave_out(&mut self, path: &Path, why: &'static str) {
        self.left_out.push((path.to_owned(), why));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_told_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        fs::write(at("b/file"), "x").unwrap();
        fs::write(at("a"), "x").unwrap();
        symlink(at("a"), at("c")).unwrap();
        symlink("/nowhere", at("b/gone")).unwrap();
        let walked = walk(folder.path());
        assert_eq!(walked.files, [at("a"), at("b/file")]);
        let left_out: Vec<_> = walked.left_out.iter().map(|(path, _)| path).collect();
        assert_eq!(left_out, [&at("b/gone"), &at("c")]);
        // The path itself may be a link.
        assert_eq!(walk(&at("c")).files, [at("c")]);
        assert_eq!(walk(&at("none")).left_out, [(at("none"), "is not there")]);
    }

    #[test]
    fn what_vanishes_during_a_walk_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut walked = Walk::default();
        walked.below(&folder.path().join("wal"));
        walked.folder(&folder.path().join("tile"));
        assert!(walked.files.is_empty() && walked.left_out.is_empty());
        // A file in the place of a folder is an error.
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        walked.folder(&file);
        assert_eq!(walked.left_out, [(file, "cannot be read")]);
    }
}
