//! What search parameters ask for (R4, 3.1.1).
//!
//! Text is found in an index by whole words, so `family=smi` does not find Smith there.

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Span, SpanOp, Test, TextMatch, normalise};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::pack::{Reference, SearchKind, SearchParam, Served};
use vouchsafe_records::search::{Why, Window};
use vouchsafe_records::values::{Asked, Indexed, Tested};

use super::date::{self, Date};
use super::index::{token, words};
use super::{TEXT_MEMBERS, reference};

/// More alternatives than this in one value are refused.
const MAX_ALTERNATIVES: usize = 100;

/// Ids; one that is not ours is one that nothing has.
pub(super) fn ids(value: &str) -> Result<Vec<RecordId>, Why> {
    let values = alternatives(value)?;
    Ok(values.iter().filter_map(|id| id.parse().ok()).collect())
}

/// The time that a moment must be in.
pub(super) fn window(value: &str) -> Result<Window, Why> {
    DateValue::parse(value)?.window().ok_or(Why::Form)
}

pub(super) fn asked(
    param: &SearchParam,
    modifier: Option<&str>,
    value: &str,
) -> Result<Asked, Why> {
    let values = alternatives(value)?;
    let tested = match (param.kind, modifier) {
        (_, Some("missing")) => Tested {
            negate: match value {
                "true" => true,
                "false" => false,
                _ => return Err(Why::Value),
            },
            ..tested(vec![Test::Present])?
        },
        (SearchKind::Token, Some("not")) => Tested {
            negate: true,
            ..tested(tokens(&values)?)?
        },
        // The identifier beside a reference, as it was written there.
        (SearchKind::Reference, Some("identifier")) => Tested {
            member: Some("identifier"),
            classes: ClassSet::of(DataClass::Identifier),
            ..tested(tokens(&values)?)?
        },
        (SearchKind::Token, None) if param.served == Served::Id => {
            return Ok(Asked::Ids(ids(value)?));
        }
        (SearchKind::Token, None) => Tested {
            indexed: identifiers(&values),
            ..tested(tokens(&values)?)?
        },
        (SearchKind::Date, None) => dates(&values)?,
        (SearchKind::String, modifier) => texts(modifier, &values)?,
        (SearchKind::Reference, modifier) => return references(param, modifier, &values),
        (SearchKind::Token | SearchKind::Date, Some(_)) => return Err(Why::Modifier),
    };
    Ok(Asked::Documents(tested))
}

/// What passes any of these tests; an index says nothing of it.
fn tested(mut tests: Vec<Test>) -> Result<Tested, Why> {
    let last = tests.pop().ok_or(Why::Value)?;
    let test = if tests.is_empty() {
        last
    } else {
        tests.push(last);
        Test::Any(tests)
    };
    Ok(Tested {
        test,
        negate: false,
        member: None,
        classes: ClassSet::NONE,
        indexed: Indexed::Unknown,
    })
}

/// The entries of tokens in an index of identifiers; a system alone has none.
fn identifiers(values: &[String]) -> Indexed {
    let entry = |value: &String| match Token::parse(value).ok()? {
        Token {
            system: Some(Some(system)),
            code: Some(code),
        } => Some(token(Some(&system), &code)),
        Token {
            code: Some(code), ..
        } => Some(token(None, &code)),
        Token { code: None, .. } => None,
    };
    any(values.iter().map(entry))
}

/// Any of these entries, if all alternatives have one.
fn any(entries: impl Iterator<Item = Option<Vec<u8>>>) -> Indexed {
    let all: Option<Vec<_>> = entries.collect();
    all.map_or(Indexed::Unknown, Indexed::Any)
}

fn dates(values: &[String]) -> Result<Tested, Why> {
    let dates: Vec<DateValue> = values
        .iter()
        .map(|value| DateValue::parse(value))
        .collect::<Result<_, _>>()?;
    let windows = dates.iter().map(|date| date.window().unwrap_or_default());
    let indexed = windows
        .reduce(Window::or)
        .map_or(Indexed::Unknown, Indexed::Within);
    Ok(Tested {
        indexed,
        ..tested(dates.into_iter().map(DateValue::test).collect())?
    })
}

