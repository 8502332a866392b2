//! `vouchsafe evidence probe`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::dial::{PATIENCE, Target, without_user};
use super::postgres::{self, PostgresTarget};
use super::service::{self, Route};
use super::{FOLDER, tls, token};
use crate::bounded;
use crate::collect::Call;
use crate::project::{Project, ProjectError};

/// Looks at a running service from outside: its TLS, its refusals, its tokens, the grants of its audit table.
///
/// Prints the probe as JSON. With --save it is evidence for the next run. Nothing is judged here: checks do that
/// (tls.listen, access.default-deny, jwt.refused and others).
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Offer each version of TLS and each suite, and plain HTTP; read the certificate
    #[command(
        after_help = "Examples:\n  vouchsafe-evidence probe tls api.example.org:443\n  vouchsafe-evidence probe tls 10.0.0.7:8443 --name api.example.org --save"
    )]
    Tls {
        /// Where the service listens
        #[arg(value_name = "HOST:PORT")]
        at: String,
        /// The name that its callers know it by [default: the host]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Save the probe in the folder evidence/probes of the project
        #[arg(long)]
        save: bool,
    },
    /// Attack a service over HTTPS: routes without a credential, forged tokens, management, what errors reveal
    #[command(after_help = SERVICE_EXAMPLES)]
    Service(Box<ServiceArgs>),
    /// Read from catalogs what the role of a service may do to its audit table
    #[command(
        after_help = "Examples:\n  vouchsafe-evidence probe postgres postgres://probe@db.example.org/audit --ca ca.pem \\\n      --table audit.events --role billing --password-file probe.password --save\n\nCatalogs are read, in a transaction that may write nothing; no row of the table is. Any user that may connect can do\nit. TLS is verified in full, against --ca."
    )]
    Postgres(Box<PostgresArgs>),
    /// Read the header and the names of claims of a JWT, and how long it lives; its signature is not judged
    #[command(
        after_help = "Examples:\n  vouchsafe-evidence probe token access.jwt\n  get-token | vouchsafe-evidence probe token - --name 'access token' --save"
    )]
    Token {
        /// The file that holds the token, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What the token is for
        #[arg(long, value_name = "TEXT", default_value = "token")]
        name: String,
        /// Save the probe in the folder evidence/probes of the project
        #[arg(long)]
        save: bool,
    },
}

const SERVICE_EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence probe service https://localhost:8443 --ca .vouchsafe/tls/certificate.pem --token probe.header
  vouchsafe-evidence probe service https://api.example.org --route 'GET /patients/{id}' --route 'POST /patients' \\
      --public 'GET /health' --control 'GET /me' --token probe.token --save
  vouchsafe-evidence probe service https://api.example.org --dry-run

Routes are those of its CapabilityStatement (FHIR) and those that are given; a row [[probe.service]] of evidence.toml with
the same URL is taken as it stands, and options come on top. Without a credential each route gets the method that it has,
with the body {} and ids that nobody has: a route that is open would take them, so probe a copy where that matters. The
token is sent by GET to one route only, and is never printed or stored. Bodies of answers are not stored.";

/// What is attacked.
#[derive(Clone, Debug, clap::Args)]
struct ServiceArgs {
    /// Where the service is reached
    #[arg(value_name = "URL")]
    url: String,
    /// The authority that signed its certificate (PEM) [default: those of the system]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A valid token, or the header that sends it, in a file that its owner alone may read
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// A route beside those that it declares itself: 'GET /patients/{id}'
    #[arg(long = "route", value_name = "ROUTE")]
    routes: Vec<Route>,
    /// A route that may answer without a credential
    #[arg(long = "public", value_name = "ROUTE")]
    public: Vec<Route>,
    /// The GET by which it is seen whether a token lets in
    #[arg(long, value_name = "ROUTE")]
    control: Option<Route>,
    /// A place of the management: HOST:PORT, or a path of the service
    #[arg(long = "management", value_name = "PLACE")]
    management: Vec<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Save the probe in the folder evidence/probes of the project
    #[arg(long)]
    save: bool,
}

/// Which table, and whose.
#[derive(Clone, Debug, clap::Args)]
struct PostgresArgs {
    /// postgres://USER@HOST[:PORT]/DATABASE, without a password
    #[arg(value_name = "URL")]
    url: String,
    /// The authority that signed the server's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The table of the audit log
    #[arg(long, value_name = "SCHEMA.TABLE")]
    table: String,
    /// The role by which the service appends to it
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The password of the user, in a file that its owner alone may read
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The variable of the environment with the password
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Save the probe in the folder evidence/probes of the project
    #[arg(long)]
    save: bool,
}

