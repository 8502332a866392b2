//! The signing key of a log: a file outside of the repository, or a variable of the environment.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::{KeyError, KeyName, NoteSigner, NoteVerifier};

use crate::digest::Digest;

/// The variable that holds the key where there are no files to keep, as in CI.
pub(crate) const VARIABLE: &str = "VOUCHSAFE_EVIDENCE_KEY";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignerError {
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "there is no signing key at {0}; give it with --key-file, or in the variable {VARIABLE}"
    )]
    Missing(PathBuf),
    #[error("{0} can be read by others than its owner: chmod 600 it")]
    Open(PathBuf),
    #[error(
        "{0} lies inside the repository: whoever reads the repository could sign; keep it elsewhere"
    )]
    Inside(PathBuf),
    #[error("the signing key: {0}")]
    Key(#[from] KeyError),
    #[error("the signing key is {found}, and the log is signed by {expected}")]
    Foreign { found: String, expected: String },
    #[error("neither XDG_CONFIG_HOME nor HOME is set: give --key-file")]
    NoHome,
}

/// Where the key of an origin is kept, unless somebody says otherwise.
pub(crate) fn default_path(origin: &str) -> Result<PathBuf, SignerError> {
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))
        .ok_or(SignerError::NoHome)?;
    let digest = Digest::of(origin.as_bytes()).to_string();
    let (short, _) = digest.split_at_checked(16).unwrap_or((&digest, ""));
    Ok(config
        .join("vouchsafe")
        .join("evidence")
        .join(format!("{short}.key")))
}

/// Makes a key and keeps it in a file that is not there yet.
pub(crate) fn generate(path: &Path, origin: &str, root: &Path) -> Result<NoteSigner, SignerError> {
    outside(path, root)?;
    let signer = NoteSigner::generate(KeyName::new(origin)?)?;
    let fault = |error| SignerError::File {
        path: path.to_path_buf(),
        error,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fault)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(fault)?;
    file.write_all(signer.to_skey().as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(fault)?;
    Ok(signer)
}

/// The key of a log: from the variable, else from a file.
pub(crate) fn load(
    file: Option<&Path>,
    key: &NoteVerifier,
    root: &Path,
) -> Result<NoteSigner, SignerError> {
    let signer = match (file, std::env::var(VARIABLE)) {
        (Some(path), _) => read(path, root)?,
        (None, Ok(text)) if !text.trim().is_empty() => NoteSigner::from_skey(text.trim())?,
        (None, _) => read(&default_path(key.name().as_str())?, root)?,
    };
    if signer.verifier() == key {
        return Ok(signer);
    }
    Err(SignerError::Foreign {
        found: signer.verifier().to_string(),
        expected: key.to_string(),
    })
}

fn read(path: &Path, root: &Path) -> Result<NoteSigner, SignerError> {
    outside(path, root)?;
    let fault = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => SignerError::Missing(path.to_path_buf()),
        _ => SignerError::File {
            path: path.to_path_buf(),
            error,
        },
    };
    if fs::metadata(path).map_err(fault)?.mode() & 0o077 != 0 {
        return Err(SignerError::Open(path.to_path_buf()));
    }
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(fault)?);
    Ok(NoteSigner::from_skey(text.trim())?)
}

/// A key inside the repository would be committed one day.
fn outside(path: &Path, root: &Path) -> Result<(), SignerError> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let mut folder = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // The file may not be there yet: the nearest folder that is decides.
    while let Some(parent) = folder.parent().map(Path::to_path_buf) {
        if let Ok(real) = fs::canonicalize(&folder) {
            folder = real;
            break;
        }
        folder = parent;
    }
    if folder.starts_with(&root) {
        return Err(SignerError::Inside(path.to_path_buf()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_read_again_and_never_kept_inside_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b.key");
        let made = generate(&path, "example.org/evidence", root.path()).unwrap();
        assert!(generate(&path, "example.org/evidence", root.path()).is_err());
        let key = made.verifier().clone();
        assert!(load(Some(&path), &key, root.path()).is_ok());
        let inside = root.path().join("x.key");
        assert!(matches!(
            generate(&inside, "example.org/evidence", root.path()),
            Err(SignerError::Inside(_))
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            load(Some(&path), &key, root.path()),
            Err(SignerError::Open(_))
        ));
        let link = home.path().join("link");
        std::os::unix::fs::symlink(root.path(), &link).unwrap();
        assert!(matches!(
            generate(&link.join("y.key"), "example.org/evidence", root.path()),
            Err(SignerError::Inside(_))
        ));
    }
}
