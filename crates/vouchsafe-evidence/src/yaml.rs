//! YAML and JSON of other people's tools, read with limits: what is too large, too deep, ambiguous or tagged is refused.
//!
//! Scalars stay text. A manifest, a workflow and a rule file disagree on what `on` or `1e3` is, so whoever asks for a
//! field says what it has to be.

mod json;

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

/// The longest text that is read.
pub(crate) const BYTES: usize = 16 << 20;
/// Nodes and bytes of text, after aliases are replaced by what they stand for.
const WEIGHT: usize = 64 << 20;
/// What a node weighs beside its text.
const NODE: usize = 64;
/// How deep lists and maps may stand in one another.
const DEPTH: usize = 64;

/// A value, and the line that it begins at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Node {
    /// From 1; 0 in JSON that came on one line.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    /// Text, a number, a boolean or nothing. `plain` ones stand without quotes.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<(String, Node)>),
}

/// A document of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Document {
    pub(crate) root: Node,
    /// Its first and last line, from 1, both in it.
    pub(crate) lines: (usize, usize),
}

impl Node {
    /// What a map has under a key; nothing where that is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(known, _)| known == key);
        found.map(|(_, node)| node).filter(|node| !node.is_null())
    }

    /// What stands below several keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Text below several keys.
    pub(crate) fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys)?.text()
    }

    /// A whole number.
    pub(crate) fn int(&self) -> Option<i64> {
        match &self.value {
            Value::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        }
    }

    /// A boolean, also as YAML 1.1 writes it: Kubernetes reads that version.
    pub(crate) fn bool(&self) -> Option<bool> {
        let Value::Scalar { text, plain: true } = &self.value else {
            return None;
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// The elements of a list; none where it is something else.
    pub(crate) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }

    /// The elements of a list below a key; none where there is no such list.
    pub(crate) fn list_at(&self, keys: &[&str]) -> &[Self] {
        self.at(keys).map_or(&[], Self::list)
    }

    /// The entries of a map; none where it is something else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a map.
    pub(crate) const fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is null, in one of its spellings.
    pub(crate) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// Calls a function with each scalar below, and with the key that it stands under.
    pub(crate) fn each_text<'a>(&'a self, key: &'a str, call: &mut impl FnMut(&'a str, &'a Self)) {
        match &self.value {
            Value::Scalar { .. } => call(key, self),
            Value::List(list) => list.iter().for_each(|node| node.each_text(key, call)),
            Value::Map(entries) => entries
                .iter()
                .for_each(|(key, node)| node.each_text(key, call)),
        }
    }

    fn weight(&self) -> usize {
        let below = match &self.value {
            Value::Scalar { text, .. } => text.len(),
            Value::List(list) => list.iter().map(Self::weight).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| key.len().saturating_add(node.weight()))
                .sum(),
        };
        below.saturating_add(NODE)
    }
}

