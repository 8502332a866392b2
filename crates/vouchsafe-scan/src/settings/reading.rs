//! From TOML to settings. Every key is heeded or refused.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use jiff::Span;
use jiff::civil::Date;
use toml::de::DeTable;

use super::allow::{Allowance, Allowances};
use super::fault::{Fault, SettingsError};
use super::patterns::{self, Pattern, Patterns};
use super::section::{Section, line_of};
use super::{Known, LARGEST_FILE, Settings};
use crate::class::Confidence;
use crate::clean::Clean;
use crate::detect::Detector;

/// The days that an allowance may last, at most.
const LONGEST_DAYS: i64 = 366;
/// The allowances, at most.
const MOST_ALLOWANCES: usize = 256;

const TOP: &[&str] = &[
    "minimum-confidence",
    "without",
    "pattern",
    "allow",
    "exclude",
    "known",
];
const PATTERN: &[&str] = &["id", "class", "regex", "field", "confidence"];
const ALLOW: &[&str] = &[
    "class",
    "path",
    "field",
    "line",
    "value",
    "value-hash",
    "reason",
    "owner",
    "until",
];
const EXCLUDE: &[&str] = &["paths"];
const KNOWN: &[&str] = &["file", "key"];

/// The settings in a text.
pub(super) fn settings(text: &str, today: Date) -> Result<Settings, SettingsError> {
    let fail = |line, fault| SettingsError {
        line,
        key: String::new(),
        fault,
    };
    if text.len() > LARGEST_FILE {
        return Err(fail(1, Fault::TooLarge));
    }
    let document = DeTable::parse(text).map_err(|error| {
        fail(
            line_of(text, error.span().map_or(0, |span| span.start)),
            Fault::NotToml,
        )
    })?;
    let top = Section::new(text, "", 0, document.get_ref(), TOP)?;
    let mut settings = Settings::default();
    if let Some((confidence, _)) = top.confidence("minimum-confidence")? {
        settings.minimum_confidence = confidence;
    }
    for (name, at) in top.texts("without")? {
        settings.without.push(top.class_named("without", name, at)?);
    }
    let mut all = Vec::new();
    for section in top.sections("pattern", PATTERN, patterns::MOST)? {
        all.push(pattern(&section, &all)?);
    }
    settings.patterns = Patterns::new(all);
    let allowances = top.sections("allow", ALLOW, MOST_ALLOWANCES)?;
    settings.allowances = Allowances::new(
        allowances
            .iter()
            .map(|section| allowance(section, today))
            .collect::<Result<_, _>>()?,
    );
    if let Some(exclude) = top.section("exclude", EXCLUDE)? {
        settings.exclude = exclude.paths("paths")?;
    }
    if let Some(known) = top.section("known", KNOWN)? {
        let (key, _) = known.required("key", known.text("key")?)?;
        settings.known = Some(Known {
            file: known.text("file")?.map(|(file, _)| PathBuf::from(file)),
            key: PathBuf::from(key),
        });
    }
    Ok(settings)
}

fn pattern(section: &Section<'_, '_>, others: &[Pattern]) -> Result<Pattern, SettingsError> {
    let (id, at) = section.required("id", section.text("id")?)?;
    if !fit_for_reports(id) {
        return Err(section.error("id", at, Fault::ShownName));
    }
    if others.iter().any(|other| other.id == id) {
        return Err(section.error("id", at, Fault::Twice));
    }
    let class = section.required("class", section.class("class")?)?;
    let (regex, at) = section.required("regex", section.regex("regex")?)?;
    if regex.is_match(b"") {
        return Err(section.error("regex", at, Fault::PatternOfNothing));
    }
    let confidence = section
        .confidence("confidence")?
        .map_or(Confidence::Medium, |(confidence, _)| confidence);
    let field = match section.text("field")? {
        Some((field, at)) if !fit_for_reports(field) => {
            return Err(section.error("field", at, Fault::ShownName));
        }
        Some((field, _)) => field,
        None => id,
    };
    // Findings name their field in words that live as long as the program: at most 32 short texts, read once.
    Ok(Pattern {
        id: id.to_owned(),
        class,
        confidence,
        field: String::from(field).leak(),
        regex,
    })
}

/// Names of patterns and fields are shown in every report; none may be a value in disguise.
fn fit_for_reports(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let digits = name
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max();
    !name.is_empty()
        && name.len() <= 64
        && name.chars().all(known)
        && digits.is_none_or(|most| most <= 4)
        && Clean::check(&Detector::new(), name.as_bytes()).is_ok()
}

fn allowance(section: &Section<'_, '_>, today: Date) -> Result<Allowance, SettingsError> {
    let class = section.class("class")?;
    let path = section.path("path")?;
    let field = section.text("field")?;
    let line = section.regex("line")?;
    let value = section.whole_regex("value")?;
    let hashes = section.hashes("value-hash")?;
    let nowhere = path.as_ref().is_none_or(|(_, all)| *all);
    if class.is_none()
        && nowhere
        && field.is_none()
        && line.is_none()
        && value.is_none()
        && hashes.is_empty()
    {
        return Err(section.error("", section.at, Fault::Everything));
    }
    let (reason, _) = section.required("reason", section.text("reason")?)?;
    let (owner, _) = section.required("owner", section.text("owner")?)?;
    let (until, at) = section.required("until", section.date("until")?)?;
    let last = today
        .checked_add(Span::new().days(LONGEST_DAYS))
        .unwrap_or(Date::MAX);
    if until > last {
        return Err(section.error("until", at, Fault::TooFar));
    }
    Ok(Allowance {
        line_in_settings: line_of(section.text, section.at),
        class,
        path: path.map(|(paths, _)| paths),
        field: field.map(|(field, _)| field.to_owned()),
        line: line.map(|(regex, _)| regex),
        value,
        hashes,
        reason: reason.to_owned(),
        owner: owner.to_owned(),
        until,
        ended: until < today,
        uses: AtomicU64::new(0),
    })
}
