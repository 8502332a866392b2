//! Where the log of a project is: a folder, a branch of its repository, or S3-compatible storage.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vouchsafe_tlog::{KeyError, NoteSigner, NoteVerifier};

use crate::collect::Call;
use crate::digest::Digest;
use crate::git::{Git, GitError};
use crate::project::{LogSettings, Project};
use crate::store::s3::{AccessError, Bucket};
use crate::store::{
    Branch, BranchError, Files, Folder, Log, LogError, Remote, RemoteError, Seen, SeenError,
    WriteError, Writer,
};

/// A place for a log. While it is open, no other run of this machine has it.
#[derive(Debug)]
pub(crate) struct Place {
    kind: Kind,
    /// The last head of a folder or branch; a bucket has its own.
    seen: Option<Seen>,
    _lock: Option<File>,
}

/// Which kind of place it is.
#[derive(Debug)]
enum Kind {
    Folder(Folder),
    Branch {
        branch: Branch,
        folder: Folder,
        head: Option<String>,
    },
    Bucket(Remote),
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("log.store is {0:?}: write folder:PATH, branch:NAME or s3:BUCKET/PREFIX")]
    Store(String),
    #[error("[log.s3] is for a log.store that begins with s3:, and this one is {0:?}")]
    Settings(String),
    #[error("log.key: {0}")]
    Key(KeyError),
    #[error("log.witnesses: {0}")]
    Witness(KeyError),
    #[error("[[witness]]: {0}")]
    Row(#[from] crate::witness::WitnessError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Seen(#[from] SeenError),
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("another run uses this log; wait until it ends")]
    Busy,
}

impl PlaceError {
    /// Whether another run was quicker: the same again may go well.
    pub(crate) const fn is_moved(&self) -> bool {
        matches!(
            self,
            Self::Branch(BranchError::Moved(_)) | Self::Remote(RemoteError::Moved)
        )
    }
}

impl Place {
    /// Opens the place that the settings name. A branch is read into its working folder.
    pub(crate) fn open(project: &Project) -> Result<Self, PlaceError> {
        let settings = &project.settings.log;
        let store = settings.store.as_str();
        let named = store.split_once(':');
        if settings.s3 != crate::store::s3::Settings::default()
            && named.is_none_or(|(kind, _)| kind != "s3")
        {
            return Err(PlaceError::Settings(store.to_owned()));
        }
        let key = || settings.key.parse().map_err(PlaceError::Key);
        match named {
            Some(("folder", path)) if !path.is_empty() => {
                let folder = Folder::new(project.root().join(path));
                let seen = seen(&project.git, folder.path(), &settings.key)?;
                compare(&seen, &folder, &key()?)?;
                Ok(Self {
                    kind: Kind::Folder(folder),
                    seen: Some(seen),
                    _lock: None,
                })
            }
            Some(("branch", name)) => {
                let branch = Branch::new(project.git.clone(), name)?;
                let lock = lock(branch.folder())?;
                let head = branch.read()?;
                let folder = Folder::new(branch.folder());
                let seen = seen(&project.git, folder.path(), &settings.key)?;
                if let Some(note) = compare(&seen, &folder, &key()?)? {
                    seen.remember(&note)?;
                }
                Ok(Self {
                    kind: Kind::Branch {
                        folder,
                        branch,
                        head,
                    },
                    seen: Some(seen),
                    _lock: Some(lock),
                })
            }
            Some(("s3", place)) => {
                let bucket = Bucket::open(place, &settings.s3, project.root())?;
                let home = working_folders(&project.git)?.join(bucket.flat_name());
                let lock = lock(&home)?;
                Ok(Self {
                    kind: Kind::Bucket(Remote::read(bucket, &home, &key()?)?),
                    seen: None,
                    _lock: Some(lock),
                })
            }
            _ => Err(PlaceError::Store(store.to_owned())),
        }
    }

    /// Whether settings name a place that could be opened. Nothing is read, called or made.
    pub(crate) fn check(settings: &LogSettings, git: &Git) -> Result<(), PlaceError> {
        match settings.store.split_once(':') {
            Some(("folder", path)) if !path.is_empty() => {}
            Some(("branch", name)) => {
                Branch::new(git.clone(), name)?;
            }
            Some(("s3", place)) => {
                Bucket::open(place, &settings.s3, git.root())?;
            }
            _ => return Err(PlaceError::Store(settings.store.clone())),
        }
        Ok(())
    }

    /// What will be called for the log, and the permission that it takes; nothing is.
    pub(crate) fn plan(project: &Project) -> Vec<Call> {
        let store = project.settings.log.store.as_str();
        match store.split_once(':') {
            Some(("branch", name)) => vec![Call::new(
                format!(
                    "fetch and push the branch {name} of the remote \"origin\", if there is one"
                ),
                "to push to that branch (GitHub: contents: write)",
            )],
            Some(("s3", place)) => bucket_plan(place, project),
            _ => vec![Call::new(format!("read and write {store}"), "none")],
        }
    }

    /// The folder that new files of the log are written to.
    pub(crate) fn folder(&self) -> &Folder {
        match &self.kind {
            Kind::Folder(folder) | Kind::Branch { folder, .. } => folder,
            Kind::Bucket(remote) => remote.work(),
        }
    }

