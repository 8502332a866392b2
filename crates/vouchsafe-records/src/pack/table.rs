//! The lines of a pack's tables, as text; their format is in `packs/README.md`.

use vouchsafe::class::DataClass;
use vouchsafe::document::Node;

use super::PackError;
use super::manifest::Form;
use super::path::walk;
use crate::values::{Primitive, Values};

/// One element's line.
pub(super) struct Line {
    /// The steps of its path; the first is the table's own type.
    pub(super) steps: Vec<Step>,
    pub(super) element: Element,
}

/// What a line says of its element.
#[derive(Clone)]
pub(super) struct Element {
    pub(super) kind: ElementKind,
    pub(super) required: bool,
    pub(super) many: bool,
    /// One of the alternatives of a choice: the end of its name, which says the type.
    pub(super) alternative: Option<Box<str>>,
    pub(super) class: Option<DataClass>,
    pub(super) own: Option<Box<str>>,
    pub(super) index: Option<Box<str>>,
}

impl Element {
    /// The name of the choice that an element is an alternative of.
    pub(super) fn choice_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_suffix(self.alternative.as_deref()?)
    }
}

/// What an element holds.
#[derive(Clone)]
pub(super) enum ElementKind {
    /// The root of a record type, or of a datatype.
    Root,
    Primitive(Primitive),
    /// Its elements are in the table of datatypes.
    Datatype(Box<str>),
    /// Its elements follow in the same table.
    Nested,
    /// Its elements are those of another path of the same table.
    Same(Box<str>),
    /// Any record.
    AnyRecord,
}

/// A step of a path: an element's name, and for which items the line holds.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) name: Box<str>,
    pub(super) only: Option<Discriminator>,
}

/// Tells the items that a line is for: any of the alternatives is true.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(super) struct Discriminator(Vec<Alternative>);

#[derive(Clone, Eq, Hash, PartialEq)]
struct Alternative {
    path: Vec<Box<str>>,
    value: Box<str>,
}

impl Discriminator {
    /// `key=value|key=value`.
    fn parse(text: &str) -> Option<Self> {
        text.split('|')
            .map(|alternative| {
                let (path, value) = alternative.split_once('=')?;
                let path: Vec<Box<str>> = path.split('.').map(Into::into).collect();
                let empty = value.is_empty() || path.iter().any(|step| step.is_empty());
                (!empty).then(|| Alternative {
                    path,
                    value: value.into(),
                })
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether the line is for this item.
    pub(super) fn holds(&self, item: &Node) -> bool {
        self.0.iter().any(|alternative| {
            let mut found = false;
            walk(item, &alternative.path, &mut |value| {
                found |= value.as_str() == Some(&alternative.value);
            });
            found
        })
    }

    /// The values, when all alternatives are about this one member: then no two discriminators
    /// of different values hold for one item.
    pub(super) fn values_of(&self, member: &str) -> Option<Vec<&str>> {
        self.0
            .iter()
            .map(|alternative| match alternative.path.as_slice() {
                [only] if **only == *member => Some(&*alternative.value),
                _ => None,
            })
            .collect()
    }
}

const HEADER: &str = "path\ttype\tcard\tclass\town\tindex";

/// Reads a table.
pub(super) fn parse(
    file: &str,
    text: &str,
    form: &Form,
    values: &dyn Values,
) -> Result<Vec<Line>, PackError> {
    let malformed = |line: usize| PackError::Table {
        file: file.into(),
        line: line + 1,
    };
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, HEADER)) => {}
        Some(_) | None => return Err(malformed(0)),
    }
    lines
        .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'))
        .map(|(number, text)| line(text, form, values).ok_or_else(|| malformed(number)))
        .collect()
}

fn line(text: &str, form: &Form, values: &dyn Values) -> Option<Line> {
    let mut cells = text.split('\t');
    let mut cell = || cells.next().filter(|cell| !cell.is_empty());
    let (path, kind, card) = (cell()?, cell()?, cell()?);
    let (class, own, index) = (cell()?, cell()?, cell()?);
    if cell().is_some() {
        return None;
    }
    let said = |cell: &str| (cell != "-").then(|| Box::from(cell));
    let class = match class {
        "-" => None,
        class => Some(class.parse().ok()?),
    };
    let (alternative, card) = match card.strip_prefix('?') {
        Some(card) => (Some(capitalised(kind)?), card),
        None => (None, card),
    };
    let (min, max) = card.split_once("..")?;
    let (min, max) = (
        min.parse::<u32>().ok()?,
        (max != "*").then(|| max.parse::<u32>()),
    );
    let many = max.transpose().ok()?.is_none_or(|max| max > 1);
    let steps = steps(path)?;
    let kind = if steps.len() == 1 {
        ElementKind::Root
    } else {
        element_kind(kind, form, values)?
    };
    let element = Element {
        kind,
        required: min > 0,
        many,
        alternative,
        class,
        own: said(own),
        index: said(index),
    };
    Some(Line { steps, element })
}

fn element_kind(text: &str, form: &Form, values: &dyn Values) -> Option<ElementKind> {
    if let Some(path) = text.strip_prefix('#') {
        return Some(ElementKind::Same(path.into()));
    }
    if form.nested.iter().any(|word| **word == *text) {
        return Some(ElementKind::Nested);
    }
    if form.any_record.as_deref() == Some(text) {
        return Some(ElementKind::AnyRecord);
    }
    if text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return values.primitive(text).map(ElementKind::Primitive);
    }
    // What a reference may lead to stands behind its datatype.
    let name = match text.split_once('(') {
        Some((name, targets)) => targets.ends_with(')').then_some(name)?,
        None => text,
    };
    let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    sound.then(|| ElementKind::Datatype(name.into()))
}

/// A type's name as the names of alternatives end with it, without what it may refer to.
fn capitalised(kind: &str) -> Option<Box<str>> {
    let kind = kind.split('(').next()?;
    let mut letters = kind.chars();
    let first = letters.next()?.to_ascii_uppercase();
    Some(std::iter::once(first).chain(letters).collect())
}

/// The steps of a dotted path; dots inside a bracket do not part it.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        if name.is_empty() {
            return None;
        }
        let (only, after) = match after.strip_prefix('[') {
            Some(bracket) => {
                let (inside, after) = bracket.split_once(']')?;
                (Some(Discriminator::parse(inside)?), after)
            }
            None => (None, after),
        };
        steps.push(Step {
            name: name.into(),
            only,
        });
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None if after.is_empty() => return Some(steps),
            None => return None,
        }
    }
}
