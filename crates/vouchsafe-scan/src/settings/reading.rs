//! From TOML to settings. Every key is heeded or refused.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use jiff::Span;
use jiff::civil::Date;
use regex::bytes::Regex;
use toml::de::{DeTable, DeValue};

use super::allow::{Allowance, Allowances, HASH_PREFIX};
use super::paths::{Paths, matches_all};
use super::patterns::{self, Pattern, Patterns};
use super::{Known, LARGEST_FILE, Settings};
use crate::class::{Class, Confidence};

/// The days that an allowance may last, at most.
const LONGEST_DAYS: i64 = 366;
/// The allowances, at most.
const MOST_ALLOWANCES: usize = 256;
/// The paths of one list, at most.
const MOST_PATHS: usize = 1000;

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

/// Settings that cannot be heeded: where, and why.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}{}: {fault}", shown(.key))]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// The key, as `section.key`; empty when it is none that is known.
    pub key: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a key or its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The file is not TOML.
    #[error(
        "this is not TOML: look for a missing quote, bracket or `=`, or a key that is given twice"
    )]
    NotToml,
    /// The file is larger than any that is meant.
    #[error("the file is larger than 1 MiB: it does not look like settings")]
    TooLarge,
    /// A key that does not exist, near to one that does.
    #[error("unknown key; did you mean `{0}`?")]
    UnknownNear(&'static str),
    /// A key that does not exist.
    #[error("unknown key; `vouchsafe-scan settings` prints an example of all there are")]
    Unknown,
    /// A key that must be given.
    #[error("this key is missing here; add it")]
    Missing,
    /// A value of another kind.
    #[error("the value must be {0}")]
    Kind(&'static str),
    /// A value that is no known name, near to one that is.
    #[error("unknown name; did you mean \"{0}\"?")]
    NameNear(&'static str),
    /// A value that is no known name.
    #[error("unknown name; use one of: {0}")]
    Name(&'static str),
    /// An empty text.
    #[error("the text is empty; write what it stands for")]
    Empty,
    /// A pattern that cannot be compiled, or is too large.
    #[error(
        "the pattern is not a regular expression of the Rust crate `regex`, or too large when compiled"
    )]
    Pattern,
    /// A pattern that matches an empty text.
    #[error("the pattern matches an empty text; make it ask for at least one character")]
    PatternOfNothing,
    /// An id that is used twice.
    #[error("another pattern has this id; choose another")]
    Twice,
    /// A name that cannot be shown in reports.
    #[error(
        "use letters, digits, spaces, dots, hyphens: at most 64 characters, at most 4 digits in a row"
    )]
    ShownName,
    /// A day further ahead than allowances last.
    #[error(
        "this day is more than 366 days ahead; choose an earlier one and renew the allowance then"
    )]
    TooFar,
    /// A text that is no hash of a value.
    #[error(
        "this is not a hash of a value: \"hmac-sha256:\" and 64 hexadecimal digits; never write the value itself"
    )]
    Hash,
    /// An allowance without a condition.
    #[error(
        "this would allow everything; add at least one of class, path, field, line, value, value-hash"
    )]
    Everything,
    /// A path that leaves out everything.
    #[error("this would leave out every file; name a folder or a kind of file")]
    NoFileLeft,
    /// More entries than are taken.
    #[error("at most {0} entries are taken")]
    TooMany(usize),
}

