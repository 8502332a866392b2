//! Wrong arguments: told without a character of them, for they can hold values, too.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::WRONG;
use super::output::complain;

/// Says why arguments were refused, and returns the exit code; or prints the help or version that was asked for.
///
/// What `clap` prints itself repeats arguments. A program that takes [`Args`](super::Args) parses them with `try_parse`
/// and leaves the error to this.
#[must_use]
pub fn refused(error: &Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        drop(error.print());
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG));
    }
    let given: Vec<OsString> = std::env::args_os().skip(1).collect();
    complain(&format!("error: {}", reason(error, &given)));
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        complain(&format!("\n{usage}"));
    }
    complain("\n--help says more.");
    ExitCode::from(WRONG)
}

/// Why, with nothing in it but what this program declares.
fn reason(error: &Error, given: &[OsString]) -> String {
    let ours = |kind| listed(error.get(kind));
    let argument = ours(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidValue => match ours(ContextKind::ValidValue) {
            names if names.is_empty() => format!("{argument} needs a value"),
            names => format!("{argument}: unknown value; use one of {names}"),
        },
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            format!(
                "{argument}: {}",
                why.unwrap_or_else(|| "not a value that it takes".into())
            )
        }
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => {
            let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand].map(ours);
            let near = near.into_iter().find(|near| !near.is_empty());
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            format!("{} is unknown{near}", position(&argument, given))
        }
        ErrorKind::ArgumentConflict => match ours(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == argument => {
                format!("{argument} cannot be given twice")
            }
            prior => format!("{argument} cannot be given with {prior}"),
        },
        ErrorKind::MissingRequiredArgument if argument.contains("<PATHS>") => {
            "name files or folders; - is standard input".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {argument}"),
        ErrorKind::NoEquals => format!("{argument} takes its value after ="),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{argument}: too many values, or too few")
        }
        ErrorKind::InvalidUtf8 => "an argument is not text in UTF-8".to_owned(),
        _ => "wrong arguments".to_owned(),
    }
}

fn listed(value: Option<&ContextValue>) -> String {
    match value {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

/// Which of the arguments is meant, by its number: it was not declared here, so it is not repeated.
fn position(argument: &str, given: &[OsString]) -> String {
    let is = |one: &OsString| {
        let one = one.to_string_lossy();
        one == argument || one.split('=').next() == Some(argument)
    };
    match given.iter().position(is) {
        Some(place) => format!("argument {}", place + 1),
        None => "an argument".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command::Args;

    fn said(given: &[&str]) -> String {
        let all = std::iter::once("scan").chain(given.iter().copied());
        let error = Args::try_parse_from(all).unwrap_err();
        let given: Vec<OsString> = given.iter().map(OsString::from).collect();
        reason(&error, &given)
    }

    #[test]
    fn wrong_arguments_are_told_and_not_repeated() {
        for (given, expected) in [
            (
                &["--format", "219-09-9999", "x"][..],
                "--format <FORMAT>: unknown value; use one of text, json, sarif, html",
            ),
            (
                &["x", "--fromat=219-09-9999"],
                "argument 2 is unknown; did you mean --format?",
            ),
            (&["--zqcanary"], "argument 1 is unknown"),
            (
                &["--filter", "--quiet"],
                "--filter cannot be given with --quiet",
            ),
            (&["--output"], "--output <FILE> needs a value"),
            (&[], "name files or folders; - is standard input"),
            (
                &["--jobs", "zqcanary", "x"],
                "--jobs <N>: invalid digit found in string",
            ),
            (
                &["learn", "--column", "zq=canary", "x"],
                "--column <COLUMN=CLASS>: not a class; the classes are",
            ),
        ] {
            let said = said(given);
            assert!(said.starts_with(expected), "{said}");
            assert!(!said.contains("219") && !said.contains("canary"), "{said}");
        }
    }
}
