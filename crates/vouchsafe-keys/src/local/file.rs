//! A file that only its owner may read: created exclusively and durably, and checked when read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::RootError;

/// Maximum length of a key file in bytes.
const MAX_BYTES: u64 = 4096;

/// Writes a new file; a crash leaves either no file or the whole one.
pub(super) fn create(path: &Path, text: &str) -> Result<(), RootError> {
    let io = |_| RootError::Io(path.to_owned());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let draft = folder.join(format!(".root-key-{}", uuid::Uuid::new_v4().simple()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(io)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        // Unlike a rename, a link never replaces an existing file.
        .and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => RootError::Exists(path.to_owned()),
        _ => RootError::Io(path.to_owned()),
    })?;
    removed.map_err(io)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io)
}

/// Reads a file that only its owner may read.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, RootError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => RootError::Missing(path.to_owned()),
        _ => RootError::Io(path.to_owned()),
    })?;
    // Metadata of the open file, not of the path, which could be replaced meanwhile.
    let metadata = file
        .metadata()
        .map_err(|_| RootError::Io(path.to_owned()))?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(RootError::Damaged(path.to_owned()));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(RootError::Exposed(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidData => RootError::Damaged(path.to_owned()),
            _ => RootError::Io(path.to_owned()),
        })?;
    Ok(text)
}