/// Runs the command for the project in a folder.
pub(crate) fn run(args: &Args, project: &Path) -> ExitCode {
    match try_run(args, project, Timestamp::now()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr().lock(), "probe: {why}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(args: &Args, project: &Path, now: Timestamp) -> Result<(), String> {
    match &args.what {
        What::Tls { at, name, save } => {
            let wrong = || format!("{} is not HOST:PORT", without_user(at));
            let target = Target::parse(at).ok_or_else(wrong)?;
            let name = name.as_deref().unwrap_or(&target.host);
            let probe = tls::probe(&target, name, now, PATIENCE)
                .map_err(|error| format!("{at}: {error}"))?;
            hand_over(&probe, save.then_some(project), &format!("tls-{at}"))
        }
        What::Service(args) => attack(args, project, now),
        What::Postgres(args) => grants(args, project, now),
        What::Token { file, name, save } => {
            let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let probe = token::read(&text, name, now)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            hand_over(&probe, save.then_some(project), &format!("token-{name}"))
        }
    }
}

fn attack(args: &ServiceArgs, project: &Path, now: Timestamp) -> Result<(), String> {
    let known = initialised(project, now)?;
    let mut rows = known
        .iter()
        .flat_map(|project| &project.settings.probe.service);
    let row = rows.find(|row| row.url == args.url).cloned();
    let from_settings = row.is_some();
    let mut target = row.unwrap_or_default();
    target.url.clone_from(&args.url);
    target.routes.extend(args.routes.iter().cloned());
    target.public.extend(args.public.iter().cloned());
    target.control = args.control.clone().or(target.control);
    if !args.management.is_empty() {
        target.management = Some(args.management.clone());
    }
    // Paths of arguments are where the command runs, those of the settings below the top folder of the project.
    let here = |path: &PathBuf| std::path::absolute(path).map_err(|error| error.to_string());
    if let Some(ca) = &args.ca {
        target.ca = Some(here(ca)?);
    }
    if let Some(token) = &args.token {
        target.token_file = Some(here(token)?);
    }
    if args.dry_run {
        return say_plan(&service::plan(&target));
    }
    let root = known
        .as_ref()
        .filter(|_| from_settings)
        .map_or(project, Project::root);
    let probed =
        service::probe(&target, root, now).map_err(|why| format!("{}: {why}", target.name()))?;
    let project = args.save.then_some(project);
    hand_over(
        &probed.service,
        project,
        &format!("service-{}", target.name()),
    )?;
    match (&probed.token, project) {
        (Some(token), Some(project)) => {
            save(&text(token)?, project, &format!("token-{}", target.name()))
        }
        _ => Ok(()),
    }
}

/// The project in a folder; none where nobody made one of it. Settings that cannot be read are an error: a probe without
/// what they say of the service would be another probe.
fn initialised(folder: &Path, now: Timestamp) -> Result<Option<Project>, String> {
    match Project::open(folder, now) {
        Ok(project) => Ok(Some(project)),
        Err(ProjectError::NoRepository { .. } | ProjectError::NotInitialised { .. }) => Ok(None),
        Err(error @ (ProjectError::Unreadable { .. } | ProjectError::Settings(_))) => {
            Err(error.to_string())
        }
    }
}

fn grants(args: &PostgresArgs, project: &Path, now: Timestamp) -> Result<(), String> {
    let here = |path: &PathBuf| std::path::absolute(path).map_err(|error| error.to_string());
    let target = PostgresTarget {
        url: args.url.clone(),
        ca: here(&args.ca)?,
        password_file: args.password_file.as_ref().map(here).transpose()?,
        password_env: args.password_env.clone(),
        table: args.table.clone(),
        role: args.role.clone(),
    };
    if args.dry_run {
        return say_plan(&[postgres::plan(&target)]);
    }
    let probe = postgres::probe(&target, project, now)?;
    let name = format!("postgres-{}-{}", args.table, args.role);
    hand_over(&probe, args.save.then_some(project), &name)
}

fn say_plan(calls: &[Call]) -> Result<(), String> {
    let mut out = io::stdout().lock();
    for call in calls {
        let _ = writeln!(out, "{}  (permission: {})", call.what, call.permission);
    }
    Ok(())
}

/// Tokens are far shorter.
const LARGEST: u64 = 1 << 20;

fn read(file: &Path) -> io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().take(LARGEST).read_to_string(&mut text)?;
        return Ok(text);
    }
    let text = bounded::file(file, LARGEST)?;
    String::from_utf8(text).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Prints a probe, and saves it where that is asked for.
fn hand_over(probe: &impl Serialize, project: Option<&Path>, name: &str) -> Result<(), String> {
    let text = text(probe)?;
    let _ = io::stdout().lock().write_all(text.as_bytes());
    match project {
        Some(project) => save(&text, project, name),
        None => Ok(()),
    }
}

/// A probe as it is printed and saved.
fn text(probe: &impl Serialize) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(probe).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}

/// Saves the text of a probe in the project.
fn save(text: &str, project: &Path, name: &str) -> Result<(), String> {
    let root = crate::git::Git::at(project)
        .map_or_else(|_| project.to_path_buf(), |git| git.root().to_path_buf());
    let folder = root.join(FOLDER);
    let letters = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '.' {
            letter
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(letters).collect();
    let path = folder.join(format!("{name}.json"));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_settings_end_a_probe_and_no_settings_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let open = || initialised(folder.path(), Timestamp::UNIX_EPOCH);
        assert!(open().unwrap().is_none());
        let made = std::process::Command::new("git")
            .args(["init", "--quiet"])
            .current_dir(folder.path())
            .status();
        assert!(made.unwrap().success());
        assert!(open().unwrap().is_none());
        fs::create_dir(folder.path().join("evidence")).unwrap();
        let settings = folder.path().join("evidence/evidence.toml");
        fs::write(&settings, "[[probe.service]]\nurl = 1\n").unwrap();
        assert!(open().unwrap_err().contains("evidence.toml"));
        let good = "[project]\nname = \"t\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:x\"\nkey = \"x\"\n";
        fs::write(&settings, good).unwrap();
        assert!(open().unwrap().is_some());
    }
}
