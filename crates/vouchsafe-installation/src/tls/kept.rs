//! The certificate that listeners show now, and another one in its place while they serve.
//!
//! Files are compared by their content: however a pair is replaced (written over, renamed, by a symbolic link of a folder
//! above it), what is read by its path now is what counts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;

use super::error::{TlsError, read};
use super::made::{Pair, Tls, of_pair, places};
use crate::settings::TlsSettings;

/// A pair that does not fit may be half replaced: it is read again after this time, before anything is said.
const AGAIN: Duration = Duration::from_millis(300);

/// The certificate in use, and where another one may come from.
#[derive(Debug)]
pub struct Kept {
    files: (PathBuf, PathBuf),
    settings: TlsSettings,
    tls: RwLock<Arc<Tls>>,
    looked: Mutex<Looked>,
}

/// What the files had when they were looked at last.
#[derive(Debug, Default)]
struct Looked {
    content: Option<Vec<u8>>,
    refused: Option<String>,
}

/// What came of a look.
#[derive(Debug)]
pub enum Look {
    /// The files are as they were.
    Same,
    /// New connections get another certificate.
    Replaced,
    /// The files are others and cannot be used; the certificate before them stays.
    Refused(TlsError),
}

impl Kept {
    /// Keeps what was loaded from this folder, or from where the settings say.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(folder: &Path, settings: &TlsSettings, tls: Tls) -> Result<Self, TlsError> {
        let own = || (folder.join("certificate.pem"), folder.join("key.pem"));
        let files = places(settings)?.unwrap_or_else(own);
        let content = read_pair(&files).ok().map(|pair| digest(&pair));
        Ok(Self {
            files,
            settings: settings.clone(),
            tls: RwLock::new(Arc::new(tls)),
            looked: Mutex::new(Looked {
                content,
                refused: None,
            }),
        })
    }

    /// The certificate in use.
    #[must_use]
    pub fn tls(&self) -> Arc<Tls> {
        Arc::clone(&self.tls.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the files that are there now are not used.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.looked().refused.clone()
    }

    /// Looks at the files, and uses what is in them if it is another pair that clients will take. What is refused is told
    /// once.
    pub async fn look(&self, now: Timestamp) -> Look {
        let mut found = read_pair(&self.files);
        if self.is_known(&found) {
            return Look::Same;
        }
        let mut made = self.make(&found, now);
        if made.is_err() {
            tokio::time::sleep(AGAIN).await;
            found = read_pair(&self.files);
            if self.is_known(&found) {
                return Look::Same;
            }
            made = self.make(&found, now);
        }
        let mut looked = self.looked();
        looked.content = Some(content(&found));
        looked.refused = made.as_ref().err().map(ToString::to_string);
        match made {
            Ok(tls) => {
                self.show(tls);
                Look::Replaced
            }
            Err(error) => Look::Refused(error),
        }
    }

    fn is_known(&self, found: &Result<Pair, TlsError>) -> bool {
        self.looked().content.as_ref() == Some(&content(found))
    }

    fn make(&self, found: &Result<Pair, TlsError>, now: Timestamp) -> Result<Tls, TlsError> {
        let pair = match found {
            Ok(pair) => pair,
            // Read once more for its error, which cannot be copied.
            Err(_) => &read_pair(&self.files)?,
        };
        let tls = of_pair(self.files.clone(), pair, &self.settings)?;
        let (from, until) = (tls.leaf.from(), tls.leaf.until());
        if now < from || now > until {
            return Err(TlsError::NotNow { from, until });
        }
        Ok(tls)
    }

    /// The configuration of the listeners stays, and shows the other certificate.
    fn show(&self, mut tls: Tls) {
        let before = self.tls();
        before.shown.replace(tls.shown.now());
        tls.config = Arc::clone(&before.config);
        tls.shown = Arc::clone(&before.shown);
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tls);
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_pair((certificate, key): &(PathBuf, PathBuf)) -> Result<Pair, TlsError> {
    Ok(Pair {
        certificate: read(certificate)?,
        key: read(key)?,
    })
}

/// What tells one pair from another; of files that cannot be read, why.
fn content(found: &Result<Pair, TlsError>) -> Vec<u8> {
    match found {
        Ok(pair) => digest(pair),
        Err(error) => error.to_string().into_bytes(),
    }
}

fn digest(pair: &Pair) -> Vec<u8> {
    let mut hash = Context::new(&SHA256);
    for file in [&pair.certificate, &pair.key] {
        hash.update(&(file.len() as u64).to_be_bytes());
        hash.update(file);
    }
    hash.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use jiff::SignedDuration;

    use super::*;
    use crate::tls::load;

    /// A folder with a pair of its own.
    fn pair(parent: &Path, name: &str, now: Timestamp) -> Tls {
        let folder = parent.join(name);
        fs::create_dir(&folder).unwrap();
        let names = ["localhost".to_owned()];
        load(&folder, &TlsSettings::default(), &names, now).unwrap()
    }

    /// As an orchestrator mounts secrets: the files are links into `..data`, which is a link to a folder that is replaced.
    struct Mounted {
        folder: tempfile::TempDir,
        kept: Kept,
        now: Timestamp,
    }

    impl Mounted {
        fn new() -> Self {
            let (folder, now) = (tempfile::tempdir().unwrap(), Timestamp::now());
            let at = |name: &str| folder.path().join(name);
            pair(folder.path(), "0", now);
            symlink("0", at("..data")).unwrap();
            symlink("..data/certificate.pem", at("tls.crt")).unwrap();
            symlink("..data/key.pem", at("tls.key")).unwrap();
            let settings = TlsSettings {
                certificate: Some(at("tls.crt")),
                key: Some(at("tls.key")),
                ..TlsSettings::default()
            };
            let tls = load(folder.path(), &settings, &[], now).unwrap();
            let kept = Kept::new(folder.path(), &settings, tls).unwrap();
            Self { folder, kept, now }
        }

        fn turn_to(&self, name: &str) {
            let (next, data) = (
                self.folder.path().join("..next"),
                self.folder.path().join("..data"),
            );
            symlink(name, &next).unwrap();
            fs::rename(next, data).unwrap();
        }

        fn shown(&self) -> Vec<u8> {
            let tls = self.kept.tls();
            tls.shown.now().cert.first().unwrap().to_vec()
        }
    }

    #[tokio::test]
    async fn a_linked_folder_is_followed_each_time_also_the_tenth() {
        let mounted = Mounted::new();
        let config = Arc::clone(&mounted.kept.tls().config);
        assert!(matches!(mounted.kept.look(mounted.now).await, Look::Same));
        for turn in 1..=10 {
            let made = pair(mounted.folder.path(), &turn.to_string(), mounted.now);
            let before = mounted.shown();
            mounted.turn_to(&turn.to_string());
            assert!(matches!(
                mounted.kept.look(mounted.now).await,
                Look::Replaced
            ));
            let tls = mounted.kept.tls();
            assert_eq!(tls.fingerprint, made.fingerprint, "{turn}");
            assert_ne!(mounted.shown(), before, "{turn}");
            assert!(
                Arc::ptr_eq(&tls.config, &config),
                "listeners keep their own"
            );
            assert!(matches!(mounted.kept.look(mounted.now).await, Look::Same));
        }
    }

    #[tokio::test]
    async fn a_bad_pair_keeps_the_old_one_and_is_told_once() {
        let mounted = Mounted::new();
        let (before, folder) = (mounted.shown(), mounted.folder.path());
        // A key of another certificate; a half file; nothing; one that is over.
        pair(folder, "1", mounted.now);
        pair(folder, "other", mounted.now);
        fs::copy(folder.join("other/key.pem"), folder.join("1/key.pem")).unwrap();
        pair(folder, "2", mounted.now);
        fs::write(folder.join("2/certificate.pem"), "-----BEGIN CERT").unwrap();
        fs::create_dir(folder.join("3")).unwrap();
        let long_ago = mounted.now - SignedDuration::from_hours(24 * 500);
        pair(folder, "4", long_ago);
        for bad in ["1", "2", "3", "4"] {
            mounted.turn_to(bad);
            let look = mounted.kept.look(mounted.now).await;
            assert!(matches!(look, Look::Refused(_)), "{bad}: {look:?}");
            assert!(mounted.kept.refused().is_some());
            assert_eq!(mounted.shown(), before, "{bad}");
            let look = mounted.kept.look(mounted.now).await;
            assert!(matches!(look, Look::Same), "{bad}: {look:?}");
            assert!(mounted.kept.refused().is_some());
        }
        let made = pair(folder, "5", mounted.now);
        mounted.turn_to("5");
        assert!(matches!(
            mounted.kept.look(mounted.now).await,
            Look::Replaced
        ));
        assert_eq!(mounted.kept.tls().fingerprint, made.fingerprint);
        assert_eq!(mounted.kept.refused(), None);
    }

    #[tokio::test]
    async fn files_that_come_back_as_they_were_are_no_news() {
        let mounted = Mounted::new();
        mounted.turn_to("gone");
        assert!(matches!(
            mounted.kept.look(mounted.now).await,
            Look::Refused(_)
        ));
        mounted.turn_to("0");
        assert!(matches!(
            mounted.kept.look(mounted.now).await,
            Look::Replaced
        ));
        assert_eq!(mounted.kept.refused(), None);
    }
}
