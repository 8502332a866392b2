//! Folder and ports of a demo.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use uuid::Uuid;
use vouchsafe_installation::files::private_folder;

/// The port of the data plane, as in `serve`.
const PORT: u16 = 8443;

/// A folder for one demo.
pub(super) struct Stand {
    folder: PathBuf,
    fate: Fate,
    port: u16,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Kept,
    Removed,
}

impl Stand {
    /// Creates the folder and chooses the ports.
    pub(super) fn make(folder: Option<PathBuf>, port: Option<u16>) -> anyhow::Result<Self> {
        let fate = if folder.is_some() {
            Fate::Kept
        } else {
            Fate::Removed
        };
        let folder = folder.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("vouchsafe-demo-{}", Uuid::new_v4().simple()))
        });
        let mut there = folder.read_dir().into_iter().flatten();
        if there.next().is_some() {
            anyhow::bail!(
                "{0} is not empty, and a demo is made from nothing: name another folder, or go on \
                 with what is in it by `vouchsafe serve --data {0}`",
                folder.display()
            );
        }
        let made = private_folder(&folder).and_then(|()| folder.canonicalize());
        let folder = made.with_context(|| format!("cannot make {}", folder.display()))?;
        let port = match port {
            None => free(PORT).or_else(|_| free(0)),
            Some(port) => free(port),
        };
        let port = port.context("no free port; name another by --port")?;
        let stand = Self { folder, fate, port };
        stand.write_settings()?;
        Ok(stand)
    }

    /// Writes settings that every command with this folder uses, independent of the environment.
    fn write_settings(&self) -> anyhow::Result<()> {
        let operations = free(0)?;
        let text = format!(
            "# Written by `vouchsafe demo`.\ndata_listen = \"127.0.0.1:{}\"\n\
             operations_listen = \"127.0.0.1:{operations}\"\n",
            self.port
        );
        std::fs::write(self.folder.join("vouchsafe.toml"), text)?;
        private_folder(&self.folder.join("tokens"))?;
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder is removed when the demo ends.
    pub(super) fn is_removed(&self) -> bool {
        self.fate == Fate::Removed
    }

    /// The file with a role's token, relative to the folder.
    pub(super) fn token_file(role: &str) -> String {
        format!("tokens/{role}.header")
    }

    /// Ends the demo.
    pub(super) fn clear(mut self) -> anyhow::Result<()> {
        let fate = std::mem::replace(&mut self.fate, Fate::Kept);
        if fate == Fate::Removed {
            std::fs::remove_dir_all(&self.folder)?;
        }
        Ok(())
    }
}

impl Drop for Stand {
    /// A demo that failed to start leaves nothing behind.
    fn drop(&mut self) {
        if self.fate == Fate::Removed {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A port that is free at this moment.
fn free(port: u16) -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_and_a_named_one_stays() {
        let stand = Stand::make(None, Some(0)).unwrap();
        let folder = stand.folder().to_owned();
        assert!(folder.join("vouchsafe.toml").is_file());
        stand.clear().unwrap();
        assert!(!folder.exists());

        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("demo");
        Stand::make(Some(folder.clone()), Some(0))
            .unwrap()
            .clear()
            .unwrap();
        assert!(folder.join("vouchsafe.toml").is_file());
        assert!(Stand::make(Some(folder), Some(0)).is_err());
    }
}
