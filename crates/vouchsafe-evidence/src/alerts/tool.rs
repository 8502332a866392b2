//! Runs promtool and amtool: in a temporary folder, with a time limit, without an environment and, where the system
//! lets us, without a network.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::collect::{Collected, Sink};
use crate::store::WriteError;

/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(60);
/// So many bytes of what a run says are kept.
const SAID: u64 = 64 << 10;

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    program: PathBuf,
    limit: Duration,
    /// What stands before the program so that it has no network; nothing where that does not work here.
    before: Vec<OsString>,
}

/// One run of a program.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Run {
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// Its exit code; nothing when it was ended by a signal or at the time limit.
    pub(super) exit: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Whether it said more than is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

/// A file that a program was given.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Input {
    pub(super) path: String,
    pub(super) sha256: String,
}

impl Tool {
    /// The program of that name on the path.
    pub(super) fn named(name: &str) -> Self {
        let mut tool = Self {
            program: PathBuf::from(name),
            limit: LIMIT,
            before: Vec::new(),
        };
        let alone = Self {
            program: PathBuf::from("unshare"),
            ..tool.clone()
        };
        let arguments = ["--map-root-user", "--net", "true"].map(str::to_owned);
        let works = alone.run(Path::new("/"), &arguments);
        if works.is_ok_and(|run| run.exit == Some(0)) {
            tool.before = ["unshare", "--map-root-user", "--net"]
                .map(OsString::from)
                .to_vec();
        }
        tool
    }

    #[cfg(test)]
    pub(super) const fn at(program: PathBuf, limit: Duration) -> Self {
        Self {
            program,
            limit,
            before: Vec::new(),
        }
    }

    /// Whether it has a network.
    pub(super) fn network(&self) -> &'static str {
        if self.before.is_empty() {
            "not separated"
        } else {
            "none"
        }
    }

    /// The first line of what it says of its version.
    pub(super) fn version(&self, folder: &Path) -> Result<String, String> {
        let run = self.run(folder, &["--version".to_owned()])?;
        let said = if run.stdout.is_empty() {
            run.stderr
        } else {
            run.stdout
        };
        match (run.exit, said.lines().next()) {
            (Some(0), Some(line)) => Ok(line.to_owned()),
            _ => Err(format!(
                "{} does not say its version",
                self.program.display()
            )),
        }
    }

    /// Runs it.
    pub(super) fn run(&self, folder: &Path, arguments: &[String]) -> Result<Run, String> {
        let name = self.program.display();
        let mut whole = self
            .before
            .iter()
            .map(OsString::as_os_str)
            .chain([self.program.as_os_str()]);
        let first = whole.next().unwrap_or_default();
        let mut child = Command::new(first)
            .args(whole)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!(
                    "{name} cannot be started ({error}): install it, or take it out of the settings"
                )
            })?;
        let ended = wait(&mut child, self.limit);
        let status = match ended {
            Some(_) => child.wait(),
            None => child.kill().and_then(|()| child.wait()),
        };
        let status = status.map_err(|error| format!("{name}: {error}"))?;
        let [stdout, stderr] = ended.unwrap_or_default();
        let cut = [&stdout, &stderr]
            .iter()
            .any(|said| said.len() as u64 >= SAID);
        let missing = !self.before.is_empty() && status.code() == Some(127);
        if missing {
            return Err(format!(
                "{name} cannot be started: install it, or take it out of the settings"
            ));
        }
        Ok(Run {
            arguments: arguments.to_vec(),
            exit: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            cut,
        })
    }
}

/// Reads what a program says until it is done. Nothing when it is not done in time.
fn wait(child: &mut Child, limit: Duration) -> Option<[Vec<u8>; 2]> {
    let (sender, receiver) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for (which, pipe) in pipes.into_iter().enumerate() {
        let (sender, pipe) = (sender.clone(), pipe?);
        std::thread::spawn(move || {
            let mut pipe = pipe;
            let mut said = Vec::new();
            let read = pipe.by_ref().take(SAID).read_to_end(&mut said);
            // The rest is read and dropped, so that the program is not stopped by a full pipe.
            let _rest = read.and_then(|_| std::io::copy(&mut pipe, &mut std::io::sink()));
            let _gone = sender.send((which, said));
        });
    }
    let mut said = [Vec::new(), Vec::new()];
    let deadline = std::time::Instant::now().checked_add(limit)?;
    for _ in 0..2 {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let (which, text) = receiver.recv_timeout(left).ok()?;
        if let Some(slot) = said.get_mut(which) {
            *slot = text;
        }
    }
    Some(said)
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder that only we can enter.
    pub(super) fn new() -> Result<Self, String> {
        for _ in 0..16 {
            let mut random = [0; 8];
            aws_lc_rs::rand::fill(&mut random).map_err(|_| "no random numbers".to_owned())?;
            let name = format!("vouchsafe-evidence-{}", crate::digest::hex(&random));
            let path = std::env::temp_dir().join(name);
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("no temporary folder: {error}")),
            }
        }
        Err("no temporary folder".to_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file below it.
    pub(super) fn write(&self, path: &str, content: &[u8]) -> Result<(), String> {
        let whole = self.0.join(path);
        let folder = whole.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&whole, content))
            .map_err(|error| format!("the temporary folder: {error}"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to remove: it lies in the folder for temporary files.
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// Stores what was found out as JSON, or that it could not be.
pub(super) fn store<T: Serialize>(
    sink: &mut Sink<'_>,
    schema: &str,
    source: &str,
    said: Result<(String, T), String>,
) -> Result<(), WriteError> {
    let said = said.and_then(|(request, said)| {
        let content = serde_json::to_vec_pretty(&said).map_err(|error| error.to_string())?;
        Ok((request, content))
    });
    match said {
        Err(why) => sink.failed(schema, source, schema, why),
        Ok((request, content)) => sink.put(&Collected {
            schema,
            source,
            request: &request,
            collected_at: None,
            effective: None,
            content: &content,
        }),
    }
}
