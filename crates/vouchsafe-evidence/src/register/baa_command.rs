//! `vouchsafe baa`: whether PHI may go somewhere, by the registers of the working tree. Offline.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::baa::{Coverage, Limits, Registers, assess};
use super::egress::{Egress, Services};
use super::nearest::nearest;
use super::reading::{Named as _, Register, parse};
use super::value::Phi;
use super::vendors::Vendors;
use crate::window::day_of;

/// Agreements with everybody who gets PHI.
#[derive(Debug, Args)]
pub struct BaaArgs {
    #[command(subcommand)]
    verb: Verb,
    /// A folder in the repository.
    #[arg(long, global = true, default_value = ".")]
    folder: PathBuf,
    /// The day to judge for; today, in UTC, without it.
    #[arg(long, global = true, value_name = "DAY")]
    on: Option<Date>,
    /// How to write the answer.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check that each destination and service with PHI has a live agreement that covers it.
    #[command(
        after_help = "Examples:\n  vouchsafe baa check\n  vouchsafe baa check --on 2026-12-31\n\nExit codes: 0 all are covered; 1 one is not, or nothing is named; 2 a register has a fault."
    )]
    Check,
    /// Say whether PHI may go to a host, service, vendor or entry, until when, and what is missing.
    #[command(
        after_help = "Examples:\n  vouchsafe baa explain logs.example.com\n  vouchsafe baa explain example-cloud --format json"
    )]
    Explain {
        /// The name of a host, a service, a vendor or an entry.
        destination: String,
    },
    /// List all destinations and services.
    #[command(
        after_help = "Examples:\n  vouchsafe baa report\n  vouchsafe baa report --format json"
    )]
    Report,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Days for which a proof of no PHI is good, as in the check `baa.covers-service`.
const LIMITS: Limits = Limits {
    proof_days: 90,
    notice_days: 60,
};

/// All is well, as far as the registers say.
const WELL: u8 = 0;
/// PHI may not go somewhere.
const FOUND: u8 = 1;
/// There is no answer: a register is missing or has faults.
const NO_ANSWER: u8 = 2;

/// Runs the command. The answer goes to `out`, the reasons why there is none to `errors`. Returns the exit code: 0 when PHI
/// may go where the registers send it, 1 when it may not, 2 when there is no answer.
///
/// # Errors
/// When nothing can be written.
pub(crate) fn run(
    args: &BaaArgs,
    now: Timestamp,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> std::io::Result<u8> {
    let day = args.on.unwrap_or_else(|| day_of(now));
    let files = match Files::read(&args.folder) {
        Ok(files) => files,
        Err(reasons) => {
            for reason in reasons {
                writeln!(errors, "{reason}")?;
            }
            return Ok(NO_ANSWER);
        }
    };
    let registers = Registers {
        vendors: &files.vendors,
        egress: &files.egress,
        services: files.services.as_ref(),
    };
    let all = assess(registers, LIMITS, day);
    match &args.verb {
        Verb::Check => check(&all, day, args.format, out),
        Verb::Report => report(&all, day, args.format, out),
        Verb::Explain { destination } => explain(&files, &all, destination, day, args.format, out),
    }
}

/// The registers of the working tree.
struct Files {
    vendors: Vendors,
    egress: Egress,
    services: Option<Services>,
}

impl Files {
    fn read(folder: &Path) -> Result<Self, Vec<String>> {
        // The folder itself, or one above it.
        let full = folder
            .canonicalize()
            .map_err(|error| vec![format!("{}: {error}", folder.display())])?;
        let root = full.ancestors().find(|above| {
            above.join(Egress::FILE).is_file() || above.join(Vendors::FILE).is_file()
        });
        let root = root.ok_or_else(|| {
            vec![format!(
                "there is no {} in {} or above it: run `vouchsafe evidence init` first",
                Egress::FILE,
                folder.display()
            )]
        })?;
        let mut faults = Vec::new();
        let vendors = one::<Vendors>(root, &mut faults);
        let egress = one::<Egress>(root, &mut faults);
        let services = one::<Services>(root, &mut faults);
        for (file, absent) in [
            (Vendors::FILE, vendors.is_none()),
            (Egress::FILE, egress.is_none()),
        ] {
            if absent && faults.is_empty() {
                faults.push(format!(
                    "there is no {file}: run `vouchsafe evidence init` first"
                ));
            }
        }
        match (vendors, egress) {
            (Some(vendors), Some(egress)) if faults.is_empty() => Ok(Self {
                vendors,
                egress,
                services,
            }),
            _ => Err(faults),
        }
    }
}

/// A register, if it is there and well.
fn one<R: Register>(root: &Path, faults: &mut Vec<String>) -> Option<R> {
    let bytes = match std::fs::read(root.join(R::FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            faults.push(format!("{}: {error}", R::FILE));
            return None;
        }
    };
    match parse::<R>(&bytes) {
        Ok(register) => Some(register),
        Err(found) => {
            faults.extend(found.iter().map(ToString::to_string));
            None
        }
    }
}

fn code_of<'c>(mut all: impl Iterator<Item = &'c Coverage>) -> u8 {
    if all.any(|coverage| !coverage.problems.is_empty()) {
        FOUND
    } else {
        WELL
    }
}