    /// All files of the log.
    pub(crate) fn files(&self) -> Arc<dyn Files> {
        match &self.kind {
            Kind::Folder(folder) | Kind::Branch { folder, .. } => Arc::new(folder.clone()),
            Kind::Bucket(remote) => remote.files(),
        }
    }

    /// Makes an empty log here, which others see when it is published.
    pub(crate) fn create(&self, signer: NoteSigner) -> Result<Writer, PlaceWriteError> {
        self.begin()?;
        Ok(Writer::create(self.folder().path(), signer)?)
    }

    /// Opens the log to append to it.
    pub(crate) fn writer(&self, signer: NoteSigner) -> Result<Writer, PlaceWriteError> {
        self.begin()?;
        Ok(Writer::resume(self.folder().path(), self.files(), signer)?)
    }

    fn begin(&self) -> Result<(), PlaceError> {
        match &self.kind {
            Kind::Folder(_) | Kind::Branch { .. } => Ok(()),
            Kind::Bucket(remote) => Ok(remote.begin()?),
        }
    }

    /// Makes what was committed to the log visible to others: a commit and a push, for a branch.
    pub(crate) fn publish(&mut self, message: &str) -> Result<(), PlaceError> {
        match &mut self.kind {
            Kind::Folder(_) => {}
            Kind::Branch { branch, head, .. } => {
                *head = Some(branch.write(head.as_deref(), message)?);
            }
            Kind::Bucket(remote) => remote.publish()?,
        }
        let Some(seen) = &self.seen else {
            return Ok(());
        };
        let path = self.folder().path().join("checkpoint");
        let note = fs::read(&path).map_err(|error| PlaceError::File { path, error })?;
        Ok(seen.remember(&note)?)
    }
}

/// Why a log here cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceWriteError {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

fn bucket_plan(place: &str, project: &Project) -> Vec<Call> {
    let (bucket, prefix) = crate::store::s3::split(place).unwrap_or((place, ""));
    let all = [bucket, prefix, "*"]
        .into_iter()
        .filter(|part| !part.is_empty());
    let all = all.collect::<Vec<_>>().join("/");
    let mut plan = vec![
        Call::new(
            format!("GetObject of s3://{all}: the checkpoint, tiles, contents that checks read"),
            format!(
                "s3:GetObject on {all}, and s3:ListBucket on {bucket}, without which what is missing looks like what is denied"
            ),
        ),
        Call::new(
            format!(
                "PutObject of s3://{all}: a probe of conditional writes, contents, tiles, then the checkpoint"
            ),
            format!("s3:PutObject on {all}; nothing is ever deleted, so no permission for that"),
        ),
    ];
    if project
        .settings
        .log
        .s3
        .retain_days
        .is_some_and(|days| days > 0)
    {
        plan.push(Call::new(
            "each object is put with a lock (Object Lock), and one is read again to see it",
            format!("s3:PutObjectRetention and s3:GetObjectRetention on {all}"),
        ));
    }
    plan
}

/// Where working folders are: below the git folder, which no commit holds.
fn working_folders(git: &Git) -> Result<PathBuf, GitError> {
    let common = git.text(["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    Ok(PathBuf::from(common).join("vouchsafe-evidence"))
}

/// The public key of the log, and those of the witnesses that count.
pub(crate) fn keys(project: &Project) -> Result<(NoteVerifier, Vec<NoteVerifier>), PlaceError> {
    let log = &project.settings.log;
    let key = log.key.parse().map_err(PlaceError::Key)?;
    let witnesses = log.witnesses.iter().map(|key| key.parse());
    let mut witnesses: Vec<NoteVerifier> = witnesses
        .collect::<Result<_, _>>()
        .map_err(PlaceError::Witness)?;
    for key in crate::witness::keys(&project.settings.witnesses)? {
        // Two of one name and key would be nobody's.
        if !witnesses.contains(&key) {
            witnesses.push(key);
        }
    }
    Ok((key, witnesses))
}

/// Where the last head of a log is kept: the log of another place or key is another log.
fn seen(git: &Git, folder: &Path, key: &str) -> Result<Seen, PlaceError> {
    let name = format!("{}\n{key}", folder.display());
    let name = format!("{}.seen", Digest::of(name.as_bytes()));
    Ok(Seen::new(working_folders(git)?.join(name)))
}

/// Compares the log of a folder with the head that was seen last; returns its own. What is damaged is said when it is read.
fn compare(
    seen: &Seen,
    folder: &Folder,
    key: &NoteVerifier,
) -> Result<Option<Vec<u8>>, PlaceError> {
    match Log::open(Arc::new(folder.clone()), key, &[]) {
        Ok(log) => {
            seen.compare(Some(&log))?;
            Ok(Some(log.note().to_vec()))
        }
        Err(LogError::Absent) => {
            seen.compare(None)?;
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

fn lock(folder: &Path) -> Result<File, PlaceError> {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let fault = |error| PlaceError::File {
        path: path.clone(),
        error,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fault)?;
    }
    let file = File::create(&path).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(PlaceError::Busy),
        Err(fs::TryLockError::Error(error)) => Err(fault(error)),
    }
}