fn texts(modifier: Option<&str>, values: &[String]) -> Result<Tested, Why> {
    let how = match modifier {
        None => TextMatch::StartsWith,
        Some("exact") => TextMatch::Exact,
        Some("contains") => TextMatch::Contains,
        Some(_) => return Err(Why::Modifier),
    };
    let values: Vec<String> = values.iter().map(|value| unescape(value)).collect();
    let test = |value: &String| {
        let normalised: Box<str> = normalise(value).into();
        if normalised.is_empty() {
            return Err(Why::Value);
        }
        let text = Test::Text { normalised, how };
        Ok(Test::Within(TEXT_MEMBERS, Box::new(text)))
    };
    let tests = values.iter().map(test).collect::<Result<_, _>>()?;
    let indexed = match how {
        // Any word may contain it.
        TextMatch::Contains => Indexed::Unknown,
        // One word finds all that have the others too; the longest finds the fewest.
        TextMatch::Exact | TextMatch::StartsWith => {
            any(values.iter().map(|value| words(value).max_by_key(Vec::len)))
        }
    };
    Ok(Tested {
        indexed,
        ..tested(tests)?
    })
}

fn references(
    param: &SearchParam,
    modifier: Option<&str>,
    values: &[String],
) -> Result<Asked, Why> {
    let references: Vec<(Reference, String)> = values
        .iter()
        .map(|value| referred(param, modifier, value))
        .collect::<Result<_, _>>()?;
    if param.served == Served::Subject {
        let named = references.into_iter().map(|(reference, _)| reference);
        return Ok(Asked::Subjects(named.collect()));
    }
    let tests = references.into_iter().map(|(_, text)| refers_to(&text));
    Ok(Asked::Documents(tested(tests.collect())?))
}

/// A reference to `Type/id`, whatever version of it (R4, 3.1.1.5.6 "reference").
fn refers_to(target: &str) -> Test {
    let is = || {
        let of_a_version = format!("{target}/_history/").into();
        Test::Any(vec![
            Test::Equals(target.into()),
            Test::Begins(of_a_version),
        ])
    };
    Test::Any(vec![is(), member("reference", is())])
}

/// The alternatives of a value, parted by commas, escapes kept (R4, 3.1.1.4.1).
fn alternatives(value: &str) -> Result<Vec<String>, Why> {
    let values = split(value, ',');
    let sound = values.len() <= MAX_ALTERNATIVES && values.iter().all(|value| !value.is_empty());
    if sound { Ok(values) } else { Err(Why::Value) }
}

/// Parts a text at a separator that no backslash precedes; escapes stay.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == separator && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// Takes the backslashes away.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            plain.push(c);
        }
    }
    plain
}

/// `code`, `system|code`, `|code` or `system|` (R4, 3.1.1.4.10).
struct Token {
    system: Option<Option<Box<str>>>,
    code: Option<Box<str>>,
}

impl Token {
    fn parse(value: &str) -> Result<Self, Why> {
        let parts = split(value, '|');
        let plain = |text: &String| -> Option<Box<str>> {
            (!text.is_empty()).then(|| unescape(text).into())
        };
        let token = match parts.as_slice() {
            [code] => Self {
                system: None,
                code: plain(code),
            },
            [system, code] => Self {
                system: Some(plain(system)),
                code: plain(code),
            },
            _ => return Err(Why::Value),
        };
        match token {
            Self {
                system: None | Some(None),
                code: None,
            } => Err(Why::Value),
            token => Ok(token),
        }
    }
}

