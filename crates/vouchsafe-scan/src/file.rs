//! Files that are read or written whole: settings, baselines, reports, counters.

use std::fs::{self, File, OpenOptions};
#[cfg(feature = "command")]
use std::io::Read as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Reads a file of at most so many bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
#[cfg(feature = "command")]
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)?;
    match bytes.len() > most {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    }
}

/// Writes a file whole or not at all. A link stays a link; a pipe or a device is written to, and stays what it is.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let known = match fs::metadata(path) {
        Ok(known) if !known.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(known) => Some(known),
        Err(_) => None,
    };
    let path = match known {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_owned(),
    };
    let beside = beside(&path)?;
    // A run that was killed may have left one; in a container each run has the same number.
    drop(fs::remove_file(&beside));
    let written = File::create_new(&beside).and_then(|mut file| {
        if let Some(known) = &known {
            file.set_permissions(known.permissions())?;
        }
        file.write_all(bytes)
    });
    let moved = written.and_then(|()| fs::rename(&beside, &path));
    if moved.is_err() {
        drop(fs::remove_file(&beside));
    }
    moved
}

/// A name for what is not written to its end yet: hidden, so that nobody who collects such files takes it.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[cfg(feature = "command")]
    #[test]
    fn a_file_above_the_bound_is_refused_and_not_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(
            read(&path, 4).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        assert!(read(Path::new("/dev/zero"), 1 << 20).is_err());
    }

    #[test]
    fn a_link_stays_a_link_and_rights_stay_what_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "1").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"2").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"2");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        replace(Path::new("/dev/null"), b"2").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
