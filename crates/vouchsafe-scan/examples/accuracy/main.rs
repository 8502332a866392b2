//! A labelled corpus of logs, and how well the detectors find what is in it.
//!
//! `generate` writes the corpus of a set, `score` makes the tables of `docs/scan-accuracy.md`.

mod corpus;
mod people;
mod random;
mod template;
mod text;
mod values;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use corpus::{Clean, Corpus, CorpusError, Set};

const USAGE: &str = "usage: accuracy generate --set tuning|figures --out DIR [--each N] [--clean LINES] [--stride N]";

#[derive(Debug, thiserror::Error)]
enum AccuracyError {
    #[error("{USAGE}")]
    Usage,
    #[error(transparent)]
    Corpus(#[from] CorpusError),
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    set: Set,
    out: Option<PathBuf>,
    each: u64,
    clean: Clean,
}

fn run(mut given: impl Iterator<Item = String>) -> Result<(), AccuracyError> {
    let command = given.next();
    let arguments = arguments(given).ok_or(AccuracyError::Usage)?;
    match (command.as_deref(), arguments.out) {
        (Some("generate"), Some(out)) => {
            Corpus::new(arguments.set)?.write(&out, arguments.each, arguments.clean)?;
            Ok(())
        }
        _ => Err(AccuracyError::Usage),
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments {
        set: Set::Tuning,
        out: None,
        each: 100,
        clean: Clean {
            lines: 1_000_000,
            stride: 1,
        },
    };
    while let Some(option) = given.next() {
        let value = given.next()?;
        match option.as_str() {
            "--set" => arguments.set = Set::parse(&value)?,
            "--out" => arguments.out = Some(value.into()),
            "--each" => arguments.each = value.parse().ok()?,
            "--clean" => arguments.clean.lines = value.parse().ok()?,
            "--stride" => arguments.clean.stride = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(arguments)
}
