//! What search parameters ask for (R4, 3.1.1).

use jiff::SignedDuration;
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Moment, Span, SpanOp, Test, TextMatch, words};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::pack::{Reference, SearchKind, SearchParam, Served};
use vouchsafe_records::search::{Why, Window};
use vouchsafe_records::values::{Asked, Entry, Indexed, Tested};

use super::date::{self, Date};
use super::index::{beginning, token, whole_word};
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
    let date = DateValue::parse(value)?;
    // When a record was last written is told in UTC: so is a day that is asked for.
    let (from, until) = date.span;
    let since = |moment: Moment| moment.utc.unwrap_or(moment.wall);
    date.window(since(from), since(until)).ok_or(Why::Form)
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
            ..tested(tokens(param, &values)?)?
        },
        // The identifier beside a reference, as it was written there.
        (SearchKind::Reference, Some("identifier")) => Tested {
            member: Some("identifier"),
            classes: ClassSet::of(DataClass::Identifier),
            ..tested(tokens(param, &values)?)?
        },
        (SearchKind::Token, None) if param.served == Served::Id => {
            return Ok(Asked::Ids(ids(value)?));
        }
        (SearchKind::Token, None) => Tested {
            indexed: identifiers(&values),
            ..tested(tokens(param, &values)?)?
        },
        (SearchKind::Date, None) => dates(&values)?,
        (SearchKind::String, modifier) => texts(modifier, &values)?,
        (SearchKind::Reference, modifier) => return references(param, modifier, &values),
        (SearchKind::Token | SearchKind::Date, Some(_)) => return Err(Why::Modifier),
    };
    Ok(Asked::Documents(tested))
}

/// What passes any of these tests; no index says so.
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
        indexed: Err(Why::Comparison),
    })
}

/// The entries of tokens in an index of identifiers; a system alone has none.
fn identifiers(values: &[String]) -> Result<Indexed, Why> {
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
    let all: Option<Vec<Entry>> = values.iter().map(entry).collect();
    all.map(Indexed::Any).ok_or(Why::Comparison)
}

fn dates(values: &[String]) -> Result<Tested, Why> {
    let dates: Vec<DateValue> = values
        .iter()
        .map(|value| DateValue::parse(value))
        .collect::<Result<_, _>>()?;
    let windows = dates
        .iter()
        .map(DateValue::walls)
        .collect::<Option<Vec<_>>>();
    let window = windows.and_then(|windows| windows.into_iter().reduce(Window::or));
    let indexed = window.map(Indexed::Within).ok_or(Why::Comparison);
    Ok(Tested {
        indexed,
        ..tested(dates.into_iter().map(DateValue::test).collect())?
    })
}

fn texts(modifier: Option<&str>, values: &[String]) -> Result<Tested, Why> {
    let values: Vec<String> = values.iter().map(|value| unescape(value)).collect();
    let words: Vec<Vec<String>> = values.iter().map(|value| words(value)).collect();
    if words.iter().any(Vec::is_empty) {
        return Err(Why::Value);
    }
    let entries = |entry: &dyn Fn(&[String]) -> Entry| {
        let all: Vec<Entry> = words.iter().map(|words| entry(words)).collect();
        Ok(Indexed::Any(all))
    };
    let (tests, indexed): (Vec<Test>, _) = match modifier {
        // The case and the accents that were asked for; the index knows neither.
        Some("exact") => {
            let indexed = entries(&|words| longest(words.iter().map(|word| whole_word(word))));
            let exact = |value: String| Test::Equals(value.into());
            (values.into_iter().map(exact).collect(), indexed)
        }
        None => {
            let indexed = entries(&begin_so);
            (text_tests(words, TextMatch::StartsWith), indexed)
        }
        // Any word may contain it.
        Some("contains") => (text_tests(words, TextMatch::Contains), Err(Why::Comparison)),
        Some(_) => return Err(Why::Modifier),
    };
    let within = |test| Test::Within(TEXT_MEMBERS, Box::new(test));
    Ok(Tested {
        indexed,
        ..tested(tests.into_iter().map(within).collect())?
    })
}

fn text_tests(values: Vec<Vec<String>>, how: TextMatch) -> Vec<Test> {
    let test = |words| Test::Text { words, how };
    values.into_iter().map(test).collect()
}

/// What texts have in an index that begin so at one of their words: all words but the last are whole.
fn begin_so(words: &[String]) -> Entry {
    let Some((last, whole)) = words.split_last() else {
        return Entry::new();
    };
    let whole = whole.iter().map(|word| whole_word(word));
    longest(whole.chain([beginning(last)]))
}

/// One word finds all that have the others too; the one of which most is known finds the fewest.
fn longest(entries: impl Iterator<Item = Entry>) -> Entry {
    let known = |entry: &Entry| entry.last().map_or(0, |step| step.trim_ascii_end().len());
    let most = entries.max_by_key(|entry| (known(entry), entry.len()));
    most.unwrap_or_default()
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
    ///
    /// `of_codes` is the system that a code has which is written without one: that of its value set.
    fn test(self, of_codes: Option<&str>) -> Test {
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
        let bare = match &system {
            None | Some(None) => true,
            Some(Some(system)) => of_codes == Some(&**system),
        };
        match &code {
            Some(code) if bare => either.push(is(code)),
            // All texts begin so, and nothing but texts.
            None if bare => either.push(Test::Begins("".into())),
            Some(_) | None => {}
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

fn tokens(param: &SearchParam, values: &[String]) -> Result<Vec<Test>, Why> {
    let test = |value: &String| Ok(Token::parse(value)?.test(param.system.as_deref()));
    values.iter().map(test).collect()
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
        let date = Date::parse(date).filter(|date| date.may_be_asked());
        let span = date.ok_or(Why::Value)?.span();
        Ok(Self { op, span })
    }

    /// The time that a value must reach into to pass, if what is asked for begins and ends then; none when it is not one
    /// stretch.
    const fn window(&self, from: SignedDuration, until: SignedDuration) -> Option<Window> {
        let (from, until) = (Some(from), Some(until));
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

    /// The same by the clock on the wall of whoever wrote the value.
    fn walls(&self) -> Option<Window> {
        let (from, until) = (date::walls(self.span.0), date::walls(self.span.1));
        let earliest = self.window(from.0, until.0)?;
        let latest = self.window(from.1, until.1)?;
        Some(Window {
            from: earliest.from,
            until: latest.until,
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
