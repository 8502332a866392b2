//! Allowances: findings that may stand where they are, for a reason and until a day.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use jiff::civil::Date;
use regex::bytes::Regex;

use crate::class::Class;
use crate::finding::Finding;
use crate::source::Glob;

/// What a hash of a value is made of, before the value.
const HASH_CONTEXT: &[u8] = b"vouchsafe-scan allowed value v1\0";
/// How a hash of a value begins in the settings.
pub(super) const HASH_PREFIX: &str = "hmac-sha256:";

/// All allowances of a team. Scanners of many threads share them; uses are counted.
#[derive(Debug, Default)]
pub struct Allowances {
    all: Vec<Allowance>,
    key: Option<Key>,
}

struct Key(hmac::Key);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// One allowance: its conditions, and who answers for it.
pub struct Allowance {
    pub(super) line_in_settings: usize,
    pub(super) class: Option<Class>,
    pub(super) path: Option<Glob>,
    pub(super) field: Option<String>,
    pub(super) line: Option<Regex>,
    pub(super) value: Option<Regex>,
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) reason: String,
    pub(super) owner: String,
    pub(super) until: Date,
    pub(super) ended: bool,
    pub(super) uses: AtomicU64,
}

impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("line_in_settings", &self.line_in_settings)
            .field("class", &self.class)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// What became of an allowance in a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It let this many findings stand.
    Used(u64),
    /// It let none stand: it may go.
    Unused,
    /// Its last day has passed: it did not apply.
    Ended,
    /// It names values by their hashes, and there was no key to compare them: it did not apply.
    WithoutKey,
}

impl Allowances {
    pub(super) const fn new(all: Vec<Allowance>) -> Self {
        Self { all, key: None }
    }

    /// Gives the key that hashes of values were made with; without it, allowances with hashes do not apply.
    pub fn set_key(&mut self, key: &[u8]) {
        self.key = Some(Key(hmac::Key::new(hmac::HMAC_SHA256, key)));
    }

    /// Whether an allowance of this run covers a finding in a line; counts its use.
    ///
    /// The first that covers it counts. An empty `line` is right where there is none (names of files).
    pub fn cover(&self, document: &[u8], line: &[u8], finding: &Finding) -> bool {
        let value = line.get(finding.span.clone()).unwrap_or_default();
        let covering = self
            .all
            .iter()
            .find(|allowance| allowance.covers(document, line, value, finding, self.key.as_ref()));
        if let Some(allowance) = covering {
            allowance.uses.fetch_add(1, Ordering::Relaxed);
        }
        covering.is_some()
    }

    /// Each allowance with what became of it so far, in the order of the settings.
    pub fn standings(&self) -> impl Iterator<Item = (&Allowance, Standing)> {
        self.all
            .iter()
            .map(|allowance| (allowance, allowance.standing(self.key.is_some())))
    }
}

impl Allowance {
    /// The line of the settings at which it begins.
    #[must_use]
    pub const fn line_in_settings(&self) -> usize {
        self.line_in_settings
    }

    /// The class that it is limited to.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.class
    }

    /// Why the findings may stand, as its owner wrote it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who answers for it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its last day.
    #[must_use]
    pub const fn until(&self) -> Date {
        self.until
    }

    fn covers(
        &self,
        document: &[u8],
        line: &[u8],
        value: &[u8],
        finding: &Finding,
        key: Option<&Key>,
    ) -> bool {
        !self.ended
            && self.class.is_none_or(|class| class == finding.class)
            && self
                .field
                .as_deref()
                .is_none_or(|field| finding.field == Some(field))
            && self.path.as_ref().is_none_or(|path| path.matches(document))
            && self.line.as_ref().is_none_or(|regex| regex.is_match(line))
            && self
                .value
                .as_ref()
                .is_none_or(|regex| regex.is_match(value))
            && (self.hashes.is_empty()
                || key.is_some_and(|key| self.hashes.contains(&hash(key, value))))
    }

    fn standing(&self, has_key: bool) -> Standing {
        match self.uses.load(Ordering::Relaxed) {
            _ if self.ended => Standing::Ended,
            _ if !self.hashes.is_empty() && !has_key => Standing::WithoutKey,
            0 => Standing::Unused,
            uses => Standing::Used(uses),
        }
    }
}

/// The keyed hash of a value, as `value-hash` in an allowance takes it: `hmac-sha256:` and 64 hexadecimal digits.
///
/// Short values can be guessed from their hashes once the key is known.
#[must_use]
pub fn value_hash(key: &[u8], value: &[u8]) -> String {
    let hash = hash(&Key(hmac::Key::new(hmac::HMAC_SHA256, key)), value);
    let mut text = String::from(HASH_PREFIX);
    for byte in hash {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// `HMAC-SHA-256[key](context || value)`
fn hash(key: &Key, value: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&key.0);
    context.update(HASH_CONTEXT);
    context.update(value);
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    hash
}