fn shown(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!(", `{key}`")
    }
}

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
        settings.exclude = exclude.paths("paths")?.unwrap_or_default();
    }
    if let Some(known) = top.section("known", KNOWN)? {
        let path = |key| {
            known
                .required(key, known.text(key)?)
                .map(|(text, _)| PathBuf::from(text))
        };
        settings.known = Some(Known {
            file: path("file")?,
            key: path("key")?,
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

/// A table of the file, all of whose keys are known.
struct Section<'t, 'i> {
    text: &'t str,
    name: &'static str,
    at: usize,
    table: &'t DeTable<'i>,
}

/// A value and the offset at which it begins.
type At<T> = (T, usize);

impl<'t, 'i> Section<'t, 'i> {
    fn new(
        text: &'t str,
        name: &'static str,
        at: usize,
        table: &'t DeTable<'i>,
        known: &'static [&'static str],
    ) -> Result<Self, SettingsError> {
        let section = Self {
            text,
            name,
            at,
            table,
        };
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(unknown) = unknown else {
            return Ok(section);
        };
        let fault = nearest(unknown.get_ref(), known).map_or(Fault::Unknown, Fault::UnknownNear);
        Err(section.error("", unknown.span().start, fault))
    }

    fn error(&self, key: &str, at: usize, fault: Fault) -> SettingsError {
        let dot = if self.name.is_empty() || key.is_empty() {
            ""
        } else {
            "."
        };
        SettingsError {
            line: line_of(self.text, at),
            key: format!("{}{dot}{key}", self.name),
            fault,
        }
    }

    fn value(&self, key: &str) -> Option<At<&'t DeValue<'i>>> {
        self.table
            .get(key)
            .map(|value| (value.get_ref(), value.span().start))
    }

    fn required<T>(&self, key: &'static str, value: Option<T>) -> Result<T, SettingsError> {
        value.ok_or_else(|| self.error(key, self.at, Fault::Missing))
    }

    fn text(&self, key: &'static str) -> Result<Option<At<&'t str>>, SettingsError> {
        match self.value(key) {
            None => Ok(None),
            Some((DeValue::String(text), at)) if text.trim().is_empty() => {
                Err(self.error(key, at, Fault::Empty))
            }
            Some((DeValue::String(text), at)) => Ok(Some((text, at))),
            Some((_, at)) => Err(self.error(key, at, Fault::Kind("a text in quotes"))),
        }
    }

    fn texts(&self, key: &'static str) -> Result<Vec<At<&'t str>>, SettingsError> {
        let Some((value, at)) = self.value(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(entries) = value else {
            return Err(self.error(key, at, Fault::Kind("a list of texts, in brackets")));
        };
        if entries.len() > MOST_PATHS {
            return Err(self.error(key, at, Fault::TooMany(MOST_PATHS)));
        }
        let mut texts = Vec::new();
        for entry in entries.iter() {
            match entry.get_ref() {
                DeValue::String(text) if text.trim().is_empty() => {
                    return Err(self.error(key, entry.span().start, Fault::Empty));
                }
                DeValue::String(text) => texts.push((text.as_ref(), entry.span().start)),
                _ => {
                    return Err(self.error(
                        key,
                        entry.span().start,
                        Fault::Kind("a list of texts, in brackets"),
                    ));
                }
            }
        }
        Ok(texts)
    }

    fn class(&self, key: &'static str) -> Result<Option<Class>, SettingsError> {
        self.text(key)?
            .map(|(name, at)| self.class_named(key, name, at))
            .transpose()
    }

    fn class_named(
        &self,
        key: &'static str,
        name: &str,
        at: usize,
    ) -> Result<Class, SettingsError> {
        Class::parse(name).ok_or_else(|| {
            let names = Class::ALL.map(Class::name);
            let names_of_classes = "name, geography, date, phone, fax, email, ssn, mrn, health-plan, account, license, \
                                    vehicle, device, url, ip, biometric, photo, unique-id, secret";
            let fault = nearest(name, &names).map_or(Fault::Name(names_of_classes), Fault::NameNear);
            self.error(key, at, fault)
        })
    }

    fn confidence(&self, key: &'static str) -> Result<Option<At<Confidence>>, SettingsError> {
        let Some((name, at)) = self.text(key)? else {
            return Ok(None);
        };
        match Confidence::parse(name) {
            Some(confidence) => Ok(Some((confidence, at))),
            None => Err(self.error(key, at, Fault::Name("low, medium, high"))),
        }
    }

    fn regex(&self, key: &'static str) -> Result<Option<At<Regex>>, SettingsError> {
        let Some((expression, at)) = self.text(key)? else {
            return Ok(None);
        };
        match patterns::compile(expression) {
            Some(regex) => Ok(Some((regex, at))),
            None => Err(self.error(key, at, Fault::Pattern)),
        }
    }

    fn whole_regex(&self, key: &'static str) -> Result<Option<Regex>, SettingsError> {
        let Some((_, at)) = self.regex(key)? else {
            return Ok(None);
        };
        let Some((expression, _)) = self.text(key)? else {
            return Ok(None);
        };
        match patterns::compile(&format!(r"\A(?:{expression})\z")) {
            Some(regex) => Ok(Some(regex)),
            None => Err(self.error(key, at, Fault::Pattern)),
        }
    }

    /// A path, and whether it is any.
    fn path(&self, key: &'static str) -> Result<Option<(Paths, bool)>, SettingsError> {
        let Some((pattern, at)) = self.text(key)? else {
            return Ok(None);
        };
        match Paths::new(&[pattern]) {
            Some(paths) => Ok(Some((paths, matches_all(pattern)))),
            None => Err(self.error(key, at, Fault::Pattern)),
        }
    }

    fn paths(&self, key: &'static str) -> Result<Option<Paths>, SettingsError> {
        let texts = self.texts(key)?;
        if let Some((_, at)) = texts.iter().find(|(pattern, _)| matches_all(pattern)) {
            return Err(self.error(key, *at, Fault::NoFileLeft));
        }
        let patterns: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
        match Paths::new(&patterns) {
            Some(paths) => Ok(Some(paths)),
            None => Err(self.error(
                key,
                self.value(key).map_or(self.at, |(_, at)| at),
                Fault::Pattern,
            )),
        }
    }

    fn hashes(&self, key: &'static str) -> Result<Vec<[u8; 32]>, SettingsError> {
        let hashes = match self.value(key) {
            Some((DeValue::String(_), _)) => self.text(key)?.into_iter().collect(),
            _ => self.texts(key)?,
        };
        hashes
            .into_iter()
            .map(|(text, at)| hash(text).ok_or_else(|| self.error(key, at, Fault::Hash)))
            .collect()
    }

    fn date(&self, key: &'static str) -> Result<Option<At<Date>>, SettingsError> {
        let Some((value, at)) = self.value(key) else {
            return Ok(None);
        };
        let date = match value {
            DeValue::Datetime(date) if date.time.is_none() => date.date.and_then(|date| {
                let (year, month, day) = (
                    i16::try_from(date.year).ok()?,
                    i8::try_from(date.month).ok()?,
                    i8::try_from(date.day).ok()?,
                );
                Date::new(year, month, day).ok()
            }),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        let date =
            date.ok_or_else(|| self.error(key, at, Fault::Kind("a day, as in 2026-12-31")))?;
        Ok(Some((date, at)))
    }

    fn section(
        &self,
        key: &'static str,
        known: &'static [&'static str],
    ) -> Result<Option<Self>, SettingsError> {
        match self.value(key) {
            None => Ok(None),
            Some((DeValue::Table(table), at)) => {
                Self::new(self.text, key, at, table, known).map(Some)
            }
            Some((_, at)) => Err(self.error(key, at, Fault::Kind("a section"))),
        }
    }

    fn sections(
        &self,
        key: &'static str,
        known: &'static [&'static str],
        most: usize,
    ) -> Result<Vec<Self>, SettingsError> {
        let Some((value, at)) = self.value(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(entries) = value else {
            return Err(self.error(
                key,
                at,
                Fault::Kind("a list of sections: write its name in two brackets, [[...]]"),
            ));
        };
        if entries.len() > most {
            return Err(self.error(key, at, Fault::TooMany(most)));
        }
        let mut sections = Vec::new();
        for entry in entries.iter() {
            let at = entry.span().start;
            let DeValue::Table(table) = entry.get_ref() else {
                return Err(self.error(key, at, Fault::Kind("a section")));
            };
            sections.push(Self::new(self.text, key, at, table, known)?);
        }
        Ok(sections)
    }
}

fn hash(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(HASH_PREFIX)?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(at)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// The name that a typing error away is meant.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name: String = name
        .chars()
        .take(64)
        .collect::<String>()
        .to_lowercase()
        .replace('_', "-");
    let distance = |known: &str| strokes(name.as_bytes(), known.as_bytes());
    let best = known.iter().copied().min_by_key(|known| distance(known))?;
    (distance(best) <= 2.max(best.len() / 3)).then_some(best)
}

/// How many bytes must be added, taken away or changed to make one text of the other.
fn strokes(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, above) in to.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(byte != other))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
