//! What evaluators take from registers.

use std::sync::Arc;

use jiff::civil::Date;

use super::documents::{DOCUMENTS, Documents};
use super::people::People;
use super::reading::{Fault, Register, Row, parse};
use super::value::{Day, Document};
use crate::inputs::Context;
use crate::judgement::Deviation;
use crate::window::day_of;

/// The reason that a register is not there. Compared by evaluators: an absent file is no broken file.
pub(crate) const ABSENT: &str = "there is no such file";

/// The day that is judged, in UTC.
pub(crate) fn today(context: &Context<'_>) -> Date {
    day_of(context.at)
}

/// A register.
///
/// # Errors
/// When it is absent, was not collected or has a fault: no verdict.
pub(crate) fn register<R: Register>(context: &Context<'_>) -> Result<Arc<R>, String> {
    optional(context)?.ok_or_else(|| {
        format!(
            "no evidence: there is no {} (`vouchsafe evidence init` writes a template)",
            R::FILE
        )
    })
}

/// A register that may be absent.
///
/// # Errors
/// When it was not collected or has a fault.
pub(crate) fn optional<R: Register>(context: &Context<'_>) -> Result<Option<Arc<R>>, String> {
    let Some(known) = context.last(R::SCHEMA) else {
        return Ok(None);
    };
    match known.evidence.failed.as_deref() {
        Some(ABSENT) => Ok(None),
        Some(why) => Err(format!("{} could not be collected: {why}", R::FILE)),
        None => context
            .parsed(known, |bytes| {
                parse::<R>(bytes).map_err(|faults| in_words(&faults))
            })
            .map(Some),
    }
}

/// Faults in one line.
pub(crate) fn in_words(faults: &[Fault]) -> String {
    let first: Vec<_> = faults.iter().take(3).map(ToString::to_string).collect();
    let rest = faults.len().saturating_sub(first.len());
    let more = if rest == 0 {
        String::new()
    } else {
        format!("; and {rest} more")
    };
    first.join("; ") + &more
}

/// The rows, of which there must be one at least.
///
/// # Errors
/// When there is none: an empty register proves nothing.
pub(crate) fn some<'r, R: Register, T>(
    rows: &'r [Row<T>],
    what: &str,
) -> Result<&'r [Row<T>], String> {
    if rows.is_empty() {
        return Err(format!("no evidence: {} names no {what}", R::FILE));
    }
    Ok(rows)
}

/// A deviation of the severity that the check has.
pub(crate) fn deviation(
    context: &Context<'_>,
    code: &str,
    item: impl Into<String>,
    text: impl Into<String>,
) -> Deviation {
    Deviation::new(code, item, text).severity(context.check.severity)
}

/// The people register, as far as it is there.
pub(crate) struct Staff(Option<Arc<People>>);

impl Staff {
    pub(crate) fn of(context: &Context<'_>) -> Result<Self, String> {
        optional(context).map(Self)
    }

    /// Whether somebody is of the workforce on a day; if not, why not.
    pub(crate) fn at_work(&self, id: &str, day: Date) -> Result<(), String> {
        let people = self
            .0
            .as_deref()
            .ok_or_else(|| format!("there is no {}", <People as super::reading::Named>::FILE))?;
        people.at_work(id, day)
    }
}

/// Compares a document with what was found in the repository.
pub(crate) fn compare_document(
    context: &Context<'_>,
    item: &str,
    place: &str,
    document: &Document,
) -> Result<Option<Deviation>, String> {
    let Some(path) = &document.path else {
        return Ok(None);
    };
    let known = context.latest(DOCUMENTS)?;
    let documents: Arc<Documents> = context.parsed(known, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    })?;
    let found = documents.of(path);
    let deviation = match found {
        None => {
            return Err(format!("nothing was collected about the document {path}"));
        }
        Some(None) => deviation(
            context,
            "DOCUMENT_MISSING",
            item,
            format!("the repository has no file {path}"),
        ),
        Some(Some(digest)) if *digest != document.sha256 => deviation(
            context,
            "DOCUMENT_CHANGED",
            item,
            format!("{path} is not the document whose SHA-256 stands in the register"),
        ),
        Some(Some(_)) => return Ok(None),
    };
    Ok(Some(deviation.at(place)))
}

/// `(overdue by N days)` or nothing.
pub(crate) fn days_over(due: Day, day: Date) -> Option<i64> {
    let over = due.until(day);
    (over > 0).then_some(over)
}
