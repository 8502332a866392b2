//! Access tokens in files: only their owner can read them, and they are never on a command line.

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zeroize::Zeroizing;

const HEADER: &str = "Authorization: Bearer ";

/// The arguments that give a command its token.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// File with an access token, as written by `vouchsafe person sign-in` [default: the token in VOUCHSAFE_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenArgs {
    /// The token.
    pub(crate) fn token(&self) -> anyhow::Result<Zeroizing<String>> {
        if let Some(path) = &self.token_file {
            return read(path);
        }
        match std::env::var("VOUCHSAFE_TOKEN") {
            Ok(token) if !token.trim().is_empty() => Ok(Zeroizing::new(bare(&token))),
            _ => anyhow::bail!(
                "this takes an access token: sign in with `vouchsafe person sign-in EMAIL \
                 --token-file FILE`, then give --token-file FILE or set VOUCHSAFE_TOKEN"
            ),
        }
    }
}

/// Reads a token: alone in its file, or as the header that `curl -H @FILE` sends.
pub(crate) fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = Zeroizing::new(
        std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the token file {}", path.display()))?,
    );
    let token = bare(&text);
    if token.is_empty() {
        anyhow::bail!("the token file {} is empty", path.display());
    }
    Ok(Zeroizing::new(token))
}

/// Writes a token, as the header that `curl -H @FILE` sends. Only the owner can read the file. A concurrent reader gets
/// the whole old token or the whole new one.
pub(crate) fn write(path: &Path, token: &str) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let next = PathBuf::from(name);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        // The mode above applies to new files only.
        file.set_permissions(Permissions::from_mode(0o600))?;
        writeln!(file, "{HEADER}{token}")?;
        std::fs::rename(&next, path)
    })();
    written.with_context(|| format!("cannot write the token file {}", path.display()))
}

fn bare(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix(HEADER.trim_end())
        .unwrap_or(text)
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada.header");
        write(&path, "abc.def.ghi").unwrap();
        assert_eq!(*read(&path).unwrap(), "abc.def.ghi");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "Authorization: Bearer abc.def.ghi\n"
        );
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        write(&path, "new").unwrap();
        assert_eq!(*read(&path).unwrap(), "new");
    }

    #[test]
    fn a_bare_token_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "abc\n").unwrap();
        assert_eq!(*read(&path).unwrap(), "abc");
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&path).is_err());
    }
}
