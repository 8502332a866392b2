//! `vouchsafe evidence probe`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::dial::{PATIENCE, Target};
use super::{FOLDER, tls, token};

/// Looks at a running service from outside: its TLS, and what its tokens say of themselves.
///
/// Prints the probe as JSON. With --save it is evidence for the next run. Nothing is judged here: the checks tls.listen,
/// tls.aead and jwt.hygiene do that.
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
            let target = Target::parse(at).ok_or_else(|| format!("{at} is no HOST:PORT"))?;
            let name = name.as_deref().unwrap_or(&target.host);
            let probe = tls::probe(&target, name, now, PATIENCE)
                .map_err(|error| format!("{at}: {error}"))?;
            hand_over(&probe, save.then_some(project), &format!("tls-{at}"))
        }
        What::Token { file, name, save } => {
            let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let probe = token::read(&text, name, now)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            hand_over(&probe, save.then_some(project), &format!("token-{name}"))
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().take(1 << 20).read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

/// Prints a probe, and saves it where that is asked for.
fn hand_over(probe: &impl Serialize, project: Option<&Path>, name: &str) -> Result<(), String> {
    let mut text = serde_json::to_string_pretty(probe).map_err(|error| error.to_string())?;
    text.push('\n');
    let _ = io::stdout().lock().write_all(text.as_bytes());
    let Some(project) = project else {
        return Ok(());
    };
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
