//! The evaluator `expression`: each item must fulfil a condition.
//!
//! A condition says what holds, and every field that it names must be there: in JSONPath a missing field is unlike anything,
//! so that `@.public != true` would pass where nobody knows.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::{FACTS, paths, source};
use crate::check::CheckKind;
use crate::inputs::{Context, Known};
use crate::judgement::{Deviation, Judgement};

/// Bytes of a path or condition.
const LONGEST: usize = 500;
/// Brackets in a condition: the parser of the library goes down by one call for each.
const DEEPEST: usize = 32;
/// Items of one file.
const ITEMS: usize = 100_000;
/// Facts that are older than a year show nothing.
const HOURS_OF_A_YEAR: i64 = 8_784;

/// `[parameters]` of the definition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expression {
    /// The name of the facts in `[[facts]]`.
    facts: String,
    /// Selects the items.
    items: JsonPath,
    /// Selects the id of an item, in the item.
    id: JsonPath,
    /// A logical expression of RFC 9535, section 2.3.5; `@` is the item.
    holds: String,
    /// The code of a deviation.
    code: String,
    /// What a deviation says.
    text: String,
    /// Older facts say nothing of today.
    max_age_hours: i64,
    /// Without it, no item at all is an error: a command that found nothing may have looked at nothing.
    #[serde(default)]
    may_be_empty: bool,
}

impl Expression {
    /// The condition as one expression: in parentheses, so that nothing can follow it.
    fn condition(&self) -> Result<JsonPath, String> {
        JsonPath::parse(&format!("$[?({})]", self.holds))
            .map_err(|error| format!("the parameter holds: {error}"))
    }

    /// Refuses what would take forever, look elsewhere than at the item, or leave items out unseen.
    fn bounded(&self) -> Result<(), String> {
        let plain = [
            ("items", self.items.to_string()),
            ("id", self.id.to_string()),
        ];
        for (name, path) in plain {
            if path.len() > LONGEST || path.contains("..") || path.contains('?') {
                return Err(format!(
                    "the parameter {name}: a path of at most {LONGEST} bytes without .. and filters; what a filter leaves out, nobody sees"
                ));
            }
        }
        let holds = paths::outside_of_quotes(&self.holds);
        if self.holds.len() > LONGEST || holds.contains("..") || holds.contains(['?', '$']) {
            return Err(format!(
                "the parameter holds: an expression of at most {LONGEST} bytes about @, without .., ? and $"
            ));
        }
        if holds.matches(['(', '[']).count() > DEEPEST {
            return Err(format!("the parameter holds: more than {DEEPEST} brackets"));
        }
        if !(1..=HOURS_OF_A_YEAR).contains(&self.max_age_hours) {
            return Err(format!(
                "the parameter max_age_hours: 1 to {HOURS_OF_A_YEAR}, not {}",
                self.max_age_hours
            ));
        }
        Ok(())
    }

    /// The id of an item: one string or number.
    fn id(&self, item: &Value) -> Result<String, String> {
        let found = self.id.query(item).exactly_one();
        match found {
            Ok(Value::String(id)) => Ok(id.clone()),
            Ok(Value::Number(id)) => Ok(id.to_string()),
            _ => Err("an item has no id, several, or one that is no string or number".to_owned()),
        }
    }

    /// The last facts, where they are not too old.
    fn last<'a>(&self, context: &Context<'a>) -> Result<&'a Known, String> {
        let source = source(&self.facts);
        let each = context.latest_each(FACTS).into_iter();
        let of_source = each.filter(|known| known.evidence.source == source);
        let last = of_source.max_by_key(|known| known.index).ok_or_else(|| {
            format!(
                "no facts {} were collected: see [[facts]] in evidence.toml",
                self.facts
            )
        })?;
        if let Some(why) = &last.evidence.failed {
            return Err(format!(
                "{} could not be collected: {why}",
                last.evidence.request
            ));
        }
        let made = last.evidence.collected_at;
        let age = context.at.duration_since(made);
        if age > SignedDuration::from_hours(self.max_age_hours) {
            return Err(format!(
                "the facts {} are of {made}: older than {} hours",
                self.facts, self.max_age_hours
            ));
        }
        if age < SignedDuration::from_hours(-1) {
            return Err(format!(
                "the facts {} are of {made}, which lies in the future",
                self.facts
            ));
        }
        Ok(last)
    }
}

pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    if context.check.kind == CheckKind::Population {
        return Err(
            "a check with an expression is no population: nothing shows that the list is complete"
                .to_owned(),
        );
    }
    let expression: Expression = context.check.parameters()?;
    expression.bounded()?;
    let holds = expression.condition()?;
    let named = paths::named(&expression.holds)?;
    let known = expression.last(context)?;
    let facts = context.parsed(known, |bytes| {
        serde_json::from_slice::<Value>(bytes)
            .map_err(|error| format!("no JSON, in line {}", error.line()))
    })?;
    let items = expression.items.query(&facts).all();
    if items.len() > ITEMS {
        return Err(format!(
            "{} has more than {ITEMS} items",
            known.evidence.request
        ));
    }
    if items.is_empty() {
        let note = format!("{} has no such items", known.evidence.request);
        return if expression.may_be_empty {
            Ok(Judgement::not_applicable(note))
        } else {
            Err(note)
        };
    }
    let mut ids = BTreeSet::new();
    let mut deviations = Vec::new();
    let count = items.len();
    for item in items {
        let id = expression.id(item)?;
        if !ids.insert(id.clone()) {
            return Err("two items have the same id".to_owned());
        }
        let there = named.iter().all(|path| !path.query(item).is_empty());
        // A filter selects members of a list.
        let list = Value::Array(vec![item.clone()]);
        if !there || holds.query(&list).is_empty() {
            deviations.push(Deviation {
                item: id,
                code: expression.code.clone(),
                text: expression.text.clone(),
                severity: context.check.severity,
                since: None,
                until: None,
                place: Some(known.evidence.request.clone()),
            });
        }
    }
    Ok(Judgement::of(deviations, Vec::new()).noting(format!("{count} items were looked at")))
}
