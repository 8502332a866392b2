//! A labelled corpus of logs, and how well the detectors find what is in it.
//!
//! `generate` writes the corpus of a set, `score` makes the tables of `docs/scan-accuracy.md`.

mod corpus;
mod figures;
mod finders;
mod people;
mod random;
mod score;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod values;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use corpus::{Clean, Corpus, CorpusError, Set};
use finders::{Finder, Part};
use score::Score;
use vouchsafe_scan::detect::Detector;

const USAGE: &str = "\
usage: accuracy generate --set tuning|figures|seventh|check --out DIR [--each N] [--clean LINES] [--stride N]
       accuracy score --set tuning|figures|seventh|check [--each N] [--clean LINES] [--stride N] [--json FILE] [--misses N]
                      [--beside NAME=FILE|own]...

generate writes corpus.log, labels.tsv, documents.tsv, clean.log and clean-documents.tsv to DIR.
score runs the detectors over the same corpus; with --beside it compares them with what other tools wrote to a FILE.";

#[derive(Debug, thiserror::Error)]
enum AccuracyError {
    #[error("{USAGE}")]
    Usage,
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    #[error("the findings cannot be read")]
    Findings(#[source] std::io::Error),
    #[error("the tables cannot be written")]
    Write(#[from] std::io::Error),
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
    /// Names of tools, and the files of their findings; none for our own.
    beside: Vec<(String, Option<PathBuf>)>,
    json: Option<PathBuf>,
    misses: usize,
}

fn run(mut given: impl Iterator<Item = String>) -> Result<(), AccuracyError> {
    let command = given.next();
    let arguments = arguments(given).ok_or(AccuracyError::Usage)?;
    let corpus = Corpus::new(arguments.set)?;
    match (command.as_deref(), &arguments.out) {
        (Some("generate"), Some(out)) => Ok(corpus.write(out, arguments.each, arguments.clean)?),
        (Some("score"), None) => tables(&corpus, &arguments),
        _ => Err(AccuracyError::Usage),
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Option<Arguments> {
    let clean = Clean {
        lines: 1_000_000,
        stride: 1,
    };
    let mut arguments = Arguments {
        set: Set::Tuning,
        out: None,
        each: 100,
        clean,
        beside: Vec::new(),
        json: None,
        misses: 0,
    };
    while let Some(option) = given.next() {
        let value = given.next()?;
        match option.as_str() {
            "--set" => arguments.set = Set::parse(&value)?,
            "--out" => arguments.out = Some(value.into()),
            "--each" => arguments.each = value.parse().ok()?,
            "--clean" => arguments.clean.lines = value.parse().ok()?,
            "--stride" => arguments.clean.stride = value.parse().ok()?,
            "--beside" => {
                let (name, file) = value.split_once('=')?;
                arguments
                    .beside
                    .push((name.to_owned(), (file != "own").then(|| file.into())));
            }
            "--json" => arguments.json = Some(value.into()),
            "--misses" => arguments.misses = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(arguments)
}

fn tables(corpus: &Corpus, arguments: &Arguments) -> Result<(), AccuracyError> {
    let detector = Detector::new();
    let mut out = std::io::stdout();
    let mut scores = Vec::new();
    for (name, file) in &arguments.beside {
        let mut finder = match file {
            Some(file) => Finder::outside(file).map_err(AccuracyError::Findings)?,
            None => Finder::own(&detector),
        };
        scores.push((
            name.clone(),
            score(corpus, &mut finder, arguments.each, arguments.clean)?,
        ));
    }
    if !scores.is_empty() {
        out.write_all(figures::beside(&scores).as_bytes())?;
        return Ok(());
    }
    let score = score(
        corpus,
        &mut Finder::own(&detector),
        arguments.each,
        arguments.clean,
    )?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, format!("{:#}\n", figures::json(&score)))?;
    }
    write!(
        out,
        "{}{}",
        figures::markdown(&score),
        figures::misses(&score, arguments.misses)
    )?;
    Ok(())
}

fn score(
    corpus: &Corpus,
    finder: &mut Finder<'_>,
    each: u64,
    clean: Clean,
) -> Result<Score, CorpusError> {
    let mut score = Score::default();
    let mut first = 1;
    for document in corpus.documents(each) {
        let document = document?;
        let found = finder.find(Part::Labelled, first, &document.lines);
        score.count(document.template, &document.lines, &found);
        first += document.lines.len();
    }
    let mut first = 1;
    for document in corpus.clean_lines(clean) {
        let document = document?;
        let found = finder.find(Part::Clean, first, &document.lines);
        score.count_clean(document.template, &document.lines, &found);
        first += document.lines.len();
    }
    Ok(score)
}
