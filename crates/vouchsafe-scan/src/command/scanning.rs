//! A scan of files, folders and standard input, and its report.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use jiff::tz::Offset;
use jiff::{Timestamp, Unit};

use super::names::Names;
use super::output::{complain, say, shown};
use super::place::{Places, name_of_path};
use super::work::Worker;
use super::{Failed, Format, Scan};
use crate::baseline::{self, Baseline};
use crate::class::{Class, Confidence};
use crate::detect::{Classes, Detector};
use crate::file;
use crate::known::{KnownValues, read_key};
use crate::report::{Colour, Report, Run};
use crate::settings::{self, Settings};
use crate::source::{self, Glob, Options, Progress, ProgressLine};
use crate::tally::Tally;

/// Writes the commented reference of settings, unless settings are there.
pub(super) fn init() -> Result<u8, Failed> {
    let path = Path::new(settings::FILE);
    let made =
        File::create_new(path).and_then(|mut file| file.write_all(settings::REFERENCE.as_bytes()));
    made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failed::File(
            shown(path),
            "exists already, and is not written over; `vouchsafe-scan settings` prints the example"
                .to_owned(),
        ),
        _ => failed_file(path, &error),
    })?;
    say(&format!(
        "wrote {}; all of its keys are optional",
        settings::FILE
    ));
    Ok(0)
}

/// Prints the commented reference of settings.
pub(super) fn print_settings() -> u8 {
    say(settings::REFERENCE.trim_end());
    0
}

/// Scans, reports, and returns the exit code.
pub(super) fn run(scan: &Scan) -> Result<u8, Failed> {
    let now = Timestamp::now();
    let started = now.round(Unit::Second).unwrap_or(now);
    let (mut settings, settings_file) = settings_of(scan)?;
    let known = known_of(&mut settings)?;
    let baseline = scan.baseline.as_deref().map(read_baseline).transpose()?;
    let detector = detector_of(&settings).remembering();
    let options = options_of(scan, &settings)?;
    let progress = Progress::new();
    let jobs = scan.jobs.map_or_else(processors, usize::from);
    let mut workers: Vec<Worker<'_>> =
        std::iter::repeat_with(|| Worker::new(&detector, &settings, known.as_ref()))
            .take(jobs)
            .collect();
    let mut read = || source::read(&scan.paths, &options, &progress, &mut workers);
    let summary = match scan.quiet {
        true => read(),
        false => ProgressLine::on_standard_error().beside(&progress, read),
    };
    let mut tally = Tally::new();
    for worker in workers {
        tally.merge(worker.tally);
    }
    let sources: Vec<Vec<u8>> = scan.paths.iter().map(|path| source(path)).collect();
    let places = Places::new(&scan.paths);
    let file = scan.baseline.as_ref().or(scan.write_baseline.as_ref());
    let folder = file.map_or_else(|| places.working().to_owned(), |file| places.folder(file));
    let names = RefCell::new(Names::new(&settings.patterns, known.as_ref()));
    let report = Report::new(
        tally,
        &Run {
            started,
            sources: &sources,
            settings: &settings,
            settings_file,
            limits: &[
                ("nesting", u64::from(options.depth)),
                ("unpacked bytes", options.unpacked_free),
                ("unpacked ratio", options.unpacked_ratio),
            ],
            excluded: summary.excluded,
            baseline: baseline.as_ref(),
            mask_name: &|name| names.borrow_mut().mask(name),
            place_in_baseline: &|name| places.from(&folder, name),
            place_for_tools: &|name| places.from(places.working(), name),
        },
    );
    if let Some(path) = &scan.write_baseline {
        write_baseline(&report, path)?;
    }
    write(&report, scan)?;
    // A baseline that was just written holds all that was found: only what could not be read fails.
    let complete = report.not_read == 0;
    Ok(match scan.write_baseline {
        Some(_) => u8::from(!complete),
        None => report.outcome.exit_code,
    })
}

