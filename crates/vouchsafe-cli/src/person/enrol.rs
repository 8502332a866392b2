//! `vouchsafe person link` and `enrol`: one-time links, and their use at a terminal.

use std::path::PathBuf;

use anyhow::Context as _;
use vouchsafe_installation::now;
use zeroize::Zeroizing;

use super::{change, find, show_link, with};
use crate::door::{Door, Enrolment};
use crate::installation::DataFolder;
use crate::output;
use crate::principal::actor;

const LINK_EXAMPLES: &str = "\
Examples:
  vouchsafe person link ada@example.org

For a person whose link has expired, or who lost a factor. Older links become void; the present
factors stay valid until the new ones are set.";

/// Create a new one-time enrolment link for a person
#[derive(Debug, clap::Args)]
#[command(after_help = LINK_EXAMPLES)]
pub(crate) struct LinkArgs {
    /// The person, by e-mail address or id
    person: String,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn link(args: LinkArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let id = find(installation, &args.person).await?;
        let identity = installation.identity();
        let prepared = identity
            .renew_enrolment(installation.tenant(), id, actor(), now())
            .await;
        let invitation = change(installation, prepared).await?;
        show_link(installation, &args.data, &invitation, args.json)
    })
    .await
}

const EXAMPLES: &str = "\
Examples:
  vouchsafe person enrol 'https://localhost:8443/auth/enrol#TOKEN'
  vouchsafe person enrol LINK --show --json               the one-time-code key, for a script
  vouchsafe person enrol LINK --password-file pass.txt --code 123456

The command calls the running service over HTTPS. If none runs on this host, it uses the data
folder itself.";

/// Use an enrolment link: set up one-time codes and choose a password
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The link, or the token at its end
    link: String,
    #[command(flatten)]
    data: DataFolder,
    /// Certificate (PEM) to verify the service with [default: that of the data folder]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Only show the one-time-code key; the link stays valid
    #[arg(long, conflicts_with_all = ["password_file", "code"])]
    show: bool,
    /// Print the key as a JSON object
    #[arg(long, requires = "show")]
    json: bool,
    /// Read the password from a file instead of asking
    #[arg(long, value_name = "FILE", requires = "code")]
    password_file: Option<PathBuf>,
    /// The one-time code, instead of asking
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let (url, token) = parts(&args.link);
    let door = Door::find(&args.data, url, args.ca.as_deref()).await?;
    let done = enrol(&door, token, &args).await;
    door.close().await;
    done
}

async fn enrol(door: &Door, token: &str, args: &Args) -> anyhow::Result<()> {
    let shown = door.enrolment(token).await?;
    if args.json {
        return output::say_json(&serde_json::json!({
            "name": shown.name,
            "login": shown.login,
            "secret": *shown.secret,
            "uri": *shown.uri,
        }));
    }
    if args.code.is_none() {
        show(&shown)?;
    }
    if args.show {
        return Ok(());
    }
    let password = match &args.password_file {
        Some(path) => password_in(path)?,
        None => new_password()?,
    };
    let code = match &args.code {
        Some(code) => code.clone(),
        None => output::ask("One-time code: ")?,
    };
    door.enrol(token, &password, &code).await?;
    output::say(format_args!(
        "{} is enrolled. Sign in with: vouchsafe person sign-in {}{}",
        shown.name,
        shown.login,
        args.data.argument(),
    ))
}

fn show(shown: &Enrolment) -> anyhow::Result<()> {
    output::say(format_args!(
        "{} <{}>\nPut this key into an authenticator app (time-based, 6 digits, 30 seconds):\n  {}\n  {}",
        shown.name,
        shown.login,
        *grouped(&shown.secret),
        *shown.uri,
    ))
}

/// The service of a link, and the token in its fragment; a bare token has no service.
fn parts(link: &str) -> (Option<&str>, &str) {
    match link.split_once('#') {
        Some((page, token)) => (Some(page.trim_end_matches("/auth/enrol")), token),
        None => (None, link),
    }
}

/// The secret in groups of four, since people type it.
fn grouped(secret: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(secret.len() * 5 / 4));
    for (place, letter) in secret.chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            out.push(' ');
        }
        out.push(letter);
    }
    out
}

/// The password in a file, without the line end.
pub(super) fn password_in(path: &std::path::Path) -> anyhow::Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Zeroizing::new(
        text.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

fn new_password() -> anyhow::Result<Zeroizing<String>> {
    let ask = |question: &str| {
        rpassword::prompt_password(question)
            .map(Zeroizing::new)
            .context("no terminal to ask for the password; use --password-file and --code")
    };
    let first = ask("Password, 12 characters or more: ")?;
    if *ask("Again: ")? != *first {
        anyhow::bail!("the two passwords differ; nothing was done, try again");
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_service() {
        let link = "https://records.example.org:8443/auth/enrol#abc";
        assert_eq!(
            parts(link),
            (Some("https://records.example.org:8443"), "abc")
        );
        assert_eq!(parts("abc"), (None, "abc"));
    }

    #[test]
    fn keys_are_shown_in_groups() {
        assert_eq!(*grouped("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(*grouped(""), "");
    }
}
