//! The baseline: findings that were there when a team began, so that only new ones fail.
//!
//! A place in a baseline is the masked name of a document, the masked names of table and column if there are any, the
//! field and the class. Lines are no part of it: they move with every change above them. So a value that replaces
//! another one at the same place, in the same document, is not new to the baseline; one more is. Confidence is no part
//! of it either: a detector that became surer makes nothing new.
//!
//! The file is JSON, one place a line, sorted, so that a change of it reads well in a review. No name in it is in
//! clear, and no value at all.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::class::Class;

/// The name of the file unless another is given.
pub const FILE: &str = "vouchsafe-scan.baseline.json";
/// The version of the format that is written and read.
pub const SCHEMA: &str = "vouchsafe-scan-baseline/1";
/// The bytes of a baseline, at most.
pub const LARGEST_FILE: usize = 16 << 20;

/// Findings by place.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Baseline {
    counts: BTreeMap<Known, u64>,
}

/// A place in a baseline. Its texts are masked.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Known {
    /// The masked name of the document; `None` for what a report counts without listing it.
    pub document: Option<String>,
    /// The part of the document: its masked table and column, or its own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The class, by name.
    pub class: &'static str,
    /// The field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What a baseline says of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Comparison {
    /// Findings above the baseline's count at their place.
    pub new: u64,
    /// Findings that the baseline knows.
    pub known: u64,
    /// What the baseline has and the run has not: it can shrink.
    pub gone: Vec<Gone>,
}

/// Findings of the baseline that are no longer there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Gone {
    /// Their place.
    #[serde(flatten)]
    pub place: Known,
    /// How many are gone.
    pub count: u64,
}

/// Why a file is no baseline.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BaselineError {
    /// It is larger than any baseline.
    #[error("the baseline is larger than 16 MiB; write it anew with --write-baseline")]
    TooLarge,
    /// It is not a baseline, or was cut or changed by hand.
    #[error(
        "line {line} of the baseline cannot be read: it was cut or changed; restore it, or write it anew with --write-baseline"
    )]
    NotABaseline {
        /// The line at which reading ended.
        line: usize,
    },
    /// It is of a version that this program does not know.
    #[error(
        "the baseline is of another version than vouchsafe-scan-baseline/1; use the program that wrote it, or write it anew with --write-baseline"
    )]
    UnknownVersion,
    /// It names a class that this program does not know.
    #[error(
        "the baseline names a class that is not known here; write it anew with --write-baseline"
    )]
    UnknownClass,
    /// It names a place twice.
    #[error("the baseline names a place twice; write it anew with --write-baseline")]
    Twice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(rename = "schema")]
    _schema: IgnoredAny,
    places: Vec<StoredPlace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPlace {
    document: Option<String>,
    part: Option<String>,
    class: String,
    field: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
struct Version {
    schema: String,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    place: &'a Known,
    count: u64,
}

impl fmt::Debug for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baseline")
            .field("places", &self.counts.len())
            .finish()
    }
}

impl Baseline {
    /// Adds findings at a place.
    pub fn add(&mut self, place: Known, count: u64) {
        let known = self.counts.entry(place).or_default();
        *known = known.saturating_add(count);
    }

    /// The places, and how many findings each has.
    pub fn places(&self) -> impl Iterator<Item = (&Known, u64)> {
        self.counts.iter().map(|(place, count)| (place, *count))
    }

    /// How many findings there are at a place.
    #[must_use]
    pub fn count(&self, place: &Known) -> u64 {
        self.counts.get(place).copied().unwrap_or(0)
    }

