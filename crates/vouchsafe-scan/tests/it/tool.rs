//! The built command, run in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_vouchsafe-scan");

/// A folder in which the command runs.
pub(crate) struct Tool {
    folder: TempDir,
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// The most memory that it held, as far as it was looked at.
    pub(crate) peak_kib: u64,
}

impl Tool {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        finish(self.command(arguments).spawn().unwrap())
    }

    /// Runs with what is written to its standard input; a reader that goes away ends the writing.
    pub(crate) fn run_on<A: AsRef<OsStr>>(
        &self,
        arguments: &[A],
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send,
    ) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || drop(write(&mut input)));
            finish(child)
        })
    }
}

fn finish(mut child: Child) -> Ran {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let mut texts = [String::new(), String::new()];
    let mut peak_kib = 0;
    let [out_text, err_text] = &mut texts;
    let status = thread::scope(|scope| {
        scope.spawn(|| lossy(&mut out, out_text));
        scope.spawn(|| lossy(&mut err, err_text));
        loop {
            peak_kib = peak_kib.max(peak(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    let [out, err] = texts;
    Ran {
        code: status.code(),
        out,
        err,
        peak_kib,
    }
}

fn lossy(from: &mut Option<impl Read>, into: &mut String) {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.read_to_end(&mut bytes).unwrap();
    }
    *into = String::from_utf8_lossy(&bytes).into_owned();
}

/// The high-water mark of a process; zero once it has ended.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    kib.and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

impl Ran {
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }
}
