//! A log in a temporary folder, recorders on it, entries for it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;
use vouchsafe::audit::{Context, Draft, Event, Outcome, Stream};
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_ledger::reader::Log;
use vouchsafe_ledger::recorder;

use crate::process;

pub(crate) const ORIGIN: &str = "log.example.org/test";
pub(crate) const SEGMENT: u64 = 8 << 20;

/// A log's folder and the path of its recorder's socket.
pub(crate) struct TestLog {
    pub(crate) dir: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) replica: Uuid,
    _temporary: TempDir,
}

impl TestLog {
    pub(crate) fn new() -> Self {
        let temporary = TempDir::new().unwrap();
        let dir = temporary.path().join("log");
        recorder::init(&dir, ORIGIN).unwrap();
        Self {
            dir,
            socket: temporary.path().join("run").join("s"),
            replica: Uuid::new_v4(),
            _temporary: temporary,
        }
    }

    /// Starts a recorder and waits until it listens.
    pub(crate) fn recorder(&self) -> Recorder {
        let mut recorder = self.spawn();
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::os::unix::net::UnixStream::connect(&self.socket).is_err() {
            if let Some(status) = recorder.process.try_wait().unwrap() {
                panic!("the recorder ended ({status}): {}", recorder.errors());
            }
            assert!(Instant::now() < deadline, "the recorder does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        recorder
    }

    /// Starts a recorder that must refuse; returns its message.
    pub(crate) fn refused(&self) -> String {
        let mut recorder = self.spawn();
        let status = recorder.wait();
        assert!(!status.success(), "the recorder started");
        recorder.errors()
    }

    fn spawn(&self) -> Recorder {
        let (program, args) = process::command();
        let process = Command::new(program)
            .args(args)
            .envs(process::environment(&self.dir, &self.socket, SEGMENT))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Recorder { process }
    }

    pub(crate) async fn client(&self) -> RecorderClient {
        let identity = recorder::identity(&self.dir).unwrap();
        RecorderClient::connect(&self.socket, identity.recorder, self.replica, None)
            .await
            .unwrap()
    }

    pub(crate) fn log(&self) -> Log {
        Log::open(&self.dir).unwrap()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    /// A copy of the folder, byte by byte, to damage.
    pub(crate) fn copy(&self) -> Self {
        let temporary = TempDir::new().unwrap();
        let dir = temporary.path().join("log");
        copy_folder(&self.dir, &dir);
        Self {
            dir,
            socket: temporary.path().join("run").join("s"),
            replica: self.replica,
            _temporary: temporary,
        }
    }
}

/// The text of a draft.
pub(crate) fn text(draft: &Draft) -> String {
    String::from_utf8(draft.bytes().to_vec()).unwrap()
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running recorder process; killed when dropped.
pub(crate) struct Recorder {
    pub(crate) process: Child,
}

impl Recorder {
    /// Closes its standard input and waits.
    pub(crate) fn stop(mut self) -> ExitStatus {
        drop(self.process.stdin.take());
        self.process.wait().unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it ends by itself. Its standard input stays open, which waiting would close.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let _stdin = self.process.stdin.take();
        self.process.wait().unwrap()
    }

    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A new entry.
pub(crate) fn draft() -> Draft {
    draft_at(Timestamp::now())
}

pub(crate) fn draft_at(time: Timestamp) -> Draft {
    Event::new(
        Stream::System,
        "test",
        Outcome::Permitted,
        &Context::default(),
    )
    .draft(time)
}
