//! One parameter after the other, into a plan.

use vouchsafe::class::ClassSet;
use vouchsafe::document::{DateOp, Predicate, Test, TextMatch, normalise};
use vouchsafe::ids::{RecordId, RecordType};

use super::window::Window;
use super::{Lookup, Order, Parameter, Plan, Scope, Updated, Why};
use crate::date::Date;
use crate::pack::{Index, RecordTypeDecl, Reference, SearchKind, SearchParam, Served};
use crate::pack::{token, words};

/// More alternatives than this in one value are refused.
const MAX_ALTERNATIVES: usize = 100;

pub(super) struct Planner<'d> {
    decl: &'d RecordTypeDecl,
    plan: Plan,
    /// Per index of days, what all values of its parameter leave open.
    windows: Vec<(&'d Index, Window)>,
}

impl<'d> Planner<'d> {
    pub(super) const fn new(decl: &'d RecordTypeDecl) -> Self {
        let plan = Plan {
            scope: Scope::Care,
            ids: None,
            subjects: None,
            lookups: Vec::new(),
            updated: Updated {
                from: None,
                until: None,
            },
            predicates: Vec::new(),
            classes: ClassSet::NONE,
            order: Order::Id,
        };
        Self {
            decl,
            plan,
            windows: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Plan {
        for (index, window) in self.windows {
            if let Some(any) = window.entries(index.of) {
                self.plan.lookups.push(lookup(index, any));
            }
        }
        self.plan
    }

    pub(super) fn add(&mut self, parameter: &Parameter<'_>) -> Result<(), Why> {
        let plain = parameter.modifier.is_none();
        match parameter.name {
            "_sort" | "_lastUpdated" | "_id" if !plain => return Err(Why::Modifier),
            "_sort" => return self.sort(parameter.value),
            "_lastUpdated" => return self.updated(parameter.value),
            "_id" => {
                self.ids(&alternatives(parameter.value)?);
                return Ok(());
            }
            _ => {}
        }
        let decl = self.decl;
        let param = decl
            .search_params()
            .iter()
            .find(|param| *param.name == *parameter.name)
            .ok_or(Why::Unknown)?;
        self.plan.classes = self.plan.classes.union(param.classes);
        let values = alternatives(parameter.value)?;
        match parameter.modifier {
            Some("missing") => self.missing(param, parameter.value),
            Some("not") if param.kind == SearchKind::Token => {
                self.test(param, tokens(&values)?, true)
            }
            Some("identifier") if param.kind == SearchKind::Reference => {
                self.identifier(param, &values)
            }
            modifier => match param.kind {
                SearchKind::Token if plain => self.token(param, &values),
                SearchKind::Date if plain => self.date(param, &values),
                SearchKind::String => self.text(param, modifier, &values),
                SearchKind::Reference => self.reference(param, modifier, &values),
                SearchKind::Token | SearchKind::Date => Err(Why::Modifier),
            },
        }
    }

    fn sort(&mut self, value: &str) -> Result<(), Why> {
        self.plan.order = match value {
            "_id" => Order::Id,
            "_lastUpdated" => Order::LastUpdated,
            "-_lastUpdated" => Order::LastUpdatedDescending,
            _ => return Err(Why::Form),
        };
        Ok(())
    }

    fn updated(&mut self, value: &str) -> Result<(), Why> {
        let window = DateValue::parse(value)?.window().ok_or(Why::Form)?;
        let Updated { from, until } = self.plan.updated;
        let Window { from, until } = Window { from, until }.and(window);
        self.plan.updated = Updated { from, until };
        Ok(())
    }

    /// An id that is not one of ours is one that nothing has.
    fn ids(&mut self, values: &[String]) {
        let ids: Vec<RecordId> = values
            .iter()
            .filter_map(|value| value.parse().ok())
            .collect();
        self.plan.ids = Some(match self.plan.ids.take() {
            Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            None => ids,
        });
    }

    fn test(&mut self, param: &SearchParam, tests: Vec<Test>, negate: bool) -> Result<(), Why> {
        let test = any(tests)?;
        self.plan.predicates.push(Predicate {
            paths: param.paths.clone(),
            test,
            negate,
        });
        Ok(())
    }

    fn missing(&mut self, param: &SearchParam, value: &str) -> Result<(), Why> {
        let negate = match value {
            "true" => true,
            "false" => false,
            _ => return Err(Why::Value),
        };
        self.test(param, vec![Test::Present], negate)
    }

    fn token(&mut self, param: &SearchParam, values: &[String]) -> Result<(), Why> {
        if param.served == Served::Id {
            self.ids(values);
            return Ok(());
        }
        if let Some(index) = self.index_of(param) {
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
            if let Some(any) = values.iter().map(entry).collect::<Option<Vec<_>>>() {
                self.plan.lookups.push(lookup(index, any));
            }
        }
        self.test(param, tokens(values)?, false)
    }

    fn date(&mut self, param: &SearchParam, values: &[String]) -> Result<(), Why> {
        let dates: Vec<DateValue> = values
            .iter()
            .map(|value| DateValue::parse(value))
            .collect::<Result<_, _>>()?;
        let windows = dates.iter().map(|date| date.window().unwrap_or_default());
        if let (Some(index), Some(window)) = (self.index_of(param), windows.reduce(Window::or)) {
            let known = self
                .windows
                .iter_mut()
                .find(|(known, _)| known.name == index.name);
            match known {
                Some((_, known)) => *known = known.and(window),
                None => self.windows.push((index, window)),
            }
        }
        self.test(
            param,
            dates.into_iter().map(DateValue::test).collect(),
            false,
        )
    }

    fn text(
        &mut self,
        param: &SearchParam,
        modifier: Option<&str>,
        values: &[String],
    ) -> Result<(), Why> {
        let how = match modifier {
            None => TextMatch::StartsWith,
            Some("exact") => TextMatch::Exact,
            Some("contains") => TextMatch::Contains,
            Some(_) => return Err(Why::Modifier),
        };
        if let Some(index) = self.index_of(param).filter(|_| how != TextMatch::Contains) {
            // One word finds all that have the others too; the longest finds the fewest.
            let any: Option<Vec<_>> = values
                .iter()
                .map(|value| words(value).max_by_key(Vec::len))
                .collect();
            if let Some(any) = any {
                self.plan.lookups.push(lookup(index, any));
            }
        }
        let test = |value: &String| {
            let normalised: Box<str> = normalise(value).into();
            if normalised.is_empty() {
                Err(Why::Value)
            } else {
                Ok(Test::Text { normalised, how })
            }
        };
        self.test(
            param,
            values.iter().map(test).collect::<Result<_, _>>()?,
            false,
        )
    }

    fn reference(
        &mut self,
        param: &SearchParam,
        modifier: Option<&str>,
        values: &[String],
    ) -> Result<(), Why> {
        let references: Vec<(Reference, String)> = values
            .iter()
            .map(|value| referred(param, modifier, value))
            .collect::<Result<_, _>>()?;
        if param.served == Served::Subject {
            // The row says whose the record is; that is more than the reference says.
            let named = references.into_iter().map(|(reference, _)| reference);
            self.plan.subjects = Some(match self.plan.subjects.take() {
                Some(before) => named.filter(|subject| before.contains(subject)).collect(),
                None => named.collect(),
            });
            return Ok(());
        }
        let tests = references
            .into_iter()
            .map(|(_, text)| Test::Reference(text.into()));
        self.test(param, tests.collect(), false)
    }

    /// The identifier beside a reference, as it was written there.
    fn identifier(&mut self, param: &SearchParam, values: &[String]) -> Result<(), Why> {
        let paths = param.paths.iter().map(|path| {
            let mut path = path.clone();
            path.push("identifier".into());
            path
        });
        let test = any(tokens(values)?)?;
        self.plan.classes = self
            .plan
            .classes
            .with(vouchsafe::class::DataClass::Identifier);
        self.plan.predicates.push(Predicate {
            paths: paths.collect(),
            test,
            negate: false,
        });
        Ok(())
    }

    fn index_of(&self, param: &SearchParam) -> Option<&'d Index> {
        let Served::Index(name) = &param.served else {
            return None;
        };
        self.decl.indexes().iter().find(|index| index.name == *name)
    }
}

fn lookup(index: &Index, any: Vec<Vec<u8>>) -> Lookup {
    Lookup {
        index: index.name.clone(),
        any,
        bits: index.bits,
        class: index.class,
    }
}

/// One test that passes when any of these does.
fn any(mut tests: Vec<Test>) -> Result<Test, Why> {
    match (tests.pop(), tests.is_empty()) {
        (Some(test), true) => Ok(test),
        (Some(last), false) => {
            tests.push(last);
            Ok(Test::Any(tests))
        }
        (None, _) => Err(Why::Value),
    }
}

/// The alternatives of a value, parted by commas, escapes kept (FHIR R4, 3.1.1.4.1).
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

/// `code`, `system|code`, `|code` or `system|` (FHIR R4, 3.1.1.4.10).
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

fn tokens(values: &[String]) -> Result<Vec<Test>, Why> {
    values
        .iter()
        .map(|value| Token::parse(value).map(|Token { system, code }| Test::Token { system, code }))
        .collect()
}

/// A date with its comparison.
struct DateValue {
    op: DateOp,
    from: jiff::Timestamp,
    until: jiff::Timestamp,
}

impl DateValue {
    fn parse(value: &str) -> Result<Self, Why> {
        let (op, date) = match value.split_at_checked(2) {
            Some(("eq", date)) => (DateOp::Eq, date),
            Some(("ne", date)) => (DateOp::Ne, date),
            Some(("lt", date)) => (DateOp::Lt, date),
            Some(("gt", date)) => (DateOp::Gt, date),
            Some(("le", date)) => (DateOp::Le, date),
            Some(("ge", date)) => (DateOp::Ge, date),
            Some(("sa", date)) => (DateOp::Sa, date),
            Some(("eb", date)) => (DateOp::Eb, date),
            Some(("ap", _)) => return Err(Why::Form),
            _ => (DateOp::Eq, value),
        };
        let (from, until) = Date::parse(date)
            .and_then(Date::interval)
            .ok_or(Why::Value)?;
        Ok(Self { op, from, until })
    }