    /// What is new in a run, known, and gone since this baseline.
    #[must_use]
    pub fn compare(&self, now: &Self) -> Comparison {
        let mut comparison = Comparison::default();
        for (place, count) in now.places() {
            let known = self.count(place).min(count);
            comparison.known = comparison.known.saturating_add(known);
            comparison.new = comparison.new.saturating_add(count - known);
        }
        for (place, count) in self.places() {
            let gone = count.saturating_sub(now.count(place));
            if gone > 0 {
                comparison.gone.push(Gone {
                    place: place.clone(),
                    count: gone,
                });
            }
        }
        comparison
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// When the bytes are no baseline of this version.
    pub fn read(bytes: &[u8]) -> Result<Self, BaselineError> {
        if bytes.len() > LARGEST_FILE {
            return Err(BaselineError::TooLarge);
        }
        // The version first: a later one may have other members.
        let not = |error: serde_json::Error| BaselineError::NotABaseline { line: error.line() };
        let version: Version = serde_json::from_slice(bytes).map_err(not)?;
        if version.schema != SCHEMA {
            return Err(BaselineError::UnknownVersion);
        }
        let stored: Stored = serde_json::from_slice(bytes).map_err(not)?;
        let mut counts = BTreeMap::new();
        for StoredPlace {
            document,
            part,
            class,
            field,
            count,
        } in stored.places
        {
            let class = Class::parse(&class)
                .ok_or(BaselineError::UnknownClass)?
                .name();
            if counts
                .insert(
                    Known {
                        document,
                        part,
                        class,
                        field,
                    },
                    count,
                )
                .is_some()
            {
                return Err(BaselineError::Twice);
            }
        }
        Ok(Self { counts })
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{{\"schema\":\"{SCHEMA}\",\"places\":[")?;
        for (index, (place, count)) in self.places().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &Written { place, count })?;
        }
        out.write_all(b"\n]}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(document: &str, field: Option<&str>) -> Known {
        Known {
            document: Some(document.into()),
            part: None,
            class: "ssn",
            field: field.map(Into::into),
        }
    }

    fn baseline(places: &[(Known, u64)]) -> Baseline {
        let mut baseline = Baseline::default();
        places
            .iter()
            .for_each(|(place, count)| baseline.add(place.clone(), *count));
        baseline
    }

    fn written(baseline: &Baseline) -> Vec<u8> {
        let mut bytes = Vec::new();
        baseline.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let mut all = baseline(&[
            (place("a\"\n.log", None), 3),
            (place("b", Some("patient.ssn")), u64::MAX),
        ]);
        all.add(
            Known {
                document: None,
                part: Some("file name".into()),
                class: "secret",
                field: None,
            },
            1,
        );
        assert_eq!(Baseline::read(&written(&all)), Ok(all));
        assert_eq!(
            Baseline::read(&written(&Baseline::default())),
            Ok(Baseline::default())
        );
    }

    #[test]
    fn only_what_is_above_the_count_at_its_place_is_new() {
        let before = baseline(&[
            (place("a", None), 3),
            (place("b", None), 2),
            (place("c", None), 1),
        ]);
        let now = baseline(&[
            (place("a", None), 5),
            (place("b", None), 1),
            (place("a", Some("ssn")), 1),
        ]);
        let comparison = before.compare(&now);
        assert_eq!((comparison.new, comparison.known), (3, 4));
        let gone = [
            Gone {
                place: place("b", None),
                count: 1,
            },
            Gone {
                place: place("c", None),
                count: 1,
            },
        ];
        assert_eq!(comparison.gone, gone);
    }

    #[test]
    fn every_cut_of_a_baseline_is_refused() {
        let whole = written(&baseline(&[(place("a", None), 3), (place("b", None), 2)]));
        for length in 0..whole.len() - 2 {
            assert!(
                matches!(
                    Baseline::read(&whole[..length]),
                    Err(BaselineError::NotABaseline { .. })
                ),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn hostile_and_foreign_files_are_refused() {
        let read = |text: &str| Baseline::read(text.as_bytes());
        assert_eq!(
            read(r#"{"schema":"vouchsafe-scan-baseline/2","x":1}"#),
            Err(BaselineError::UnknownVersion)
        );
        let one = r#"{"document":"a","class":"ssn","count":1}"#;
        let with = |places: &str| format!(r#"{{"schema":"{SCHEMA}","places":[{places}]}}"#);
        assert!(read(&with(one)).is_ok());
        assert_eq!(
            read(&with(&format!("{one},{one}"))),
            Err(BaselineError::Twice)
        );
        assert_eq!(
            read(&with(&one.replace("ssn", "soul"))),
            Err(BaselineError::UnknownClass)
        );
        for broken in [
            one.replace("1}", "-1}"),
            one.replace("1}", "1.5}"),
            one.replace("1}", "18446744073709551616}"),
            one.replace("1}", "1,\"value\":\"x\"}"),
            "[".repeat(100_000),
        ] {
            assert!(matches!(
                read(&with(&broken)),
                Err(BaselineError::NotABaseline { .. })
            ));
        }
        assert!(matches!(
            Baseline::read(&[0xff; 64]),
            Err(BaselineError::NotABaseline { line: 1 })
        ));
        assert_eq!(
            Baseline::read(&vec![b' '; LARGEST_FILE + 1]),
            Err(BaselineError::TooLarge)
        );
    }

    #[test]
    fn errors_quote_nothing() {
        let error = Baseline::read(br#"{"schema":"canary-1234""#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