fn source(path: &Path) -> Vec<u8> {
    name_of_path(path.as_os_str().as_encoded_bytes()).to_vec()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn not_text(path: &Path) -> Failed {
    Failed::File(shown(path), "is not text in UTF-8".to_owned())
}

/// The settings of the file, under those of the arguments; and whether there was a file.
pub(super) fn settings_of(scan: &Scan) -> Result<(Settings, bool), Failed> {
    let given = scan.settings.as_deref();
    let path = given.unwrap_or(Path::new(settings::FILE));
    let text = match scan.no_settings {
        true => None,
        false => match file::read(path, settings::LARGEST_FILE) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| not_text(path))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound && given.is_none() => None,
            Err(error) => return Err(failed_file(path, &error)),
        },
    };
    let mut settings = match &text {
        Some(text) => Settings::parse(text, Offset::UTC.to_datetime(Timestamp::now()).date())
            .map_err(|error| Failed::File(shown(path), error.to_string()))?,
        None => Settings::default(),
    };
    if let Some(minimum) = scan.minimum_confidence {
        settings.minimum_confidence = minimum;
    }
    settings.without.extend(&scan.without);
    if !scan.only.is_empty() {
        settings.without = Class::ALL
            .into_iter()
            .filter(|class| !scan.only.contains(class))
            .collect();
    }
    Ok((settings, text.is_some()))
}

/// The known values that the settings name. Their key is also that of hashes in allowances.
pub(super) fn known_of(settings: &mut Settings) -> Result<Option<KnownValues>, Failed> {
    let Some(known) = &settings.known else {
        return Ok(None);
    };
    let failed = |path: &Path| {
        let shown = shown(path);
        move |error: crate::known::KnownError| Failed::File(shown, error.to_string())
    };
    let key = read_key(&known.key).map_err(failed(&known.key))?;
    let values = known
        .file
        .as_ref()
        .map(|file| KnownValues::read(file, &key).map_err(failed(file)));
    settings.allowances.set_key(&key);
    values.transpose()
}

/// The detectors that the settings ask for.
pub(super) fn detector_of(settings: &Settings) -> Detector {
    let classes = settings
        .without
        .iter()
        .fold(Classes::ALL, |classes, class| classes.without(*class));
    let minimum = settings.minimum_confidence.max(Confidence::Low);
    Detector::new().classes(classes).minimum(minimum)
}

fn options_of(scan: &Scan, settings: &Settings) -> Result<Options, Failed> {
    let mut exclude = settings.exclude.clone();
    for pattern in &scan.exclude {
        let glob =
            Glob::new(pattern).map_err(|error| Failed::Argument(format!("--exclude: {error}")))?;
        exclude.push(glob);
    }
    Ok(Options {
        exclude,
        ..Options::default()
    })
}

fn read_baseline(path: &Path) -> Result<Baseline, Failed> {
    let bytes = file::read(path, baseline::LARGEST_FILE).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failed::File(
            shown(path),
            "there is no such baseline; --write-baseline writes one".to_owned(),
        ),
        _ => failed_file(path, &error),
    })?;
    Baseline::read(&bytes).map_err(|error| Failed::File(shown(path), error.to_string()))
}

fn write_baseline(report: &Report, path: &Path) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let written = report
        .to_baseline()
        .write(&mut bytes)
        .and_then(|()| file::replace(path, &bytes));
    written.map_err(|error| failed_file(path, &error))?;
    complain(&format!(
        "wrote {}: {} findings; commit it, and --baseline reports what is new",
        shown(path),
        report.total()
    ));
    Ok(())
}

fn write(report: &Report, scan: &Scan) -> Result<(), Failed> {
    let written = match &scan.output {
        Some(path) => {
            let mut bytes = Vec::new();
            render(report, scan.format, Colour::Never, &mut bytes)
                .and_then(|()| file::replace(path, &bytes))
                .map_err(|error| failed_file(path, &error))?;
            Ok(())
        }
        None => {
            let stdout = io::stdout();
            let colour = Colour::choose(
                stdout.is_terminal(),
                std::env::var_os("NO_COLOR").as_deref(),
            );
            let mut out = BufWriter::new(stdout.lock());
            render(report, scan.format, colour, &mut out).and_then(|()| out.flush())
        }
    };
    match written {
        // Who reads us has seen enough: `vouchsafe-scan . | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failed::Report(error.kind())),
    }
}

fn render(report: &Report, format: Format, colour: Colour, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Text => report.text(out, colour),
        Format::Json => report.json(out),
        Format::Sarif => report.sarif(out),
        Format::Html => report.html(out),
    }
}

/// A file that cannot be read or written, without the system's text, which could repeat its name.
pub(super) fn failed_file(path: &Path, error: &io::Error) -> Failed {
    Failed::File(shown(path), error.kind().to_string())
}