    /// The time that a moment must be in to pass; none when it is not one stretch.
    fn window(&self) -> Option<Window> {
        let (from, until) = (Some(self.from), Some(self.until));
        Some(match self.op {
            DateOp::Eq => Window { from, until },
            DateOp::Ge => Window { from, until: None },
            DateOp::Gt | DateOp::Sa => Window {
                from: until,
                until: None,
            },
            DateOp::Le => Window { from: None, until },
            DateOp::Lt | DateOp::Eb => Window {
                from: None,
                until: from,
            },
            DateOp::Ne => return None,
        })
    }

    const fn test(self) -> Test {
        let Self { op, from, until } = self;
        Test::Date { from, until, op }
    }
}

/// What a value of a reference parameter names, and how it is written: `Type/id`, or an id whose
/// type is told by the modifier or by the parameter's name.
fn referred(
    param: &SearchParam,
    modifier: Option<&str>,
    value: &str,
) -> Result<(Reference, String), Why> {
    // A type, which begins with a capital letter (R4, 3.1.1.5.2); any other modifier is not known here.
    let told = modifier.map(|name| {
        let typed = name.starts_with(|first: char| first.is_ascii_uppercase());
        let record_type = name.parse::<RecordType>().ok().filter(|_| typed);
        record_type.ok_or(Why::Modifier)
    });
    let told = told.transpose()?;
    let value = unescape(value);
    let reference = match value.parse::<RecordId>() {
        Ok(id) => {
            let by_name = || type_by_name(&param.name).ok_or(Why::Form);
            let record_type = told.clone().map_or_else(by_name, Ok)?;
            Reference::Local {
                record_type,
                id,
                version: None,
            }
        }
        Err(_) => Reference::parse(&value),
    };
    match &reference {
        Reference::Local {
            record_type, id, ..
        } => {
            if told.is_some_and(|told| told != *record_type) {
                return Err(Why::Value);
            }
            let text = format!("{record_type}/{id}");
            Ok((Reference::parse(&text), text))
        }
        // Of others: it may be written in a record, and is never a subject here.
        Reference::Foreign => Ok((Reference::Foreign, value)),
        Reference::Placeholder(_) | Reference::Contained | Reference::Conditional { .. } => {
            Err(Why::Form)
        }
    }
}

/// The type that a bare id has, by the parameter's name.
fn type_by_name(name: &str) -> Option<RecordType> {
    let name = match name {
        "patient" | "subject" => "Patient",
        "encounter" | "context" => "Encounter",
        "practitioner" => "Practitioner",
        "location" | "facility" => "Location",
        "appointment" => "Appointment",
        "care-team" => "CareTeam",
        "condition" => "Condition",
        "medication" => "Medication",
        "slot" => "Slot",
        "claim" => "Claim",
        _ => return None,
    };
    name.parse().ok()
}
