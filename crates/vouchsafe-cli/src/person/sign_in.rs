//! `vouchsafe person sign-in`.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::enrol::password_in;
use crate::door::Door;
use crate::installation::DataFolder;
use crate::{output, token_file};

const EXAMPLES: &str = "\
Examples:
  vouchsafe person sign-in ada@example.org --token-file ada.header
  curl --cacert .vouchsafe/tls/certificate.pem -H @ada.header https://localhost:8443/auth/me
  vouchsafe person sign-in ada@example.org --password-file pass.txt --code 123456 --json

The token file holds the header that curl sends, and only its owner can read it. A token is valid
for 15 minutes, and so is an idle session.";

/// Sign in with password and one-time code, and get an access token
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The login: an e-mail address
    email: String,
    #[command(flatten)]
    data: DataFolder,
    /// URL of the service [default: that of the data folder]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Certificate (PEM) to verify the service with [default: that of the data folder]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Read the password from a file instead of asking
    #[arg(long, value_name = "FILE", requires = "code")]
    password_file: Option<PathBuf>,
    /// The one-time code, instead of asking
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Write the token to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let door = Door::find(&args.data, args.url.as_deref(), args.ca.as_deref()).await?;
    let done = sign_in(&door, &args).await;
    door.close().await;
    done
}

async fn sign_in(door: &Door, args: &Args) -> anyhow::Result<()> {
    let password = match &args.password_file {
        Some(path) => password_in(path)?,
        None => rpassword::prompt_password("Password: ")
            .map(Zeroizing::new)
            .context("no terminal to ask for the password; use --password-file and --code")?,
    };
    let code = match &args.code {
        Some(code) => code.clone(),
        None => output::ask("One-time code: ")?,
    };
    let signed_in = door.sign_in(&args.email, &password, &code).await?;
    if let Some(path) = &args.token_file {
        token_file::write(path, &signed_in.access_token)?;
    }
    match (&args.token_file, args.json) {
        (Some(path), true) => output::say_json(&json!({
            "token_file": path, "expires_in": signed_in.expires_in,
        })),
        (None, true) => output::say_json(&json!({
            "access_token": *signed_in.access_token, "expires_in": signed_in.expires_in,
        })),
        (Some(path), false) => output::say(format_args!(
            "Signed in. The token in {} is good for {} minutes.",
            path.display(),
            // Rounded up, since a moment of the lifetime has passed already.
            (signed_in.expires_in + 59) / 60
        )),
        (None, false) => output::say(&*signed_in.access_token),
    }
}
