//! The pack of a bank, and what its values mean: dates as `24.11.2026`, references as `Account:<id>`, amounts as numbers.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use vouchsafe::class::ClassSet;
use vouchsafe::document::{Node, Span, SpanOp, Test, TextMatch, words};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::pack::{
    IssueCode, Pack, PackError, PackText, Reference, SearchKind, SearchParam, Served,
};
use vouchsafe_records::search::{Why, Window};
use vouchsafe_records::values::{Asked, IndexOf, Indexed, Primitive, Tested, Values};

macro_rules! bank {
    ($($file:literal),* $(,)?) => {
        PackText {
            manifest: include_str!("../bank/pack.toml"),
            tables: &[$(($file, include_str!(concat!("../bank/", $file)))),*],
        }
    };
}

const BANK: PackText<'static> = bank![
    "Customer.tsv",
    "Account.tsv",
    "Card.tsv",
    "Adviser.tsv",
    "Mandate.tsv",
    "datatypes.tsv",
];

pub(crate) fn pack() -> Arc<Pack> {
    Pack::parse(&BANK, &Bank).unwrap()
}

/// A pack with a table of `Thing` and these datatypes.
pub(crate) fn small(table: &str, datatypes: &str) -> Result<Arc<Pack>, PackError> {
    const HEADER: &str = "path\ttype\tcard\tclass\town\tindex\n";
    let manifest = "name = \"small\"\nversion = \"1\"\ndatatypes = \"datatypes.tsv\"\n\
                    [types.Thing]\nsubject = { kind = \"self\" }\n";
    let (table, datatypes) = (format!("{HEADER}{table}"), format!("{HEADER}{datatypes}"));
    let tables = [("Thing.tsv", &*table), ("datatypes.tsv", &*datatypes)];
    let text = PackText {
        manifest,
        tables: &tables,
    };
    Pack::parse(&text, &Bank)
}

pub(crate) struct Bank;

fn checked(value: &Node, fits: fn(&str) -> bool) -> Result<(), IssueCode> {
    match value.as_str().map(fits) {
        Some(true) => Ok(()),
        Some(false) => Err(IssueCode::Syntax),
        None => Err(IssueCode::Kind),
    }
}

/// `24.11.2026`.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '.').map(str::parse::<i16>);
    let mut part = || parts.next()?.ok();
    let (day, month, year) = (part()?, part()?, part()?);
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn span(text: &str) -> Option<Span> {
    let day = day(text)?;
    let begin = |day: Date| Offset::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    Some((
        begin(day).ok()?.into(),
        begin(day.tomorrow().ok()?).ok()?.into(),
    ))
}

/// `Account:<id>`.
fn link(text: &str) -> Option<(RecordType, RecordId)> {
    let (record_type, id) = text.split_once(':')?;
    Some((record_type.parse().ok()?, id.parse().ok()?))
}

fn linked(text: &str) -> Reference {
    match link(text) {
        Some((record_type, id)) => Reference::Local {
            record_type,
            id,
            version: None,
        },
        None => Reference::Foreign,
    }
}

impl Values for Bank {
    fn primitive(&self, name: &str) -> Option<Primitive> {
        Some(match name {
            "text" | "string" => Primitive {
                number: 0,
                check: |value| checked(value, |text| !text.is_empty()),
            },
            "date" => Primitive {
                number: 1,
                check: |value| checked(value, |text| day(text).is_some()),
            },
            "link" => Primitive {
                number: 2,
                check: |value| checked(value, |text| link(text).is_some()),
            },
            "amount" => Primitive {
                number: 3,
                check: |value| value.as_number().map(drop).ok_or(IssueCode::Kind),
            },
            _ => return None,
        })
    }

    fn index(&self, of: &str) -> Option<IndexOf> {
        Some(match of {
            "code" => IndexOf {
                bits: 128,
                steps: &[""],
                entries: |value, entry| {
                    let text = value.as_str().unwrap_or_default();
                    entry(vec![text.as_bytes().to_vec()]);
                },
                within: |_| Err(Why::Comparison),
            },
            "word" => IndexOf {
                bits: 14,
                steps: &[""],
                entries: |value, entry| {
                    let words = words(value.as_str().unwrap_or_default());
                    words.into_iter().for_each(|word| entry(vec![word.into()]));
                },
                within: |_| Err(Why::Comparison),
            },
            "day" => IndexOf {
                bits: 13,
                steps: &[""],
                entries: |value, entry| {
                    if let Some(day) = value.as_str().and_then(day) {
                        entry(vec![day.to_string().into_bytes()]);
                    }
                },
                within: |window| {
                    let from = window.from.ok_or(Why::Wide)?;
                    let day = Date::constant(1970, 1, 1)
                        .checked_add(SignedDuration::from_secs(from.as_secs()));
                    let day = day.map_err(|_| Why::Wide)?;
                    Ok(vec![vec![day.to_string().into_bytes()]])
                },
            },
            _ => return None,
        })
    }

    fn looks_at(&self, _: SearchKind) -> &'static [&'static str] {
        &[]
    }

    fn reference(&self, value: &Node) -> Option<Reference> {
        value.as_str().map(linked)
    }

    fn span(&self, text: &str) -> Option<Span> {
        span(text)
    }

    fn ids(&self, value: &str) -> Result<Vec<RecordId>, Why> {
        Ok(value.split(' ').filter_map(|id| id.parse().ok()).collect())
    }

    fn window(&self, value: &str) -> Result<Window, Why> {
        let (from, until) = span(value).ok_or(Why::Value)?;
        Ok(Window {
            from: Some(from.wall),
            until: Some(until.wall),
        })
    }

    fn asked(
        &self,
        param: &SearchParam,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Asked, Why> {
        if modifier.is_some() {
            return Err(Why::Modifier);
        }
        let words = words(value);
        let entry = |text: &str| vec![text.as_bytes().to_vec()];
        let (test, indexed) = match param.kind {
            SearchKind::Reference if param.served == Served::Subject => {
                return Ok(Asked::Subjects(vec![linked(value)]));
            }
            SearchKind::Token | SearchKind::Reference => {
                (Test::Equals(value.into()), Indexed::Any(vec![entry(value)]))
            }
            SearchKind::String => {
                let first = entry(words.first().ok_or(Why::Value)?);
                let how = TextMatch::StartsWith;
                (Test::Text { words, how }, Indexed::Any(vec![first]))
            }
            SearchKind::Date => (
                Test::Span {
                    reads: vouchsafe::trusted::read_span(|value| span(value.as_str()?)),
                    asked: span(value).ok_or(Why::Value)?,
                    op: SpanOp::Eq,
                },
                Indexed::Within(self.window(value)?),
            ),
        };
        Ok(Asked::Documents(Tested {
            test,
            negate: false,
            member: None,
            classes: ClassSet::NONE,
            indexed: Ok(indexed),
        }))
    }
}