/// Reads all documents of a text. Empty ones are left out.
///
/// # Errors
/// In words, with the line and without any text of the file.
pub(crate) fn documents(bytes: &[u8]) -> Result<Vec<Document>, String> {
    if bytes.len() > BYTES {
        return Err(format!("it is larger than {} MiB", BYTES >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err("it is binary: it has a zero byte".to_owned());
    }
    if text.trim_start().starts_with(['{', '['])
        && let Some(read) = json::read(text)
    {
        let root = read?;
        let lines = (1, text.lines().count());
        return Ok(vec![Document { root, lines }]);
    }
    Reader::new(text).read()
}

/// Reads the one document of a text.
///
/// # Errors
/// In words, when there is none, or more than one.
pub(crate) fn document(bytes: &[u8]) -> Result<Node, String> {
    let mut documents = documents(bytes)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => Ok(document.root),
        (None, _) => Err("it is empty".to_owned()),
        (Some(_), false) => Err("it has more than one document".to_owned()),
    }
}

/// A list or map that is not complete yet.
struct Open {
    line: usize,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map {
        entries: Vec<(String, Node)>,
        seen: HashSet<String>,
        key: Option<String>,
    },
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    lines: usize,
    weight: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: Vec<Document>,
    /// The line of the last `---`, or the first line.
    started: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            lines: text.lines().count(),
            weight: 0,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: Vec::new(),
            started: 1,
        }
    }

    fn read(mut self) -> Result<Vec<Document>, String> {
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| said(&error))?;
            let line = span.start.line();
            self.event(event, span)
                .map_err(|why| format!("line {line}: {why}"))?;
        }
        Ok(self.documents)
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), String> {
        let line = span.start.line();
        match event {
            Event::Nothing | Event::StreamStart => {}
            Event::StreamEnd => self.close(self.lines),
            Event::DocumentStart(_) => {
                self.close(line.saturating_sub(1));
                self.anchors.clear();
                self.started = line;
            }
            Event::DocumentEnd => {}
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor);
                let node = node.ok_or("an alias stands for a value that it is a part of")?;
                // The weight is counted before the copy is made: an alias bomb never exists in memory.
                let weight = node.weight();
                self.grow(weight)?;
                let node = self.anchors.get(&anchor).cloned();
                node.map_or(Ok(()), |node| self.place(node, 0))?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.grow(NODE.saturating_add(text.len()))?;
                let plain = style == ScalarStyle::Plain && !core_tag(tag.as_deref())?;
                let text = text.into_owned();
                let value = Value::Scalar { text, plain };
                self.place(Node { line, value }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                core_tag(tag.as_deref())?;
                self.enter(line, anchor, Parts::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                core_tag(tag.as_deref())?;
                let parts = Parts::Map {
                    entries: Vec::new(),
                    seen: HashSet::new(),
                    key: None,
                };
                self.enter(line, anchor, parts)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave()?,
        }
        Ok(())
    }

    fn grow(&mut self, by: usize) -> Result<(), String> {
        self.weight = self.weight.saturating_add(by);
        if self.weight > WEIGHT {
            return Err("it has too many values, or aliases that stand for too many".to_owned());
        }
        Ok(())
    }

    fn enter(&mut self, line: usize, anchor: usize, parts: Parts) -> Result<(), String> {
        self.grow(NODE)?;
        if self.open.len() >= DEPTH {
            return Err(format!(
                "lists and maps stand more than {DEPTH} deep in one another"
            ));
        }
        self.open.push(Open {
            line,
            anchor,
            parts,
        });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.parts {
            Parts::List(list) => Value::List(list),
            Parts::Map { entries, .. } => Value::Map(entries),
        };
        let node = Node {
            line: open.line,
            value,
        };
        self.place(node, open.anchor)
    }

    /// Puts a node where it belongs: a root, an element, a key or the value of a key.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if anchor > 0 {
            self.grow(node.weight())?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.parts {
            Parts::List(list) => list.push(node),
            Parts::Map { entries, seen, key } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let Value::Scalar { text, .. } = node.value else {
                        return Err("the key of a map is a list or a map".to_owned());
                    };
                    if text == "<<" {
                        return Err("merge keys (<<) are not read: write the keys out".to_owned());
                    }
                    if !seen.insert(text.clone()) {
                        return Err("a key of a map stands there twice".to_owned());
                    }
                    *key = Some(text);
                }
            },
        }
        Ok(())
    }

    /// Ends the document before.
    fn close(&mut self, last: usize) {
        if let Some(root) = self.root.take().filter(|root| !root.is_null()) {
            let lines = (self.started, last.max(self.started));
            self.documents.push(Document { root, lines });
        }
    }
}

fn said(error: &ScanError) -> String {
    // The parser's own words are fixed texts, but for the few that repeat a part of the file.
    let line = error.marker().line();
    format!("line {line}: it is no YAML (indentation, a tab, a quote or a bracket)")
}

/// Whether a tag of the core schema is there, which says what a scalar is; other tags are refused.
fn core_tag(tag: Option<&Tag>) -> Result<bool, String> {
    let Some(tag) = tag else {
        return Ok(false);
    };
    let whole = format!("{}{}", tag.handle, tag.suffix);
    let core = whole
        .strip_prefix("tag:yaml.org,2002:")
        .or_else(|| whole.strip_prefix("!!"));
    match core {
        Some("str") => Ok(true),
        Some("int" | "bool" | "float" | "null" | "map" | "seq") => Ok(false),
        _ => Err("tags other than those of plain YAML are not read".to_owned()),
    }
}

#[cfg(test)]
mod tests;