impl Token {
    /// What has it: a Coding, CodeableConcept, Identifier, ContactPoint or Quantity, a string, number or truth value
    /// (R4, 3.1.1.5.5 "token").
    fn test(self) -> Test {
        let Self { system, code } = self;
        let is = |text: &str| Test::Equals(text.into());
        let own = match &code {
            None => Test::Any(vec![
                member("code", Test::Present),
                member("value", Test::Present),
            ]),
            // Where there is a code, the value is a quantity's.
            Some(code) => Test::Any(vec![
                member("code", is(code)),
                Test::All(vec![
                    Test::Not(Box::new(member("code", Test::Present))),
                    member("value", is(code)),
                ]),
            ]),
        };
        let mut either = Vec::with_capacity(2);
        // A bare code has no system of its own.
        if let (None | Some(None), Some(code)) = (&system, &code) {
            either.push(is(code));
        }
        either.push(match system {
            None => own,
            Some(None) => Test::All(vec![
                own,
                Test::Not(Box::new(member("system", Test::Present))),
            ]),
            Some(Some(system)) => Test::All(vec![own, member("system", is(&system))]),
        });
        Test::Within(&["coding"], Box::new(Test::Any(either)))
    }
}

fn member(name: &'static str, test: Test) -> Test {
    Test::Member(name, Box::new(test))
}

fn tokens(values: &[String]) -> Result<Vec<Test>, Why> {
    values
        .iter()
        .map(|value| Token::parse(value).map(Token::test))
        .collect()
}

/// A date with its comparison.
struct DateValue {
    op: SpanOp,
    span: Span,
}

impl DateValue {
    fn parse(value: &str) -> Result<Self, Why> {
        let (op, date) = match value.split_at_checked(2) {
            Some(("eq", date)) => (SpanOp::Eq, date),
            Some(("ne", date)) => (SpanOp::Ne, date),
            Some(("lt", date)) => (SpanOp::Lt, date),
            Some(("gt", date)) => (SpanOp::Gt, date),
            Some(("le", date)) => (SpanOp::Le, date),
            Some(("ge", date)) => (SpanOp::Ge, date),
            Some(("sa", date)) => (SpanOp::Sa, date),
            Some(("eb", date)) => (SpanOp::Eb, date),
            Some(("ap", _)) => return Err(Why::Form),
            _ => (SpanOp::Eq, value),
        };
        let span = Date::parse(date).and_then(Date::span).ok_or(Why::Value)?;
        Ok(Self { op, span })
    }

    /// The time that a moment must be in to pass; none when it is not one stretch.
    fn window(&self) -> Option<Window> {
        let (from, until) = (Some(self.span.0), Some(self.span.1));
        Some(match self.op {
            SpanOp::Eq => Window { from, until },
            SpanOp::Ge => Window { from, until: None },
            SpanOp::Gt | SpanOp::Sa => Window {
                from: until,
                until: None,
            },
            SpanOp::Le => Window { from: None, until },
            SpanOp::Lt | SpanOp::Eb => Window {
                from: None,
                until: from,
            },
            SpanOp::Ne => return None,
        })
    }

    const fn test(self) -> Test {
        Test::Span {
            reads: date::READ,
            asked: self.span,
            op: self.op,
        }
    }
}

/// What a value of a reference parameter names, and how it is written: `Type/id`, or an id whose
/// type the modifier or the pack says.
fn referred(
    param: &SearchParam,
    modifier: Option<&str>,
    value: &str,
) -> Result<(Reference, String), Why> {
    // A type, which begins with a capital letter (R4, 3.1.1.5.2); any other modifier is not known here.
    let said = modifier.map(|name| {
        let typed = name.starts_with(|first: char| first.is_ascii_uppercase());
        let record_type = name.parse::<RecordType>().ok().filter(|_| typed);
        record_type.ok_or(Why::Modifier)
    });
    let said = said.transpose()?;
    let value = unescape(value);
    let named = match value.parse::<RecordId>() {
        Ok(id) => Reference::Local {
            record_type: said
                .clone()
                .or_else(|| param.target.clone())
                .ok_or(Why::Form)?,
            id,
            version: None,
        },
        Err(_) => reference(&value),
    };
    match named {
        Reference::Local {
            record_type, id, ..
        } => {
            if said.is_some_and(|said| said != record_type) {
                return Err(Why::Value);
            }
            let text = format!("{record_type}/{id}");
            Ok((reference(&text), text))
        }
        // Of others: it may be written in a record, and is never a subject here.
        Reference::Foreign => Ok((Reference::Foreign, value)),
        Reference::Placeholder(_) | Reference::Contained | Reference::Conditional { .. } => {
            Err(Why::Form)
        }
    }
}
