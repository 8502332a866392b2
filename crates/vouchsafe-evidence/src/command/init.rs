//! `init`: settings, registers, a key, an empty log, a workflow.

mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use vouchsafe_tlog::NoteSigner;

use self::texts::{settings, workflow};
use super::{Ended, Stopped, output};
use crate::git::Git;
use crate::key;
use crate::place::Place;
use crate::project::{FILE, FOLDER, Project, Settings};
use crate::register::TEMPLATES;
use crate::window::day_of;

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence init                           a log in a folder of this machine
  vouchsafe-evidence init --ci github               a log on a branch, and a workflow that keeps it
  vouchsafe-evidence init --log s3:bucket/prefix    a log in S3-compatible storage, with the variables of the AWS SDKs
  vouchsafe-evidence init --since 2026-01-01 --go-vulndb ../vulndb

Nothing that is there already is changed. The signing key is written to a file outside of the repository.";

/// Makes evidence/ with commented settings and registers, a signing key, an empty log and a workflow
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Init {
    /// Write a workflow for this CI, and keep the log on a branch
    #[arg(long, value_enum)]
    ci: Option<Ci>,
    /// The name of the project in reports [default: the name of its repository]
    #[arg(long)]
    name: Option<String>,
    /// The name of the log, a URL without scheme [default: from the remote "origin"]
    #[arg(long, value_name = "HOST/PATH")]
    origin: Option<String>,
    /// The first day that must be covered [default: the first of January of this year]
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// A protected branch; may be given several times [default: the branch that is checked out]
    #[arg(long = "branch", value_name = "NAME")]
    branches: Vec<String>,
    /// Where the log is kept: folder:PATH, branch:NAME or s3:BUCKET/PREFIX
    #[arg(long, visible_alias = "log", value_name = "STORE")]
    store: Option<String>,
    /// A folder with RustSec's advisory database
    #[arg(long, value_name = "DIR")]
    rustsec: Option<PathBuf>,
    /// A folder with Go's vulnerability database
    #[arg(long, value_name = "DIR")]
    go_vulndb: Option<PathBuf>,
    /// Where to write the signing key, outside of the repository
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The commit of vouchsafe that the workflow builds [default: the one that this program was built from]
    #[arg(long, value_name = "COMMIT")]
    tool_commit: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Ci {
    /// GitHub Actions
    Github,
}

/// What is written, and what people are told of it.
struct Making {
    git: Git,
    name: String,
    origin: String,
    branches: Vec<String>,
    store: String,
    since: Date,
}

pub(super) fn run(init: &Init, folder: &Path) -> Result<Ended, Stopped> {
    let git = Git::at(folder).map_err(|error| {
        Stopped(format!(
            "{}: {error}; evidence is about a git repository",
            folder.display()
        ))
    })?;
    if git.root().join(FILE).exists() {
        return Err(Stopped(format!(
            "{FILE} is there already: this project is set up; change that file, or remove it"
        )));
    }
    let making = making(init, git)?;
    // What could be refused is tried before anything is written.
    let workflow = workflow(init, &making)?;
    let draft = Settings::parse(settings(init, &making, "").as_bytes())?;
    Place::check(&draft.log, &making.git)?;
    let path = match &init.key_file {
        Some(path) => path.clone(),
        None => key::default_path(&making.origin)?,
    };
    let signer = match key::generate(&path, &making.origin, making.git.root()) {
        Ok(signer) => signer,
        Err(key::SignerError::File { error, .. })
            if error.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            return Err(Stopped(format!(
                "there is a signing key for {} already, at {}; another --origin or --key-file makes another log",
                making.origin,
                path.display()
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let mut told = vec![format!(
        "{}  the signing key; keep a copy where only you can read it",
        path.display()
    )];
    files(init, &making, &signer, &mut told)?;
    if let Some((name, text)) = workflow {
        write(&making.git.root().join(name), &text)?;
        told.push(format!(
            "{name}  the workflow; read its permissions, then commit it"
        ));
    }
    log(&making, signer)?;
    tell(init, &making, &path, &told);
    Ok(Ended::Well)
}

fn making(init: &Init, git: Git) -> Result<Making, Stopped> {
    let remote = git.text(["remote", "get-url", "origin"]).ok();
    let folder = git
        .root()
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let folder = folder.unwrap_or_else(|| "project".to_owned());
    let address = remote.as_deref().and_then(address);
    let name = init.name.clone().or_else(|| {
        let last = address.as_deref()?.rsplit('/').next()?;
        Some(last.to_owned())
    });
    let origin = init
        .origin
        .clone()
        .or_else(|| Some(format!("{}/evidence", address?)));
    // Without a remote there is no name that is one of a kind: the first commit makes it one.
    let origin = match origin {
        Some(origin) => origin,
        None => {
            let roots = git
                .text(["rev-list", "--max-parents=0", "HEAD"])
                .map_err(|_| {
                    Stopped("the repository has no commit yet: make one first".to_owned())
                })?;
            let first: String = roots.chars().take(12).collect();
            format!("{}-{first}/evidence", plain(&folder))
        }
    };
    let branches = protected(init, &git)?;
    let store = init.store.clone().unwrap_or_else(|| match init.ci {
        Some(_) => "branch:vouchsafe-evidence".to_owned(),
        None => "folder:.vouchsafe-evidence".to_owned(),
    });
    if let Some(branch) = store.strip_prefix("branch:") {
        only_a_log(&git, branch, &branches)?;
    }
    let today = day_of(Timestamp::now());
    if init.since.is_some_and(|since| since > today) {
        return Err(Stopped(format!(
            "--since lies in the future: today is {today} (UTC)"
        )));
    }
    Ok(Making {
        git,
        name: name.unwrap_or(folder),
        origin,
        branches,
        store,
        since: init.since.unwrap_or_else(|| date(today.year(), 1, 1)),
    })
}

/// The branches that are protected: those that were named, else the one that is checked out.
fn protected(init: &Init, git: &Git) -> Result<Vec<String>, Stopped> {
    let branches = if init.branches.is_empty() {
        let head = git.text(["symbolic-ref", "--short", "HEAD"]).map_err(|_| {
            Stopped("no branch is checked out: name the protected ones with --branch".to_owned())
        })?;
        vec![head]
    } else {
        init.branches.clone()
    };
    for branch in &branches {
        git.run([
            "rev-parse",
            "--verify",
            "--quiet",
            &format!("refs/heads/{branch}^{{commit}}"),
        ])
        .map_err(|_| Stopped(format!("there is no branch {branch} here")))?;
    }
    Ok(branches)
}

/// Refuses a branch that holds work: the log takes all of a branch.
fn only_a_log(git: &Git, branch: &str, protected: &[String]) -> Result<(), Stopped> {
    let head = git.text(["symbolic-ref", "--short", "HEAD"]).ok();
    let of_work = head.as_deref() == Some(branch) || protected.iter().any(|one| one == branch);
    let holds = |path: &str| {
        let asked = format!("refs/heads/{branch}{path}");
        git.run(["rev-parse", "--verify", "--quiet", &asked])
            .is_ok()
    };
    if of_work || (holds("^{commit}") && !holds(":checkpoint")) {
        return Err(Stopped(format!(
            "the branch {branch} holds other work, and the log needs one of its own: --store branch:vouchsafe-evidence"
        )));
    }
    Ok(())
}

fn files(
    init: &Init,
    making: &Making,
    signer: &NoteSigner,
    told: &mut Vec<String>,
) -> Result<(), Stopped> {
    let root = making.git.root();
    let settings = settings(init, making, &signer.verifier().to_string());
    Settings::parse(settings.as_bytes())?;
    write(&root.join(FILE), &settings)?;
    told.push(format!("{FILE}  settings"));
    for (name, text) in TEMPLATES {
        let path = root.join(FOLDER).join(name);
        if !path.exists() {
            write(&path, text)?;
        }
    }
    // Pages of the forge go into the log, and not into the history that they are about.
    let ignored = root.join(FOLDER).join(".gitignore");
    if !ignored.exists() {
        write(&ignored, "/pages/\n")?;
    }
    told.push(format!(
        "{FOLDER}/*.toml  {} registers, commented, to be filled in",
        TEMPLATES.len()
    ));
    Ok(())
}

/// Makes the empty log, and the branch for it.
fn log(making: &Making, signer: NoteSigner) -> Result<(), Stopped> {
    let project = Project::open(making.git.root(), Timestamp::now())?;
    let mut place = Place::open(&project)?;
    drop(place.create(signer)?);
    if making.store.starts_with("folder:") {
        // The log is no part of the history that it is about.
        write(&place.folder().path().join(".gitignore"), "*\n")?;
    }
    place.publish("Begin the evidence log")?;
    Ok(())
}

fn tell(init: &Init, making: &Making, key: &Path, told: &[String]) {
    output::say("Made:");
    for line in told {
        output::say(format!("  {line}"));
    }
    output::say(format!(
        "  {}  the log of {}, empty and signed",
        making.store, making.origin
    ));
    output::say("\nNext:");
    if init.ci.is_some() {
        output::say(format!(
            "  give the content of {} to CI as the secret {}, in an environment named evidence",
            key.display(),
            key::VARIABLE
        ));
    }
    if init.rustsec.is_none() && init.go_vulndb.is_none() {
        output::say(format!(
            "  name an advisory database in {FILE}, [vulnerabilities]"
        ));
    }
    if init.ci.is_some() && making.store.starts_with("s3:") {
        output::say(
            "  give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of a user who may only read and put there to the same environment",
        );
    }
    output::say("  vouchsafe evidence run");
    output::say("  vouchsafe evidence head > kept.head   and give that to your auditor, to keep");
}

fn write(path: &Path, text: &str) -> Result<(), Stopped> {
    let fault = |error: std::io::Error| Stopped(format!("{}: {error}", path.display()));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fault)?;
    }
    fs::write(path, text).map_err(fault)
}

/// A text as a JSON string, which is one of TOML and YAML too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// `host/path` of the address of a remote.
fn address(remote: &str) -> Option<String> {
    let rest = match remote.split_once("://") {
        Some((scheme, rest)) if scheme != "file" => rest.to_owned(),
        Some(_) => return None,
        // git@host:path
        None => {
            let (host, path) = remote.split_once(':')?;
            if host.contains('/') {
                return None;
            }
            format!("{host}/{path}")
        }
    };
    // No user, no password, no port.
    let rest = rest
        .rsplit_once('@')
        .map_or(rest.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/')?;
    let host = host.split(':').next()?;
    let path = path.trim_matches('/').trim_end_matches(".git");
    Some(plain(&format!("{host}/{path}"))).filter(|_| !host.is_empty() && !path.is_empty())
}

/// A text that may be the name of a key: no blanks, no plus signs.
fn plain(text: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    text.chars()
        .map(|c| if keep(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_comes_from_the_remote_without_user_or_password() {
        for (remote, origin) in [
            (
                "git@github.com:owner/name.git",
                Some("github.com/owner/name"),
            ),
            (
                "https://user:secret@github.com/owner/name.git",
                Some("github.com/owner/name"),
            ),
            ("ssh://git@host.example:2222/a/b", Some("host.example/a/b")),
            ("/srv/git/name.git", None),
            ("file:///srv/git/name.git", None),
        ] {
            assert_eq!(address(remote).as_deref(), origin, "{remote}");
        }
    }
}