fn check(all: &[Coverage], day: Date, format: Format, out: &mut dyn Write) -> std::io::Result<u8> {
    let problems: Vec<_> = all
        .iter()
        .filter(|coverage| !coverage.problems.is_empty())
        .collect();
    if format == Format::Json {
        json(
            &serde_json::json!({ "on": day.to_string(), "entries": all.len(), "refused": problems,
            "warnings": all.iter().flat_map(|coverage| coverage.warnings.iter().map(|warning| serde_json::json!({ "id": coverage.id, "warning": warning }))).collect::<Vec<_>>() }),
            out,
        )?;
        return Ok(code_of(all.iter()));
    }
    if all.is_empty() {
        writeln!(
            out,
            "{} and {} name nothing: that proves nothing",
            Egress::FILE,
            Services::FILE
        )?;
        return Ok(FOUND);
    }
    for coverage in &problems {
        for problem in &coverage.problems {
            writeln!(
                out,
                "{}: {} {}: {}",
                coverage.place, problem.code, coverage.id, problem.text
            )?;
        }
    }
    for coverage in all {
        for warning in &coverage.warnings {
            writeln!(
                out,
                "{}: warning: {}: {warning}",
                coverage.place, coverage.id
            )?;
        }
    }
    let phi = all
        .iter()
        .filter(|coverage| coverage.phi != Phi::None.name())
        .count();
    writeln!(
        out,
        "{day}: {} entries, {phi} with PHI, {} refused",
        all.len(),
        problems.len()
    )?;
    Ok(code_of(all.iter()))
}

fn report(all: &[Coverage], day: Date, format: Format, out: &mut dyn Write) -> std::io::Result<u8> {
    if format == Format::Json {
        json(
            &serde_json::json!({ "on": day.to_string(), "entries": all }),
            out,
        )?;
        return Ok(code_of(all.iter()));
    }
    let head = [
        "entry",
        "vendor",
        "service",
        "PHI",
        "agreement",
        "until",
        "state",
    ]
    .map(ToOwned::to_owned);
    let rows = all.iter().map(|coverage| {
        [
            coverage.id.clone(),
            coverage.vendor.clone(),
            coverage.service.clone(),
            coverage.phi.to_owned(),
            coverage.agreement.clone().unwrap_or_else(|| "-".to_owned()),
            until(coverage),
            state(coverage),
        ]
    });
    let table: Vec<_> = std::iter::once(head).chain(rows).collect();
    writeln!(out, "{}", align(&table))?;
    writeln!(
        out,
        "On {day}, in UTC. By the registers alone: whether a contract covers a service is for you and your counsel to read."
    )?;
    Ok(code_of(all.iter()))
}

fn until(coverage: &Coverage) -> String {
    match (&coverage.agreement, &coverage.until) {
        (Some(_), None) => "open".to_owned(),
        (_, Some(until)) => until.clone(),
        (None, None) => "-".to_owned(),
    }
}

fn state(coverage: &Coverage) -> String {
    let codes: Vec<_> = coverage
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    match (codes.is_empty(), coverage.warnings.is_empty()) {
        (false, _) => codes.join(" "),
        (true, false) => "ends soon".to_owned(),
        (true, true) => "in order".to_owned(),
    }
}

