//! A table of a file of settings: typed values, or the line that is at fault.

use jiff::civil::Date;
use regex::bytes::Regex;
use toml::de::{DeTable, DeValue};

use super::allow::HASH_PREFIX;
use super::fault::{Fault, SettingsError, nearest};
use super::patterns;
use crate::class::{Class, Confidence};
use crate::source::Glob;

/// The paths of one list, at most.
const MOST_PATHS: usize = 1000;

/// A table of the file, all of whose keys are known.
pub(super) struct Section<'t, 'i> {
    pub(super) text: &'t str,
    name: &'static str,
    /// The offset at which it begins.
    pub(super) at: usize,
    table: &'t DeTable<'i>,
}

/// A value and the offset at which it begins.
pub(super) type At<T> = (T, usize);

impl<'t, 'i> Section<'t, 'i> {
    pub(super) fn new(
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

    pub(super) fn error(&self, key: &str, at: usize, fault: Fault) -> SettingsError {
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

    pub(super) fn required<T>(
        &self,
        key: &'static str,
        value: Option<T>,
    ) -> Result<T, SettingsError> {
        value.ok_or_else(|| self.error(key, self.at, Fault::Missing))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Option<At<&'t str>>, SettingsError> {
        match self.value(key) {
            None => Ok(None),
            Some((DeValue::String(text), at)) if text.trim().is_empty() => {
                Err(self.error(key, at, Fault::Empty))
            }
            Some((DeValue::String(text), at)) => Ok(Some((text, at))),
            Some((_, at)) => Err(self.error(key, at, Fault::Kind("a text in quotes"))),
        }
    }

    pub(super) fn texts(&self, key: &'static str) -> Result<Vec<At<&'t str>>, SettingsError> {
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

    pub(super) fn class(&self, key: &'static str) -> Result<Option<Class>, SettingsError> {
        self.text(key)?
            .map(|(name, at)| self.class_named(key, name, at))
            .transpose()
    }

    pub(super) fn class_named(
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

    pub(super) fn confidence(
        &self,
        key: &'static str,
    ) -> Result<Option<At<Confidence>>, SettingsError> {
        let Some((name, at)) = self.text(key)? else {
            return Ok(None);
        };
        match Confidence::parse(name) {
            Some(confidence) => Ok(Some((confidence, at))),
            None => Err(self.error(key, at, Fault::Name("low, medium, high"))),
        }
    }

    pub(super) fn regex(&self, key: &'static str) -> Result<Option<At<Regex>>, SettingsError> {
        let Some((expression, at)) = self.text(key)? else {
            return Ok(None);
        };
        match patterns::compile(expression) {
            Some(regex) => Ok(Some((regex, at))),
            None => Err(self.error(key, at, Fault::Pattern)),
        }
    }

    pub(super) fn whole_regex(&self, key: &'static str) -> Result<Option<Regex>, SettingsError> {
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
    pub(super) fn path(&self, key: &'static str) -> Result<Option<(Glob, bool)>, SettingsError> {
        let Some((pattern, at)) = self.text(key)? else {
            return Ok(None);
        };
        let glob = self.glob(key, pattern, at)?;
        Ok(Some((glob, matches_all(pattern))))
    }

    pub(super) fn paths(&self, key: &'static str) -> Result<Vec<Glob>, SettingsError> {
        let mut globs = Vec::new();
        for (pattern, at) in self.texts(key)? {
            if matches_all(pattern) {
                return Err(self.error(key, at, Fault::NoFileLeft));
            }
            globs.push(self.glob(key, pattern, at)?);
        }
        Ok(globs)
    }

    fn glob(&self, key: &'static str, pattern: &str, at: usize) -> Result<Glob, SettingsError> {
        Glob::new(pattern).map_err(|error| self.error(key, at, Fault::Path(error)))
    }

    pub(super) fn hashes(&self, key: &'static str) -> Result<Vec<[u8; 32]>, SettingsError> {
        let hashes = match self.value(key) {
            Some((DeValue::String(_), _)) => self.text(key)?.into_iter().collect(),
            _ => self.texts(key)?,
        };
        hashes
            .into_iter()
            .map(|(text, at)| hash(text).ok_or_else(|| self.error(key, at, Fault::Hash)))
            .collect()
    }

    pub(super) fn date(&self, key: &'static str) -> Result<Option<At<Date>>, SettingsError> {
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

    pub(super) fn section(
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

    pub(super) fn sections(
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

/// Whether a pattern of paths says nothing: it matches every path.
fn matches_all(pattern: &str) -> bool {
    pattern.contains('*') && pattern.chars().all(|c| matches!(c, '*' | '/' | '?'))
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

pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(at)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}
