//! A scan of files, folders and standard input, and its report.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::Offset;

use super::output::{complain, masked_name, say, shown};
use super::work::Worker;
use super::{Failed, Format, Scan};
use crate::baseline::Baseline;
use crate::class::{Class, Confidence};
use crate::detect::{Classes, Detector};
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
    made.map_err(|error| failed_file(path, &error))?;
    say(&format!(
        "wrote {}; all of its keys are optional",
        settings::FILE
    ));
    Ok(0)
}

/// Scans, reports, and returns the exit code.
pub(super) fn run(scan: &Scan) -> Result<u8, Failed> {
    let started = Timestamp::now();
    let (settings, settings_file) = settings_of(scan)?;
    let known = known_of(&settings)?;
    let baseline = scan.baseline.as_deref().map(read_baseline).transpose()?;
    let detector = detector_of(&settings);
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
    let sources: Vec<Vec<u8>> = scan.paths.iter().map(|path| name_of_source(path)).collect();
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
            mask_name: &|name| masked_name(&detector, name),
        },
    );
    if let Some(path) = &scan.write_baseline {
        write_baseline(&report, path)?;
    }
    write(&report, scan)?;
    // A baseline that was just written holds all that was found: only what could not be read fails.
    let complete = summary.incomplete == 0;
    Ok(match scan.write_baseline {
        Some(_) => u8::from(!complete),
        None => report.outcome.exit_code,
    })
}

fn name_of_source(path: &Path) -> Vec<u8> {
    match path.as_os_str().as_encoded_bytes() {
        b"-" => b"standard input".to_vec(),
        name => name.to_vec(),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The settings of the file, under those of the arguments; and whether there was a file.
pub(super) fn settings_of(scan: &Scan) -> Result<(Settings, bool), Failed> {
    let given = scan.settings.as_deref();
    let path = given.unwrap_or(Path::new(settings::FILE));
    let text = match scan.no_settings {
        true => None,
        false => match fs::read_to_string(path) {
            Ok(text) => Some(text),
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

/// The known values that the settings name; their key is also that of hashes in allowances.
pub(super) fn known_of(settings: &Settings) -> Result<Option<KnownValues>, Failed> {
    let Some(known) = &settings.known else {
        return Ok(None);
    };
    let failed = |path: &Path| {
        let shown = shown(path);
        move |error: crate::known::KnownError| Failed::File(shown, error.to_string())
    };
    let key = read_key(&known.key).map_err(failed(&known.key))?;
    KnownValues::read(&known.file, &key)
        .map(Some)
        .map_err(failed(&known.file))
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
    let bytes = fs::read(path).map_err(|error| failed_file(path, &error))?;
    Baseline::read(&bytes).map_err(|error| Failed::File(shown(path), error.to_string()))
}

fn write_baseline(report: &Report, path: &Path) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let written = report
        .to_baseline()
        .write(&mut bytes)
        .and_then(|()| replace(path, &bytes));
    written.map_err(|error| failed_file(path, &error))?;
    complain(&format!(
        "wrote {}: {} findings; commit it, and --baseline reports what is new",
        shown(path),
        report.total()
    ));
    Ok(())
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}

fn write(report: &Report, scan: &Scan) -> Result<(), Failed> {
    let written = match &scan.output {
        Some(path) => {
            let mut bytes = Vec::new();
            render(report, scan.format, Colour::Never, &mut bytes)
                .and_then(|()| replace(path, &bytes))
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