/// Columns of one width.
fn align(table: &[[String; 7]]) -> String {
    let width = |column: usize| {
        table
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..7).map(width).collect();
    let mut text = String::new();
    for row in table {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn explain(
    files: &Files,
    all: &[Coverage],
    asked: &str,
    day: Date,
    format: Format,
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let host = host_of(asked);
    let by_host: Vec<&str> = files
        .egress
        .for_host(&host)
        .map(|entry| &*entry.id)
        .collect();
    let same = |text: &str| text.eq_ignore_ascii_case(asked.trim());
    let about: Vec<_> = all
        .iter()
        .filter(|coverage| {
            let of_host = coverage.register == "egress" && by_host.contains(&coverage.id.as_str());
            of_host || same(&coverage.id) || same(&coverage.service) || same(&coverage.vendor)
        })
        .collect();
    if format == Format::Json {
        json(
            &serde_json::json!({ "on": day.to_string(), "asked": asked, "entries": about }),
            out,
        )?;
        return Ok(if about.is_empty() {
            FOUND
        } else {
            code_of(about.into_iter())
        });
    }
    if about.is_empty() {
        write!(out, "{}", unknown(files, all, asked, &host))?;
        return Ok(FOUND);
    }
    for coverage in &about {
        write!(out, "{}", in_words(coverage, day))?;
    }
    Ok(code_of(about.into_iter()))
}

/// The host of an address, or the text itself: people paste addresses.
fn host_of(asked: &str) -> String {
    let rest = asked
        .trim()
        .split_once("://")
        .map_or(asked.trim(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    host.split(':').next().unwrap_or(host).to_ascii_lowercase()
}

fn in_words(coverage: &Coverage, day: Date) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} ({}): {} of {}",
        coverage.id, coverage.place, coverage.service, coverage.vendor
    );
    if !coverage.hosts.is_empty() {
        let _ = writeln!(text, "  hosts      {}", coverage.hosts.join(", "));
    }
    let _ = writeln!(text, "  PHI        {}", coverage.phi);
    if let Some(agreement) = &coverage.agreement {
        let last = coverage.until.as_ref().map_or_else(
            || "it has no end".to_owned(),
            |until| format!("its last day is {until}"),
        );
        let _ = writeln!(text, "  agreement  {agreement}; {last}");
    }
    let verdict = match (coverage.phi, coverage.problems.is_empty()) {
        ("none", true) => "no PHI goes there, and a fresh proof says so",
        ("none", false) => "nothing may go there: no fresh proof shows that no PHI does",
        (_, true) => "PHI may go there",
        (_, false) => "PHI may not go there",
    };
    let _ = writeln!(text, "  on {day}: {verdict}");
    for problem in &coverage.problems {
        let _ = writeln!(text, "  {}: {}", problem.code, problem.text);
        let _ = writeln!(text, "    {}", what_to_write(problem.code, coverage));
    }
    for warning in &coverage.warnings {
        let _ = writeln!(text, "  warning: {warning}");
    }
    text
}

/// What to do about a problem.
fn what_to_write(code: &str, coverage: &Coverage) -> String {
    let (vendor, service) = (&coverage.vendor, &coverage.service);
    match code {
        "VENDOR_UNKNOWN" => format!("write a [[vendor]] with id = \"{vendor}\" in {}", Vendors::FILE),
        "NO_AGREEMENT" | "AGREEMENT_ENDED" => {
            format!("sign one, then write an [[agreement]] with vendor = \"{vendor}\" and covers = [\"{service}\"] in {}", Vendors::FILE)
        }
        "AGREEMENT_NOT_YET" => "send nothing before that day".to_owned(),
        "SERVICE_NOT_COVERED" => {
            format!("read whether the contract covers {service}; if it does, add it to `covers`; if not, have it added, or use another service")
        }
        "CONDITION_NOT_MET" => "see that it is so, then write the day as `met` beside the condition".to_owned(),
        "NO_FLOW_DOWN" => "have the contract bind subcontractors, then write flow_down = true".to_owned(),
        "NOTICE_TOO_LATE" => "have a shorter time agreed, then write it as breach_notice_days".to_owned(),
        "REVIEW_OVERDUE" => "read the agreement and the vendor's list of services again, then move review_by".to_owned(),
        "NO_PROOF" | "PROOF_STALE" | "PROOF_IN_FUTURE" => {
            "show that no PHI goes there (a scan, a canary, a review), then write it as `proof`; or write phi = \"possible\"".to_owned()
        }
        _ => "see the template of the register".to_owned(),
    }
}

fn unknown(files: &Files, all: &[Coverage], asked: &str, host: &str) -> String {
    let mut text =
        format!("{asked}: no entry has that host, service, vendor or id. Nothing may go there.\n");
    let names = all.iter().flat_map(|coverage| {
        [coverage.id.as_str(), &coverage.service, &coverage.vendor]
            .into_iter()
            .chain(coverage.hosts.iter().map(String::as_str))
    });
    if let Some(near) = nearest(asked, names) {
        let _ = writeln!(text, "Did you mean {near}?");
    }
    if let Some(vendor) = files.vendors.vendors.iter().find(|vendor| {
        vendor.id.eq_ignore_ascii_case(asked) || vendor.name.eq_ignore_ascii_case(asked)
    }) {
        let _ = writeln!(
            text,
            "{} is a vendor, and no destination or service names it.",
            vendor.id
        );
    }
    let _ = write!(
        text,
        "To send something there, write in {}:\n\n[[egress]]\nid = \"...\"\nvendor = \"...\"          # an id in {}\nservice = \"...\"         # as the agreement names it\nhosts = [\"{host}\"]\npurpose = \"...\"\nphi = \"possible\"        # or yes; none only with a proof\nowner = \"...\"           # an id in evidence/people.toml\n",
        Egress::FILE,
        Vendors::FILE
    );
    text
}

fn json(value: &serde_json::Value, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests;
