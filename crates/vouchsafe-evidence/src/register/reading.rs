//! Reads a register: every fault with its file, line and field, and the nearest known name.

use std::fmt;
use std::ops::Deref;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::nearest::nearest;

/// What is wrong in a register.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Fault {
    pub(crate) file: String,
    pub(crate) line: u32,
    /// The field, where one is concerned: `vendor.criticality`.
    pub(crate) field: String,
    pub(crate) problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

/// A row of a register, and the line on which it begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row<T> {
    pub(crate) line: u32,
    pub(crate) row: T,
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}

/// A register: the tables of one file.
pub(crate) trait Register: Named + Sized + Send + Sync + 'static {
    /// Takes its rows out of the file.
    fn read(reader: &mut Reader<'_>) -> Self;
}

/// What a register is called. The list of registers says so.
pub(crate) trait Named {
    /// The type of evidence that it is.
    const SCHEMA: &'static str;
    /// Its file.
    const FILE: &'static str;

    /// Where a row is, for deviations.
    fn place<T>(row: &Row<T>) -> String {
        format!("{}:{}", Self::FILE, row.line)
    }
}

/// Reads a register.
///
/// # Errors
/// All faults, by line.
pub(crate) fn parse<R: Register>(bytes: &[u8]) -> Result<R, Vec<Fault>> {
    let fault = |line, problem: String| Fault {
        file: R::FILE.to_owned(),
        line,
        field: String::new(),
        problem,
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| vec![fault(1, "the file is not UTF-8".to_owned())])?;
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        vec![fault(line, error.message().to_owned())]
    })?;
    let mut reader = Reader {
        file: R::FILE,
        text,
        tables: table.into_inner().into_iter().collect(),
        known: Vec::new(),
        faults: Vec::new(),
    };
    let register = R::read(&mut reader);
    reader.refuse_the_rest();
    let mut faults = reader.faults;
    faults.sort();
    if faults.is_empty() {
        Ok(register)
    } else {
        Err(faults)
    }
}

/// The faults of a register; none when it is well.
pub(crate) fn faults<R: Register>(bytes: &[u8]) -> Vec<Fault> {
    parse::<R>(bytes).err().unwrap_or_default()
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    file: &'static str,
    text: &'t str,
    tables: Vec<(Spanned<std::borrow::Cow<'t, str>>, Spanned<DeValue<'t>>)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    /// All rows `[[name]]`.
    pub(crate) fn rows<T: DeserializeOwned>(&mut self, name: &'static str) -> Vec<Row<T>> {
        let Some(found) = self.take(name) else {
            return Vec::new();
        };
        let line = line_of(self.text, found.span().start);
        let DeValue::Array(rows) = found.into_inner() else {
            let problem = format!("rows are expected here: write [[{name}]]");
            self.fault(line, name, problem);
            return Vec::new();
        };
        let rows: Vec<_> = rows.into_iter().collect();
        rows.into_iter()
            .filter_map(|row| self.row(name, row))
            .collect()
    }

    /// The table `[name]`, if it is there.
    pub(crate) fn one<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<Row<T>> {
        let found = self.take(name)?;
        self.row(name, found)
    }

    /// Records a fault.
    pub(crate) fn fault(&mut self, line: u32, field: &str, problem: impl Into<String>) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            line,
            field: field.to_owned(),
            problem: problem.into(),
        });
    }

    /// Refuses rows that have one id.
    pub(crate) fn unique<'r, T: 'r>(
        &mut self,
        name: &str,
        rows: &'r [Row<T>],
        id: impl Fn(&'r T) -> &'r str,
    ) {
        let mut seen = std::collections::BTreeMap::new();
        for row in rows {
            let key = id(&row.row);
            if let Some(first) = seen.insert(key, row.line) {
                let problem = format!("the id {key} stands on line {first} already");
                self.fault(row.line, &format!("{name}.id"), problem);
            }
        }
    }

    /// Refuses a period that ends before it begins.
    pub(crate) fn in_order<D: Ord>(&mut self, line: u32, field: &str, from: &D, until: Option<&D>) {
        if until.is_some_and(|until| until < from) {
            self.fault(line, field, "it ends before it begins");
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(name);
        let at = self
            .tables
            .iter()
            .position(|(key, _)| key.get_ref().as_ref() == name)?;
        Some(self.tables.swap_remove(at).1)
    }

    fn row<T: DeserializeOwned>(
        &mut self,
        name: &str,
        row: Spanned<DeValue<'t>>,
    ) -> Option<Row<T>> {
        let start = row.span().start;
        let line = line_of(self.text, start);
        match T::deserialize(ValueDeserializer::from(row)) {
            Ok(row) => Some(Row { line, row }),
            Err(error) => {
                let at = error.span().map_or(start, |span| span.start);
                let (field, problem) = self.explain(&error, at);
                let field = if field.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}.{field}")
                };
                self.fault(line_of(self.text, at), &field, problem);
                None
            }
        }
    }

    /// The field that an error is about, and what is wrong with it.
    fn explain(&self, error: &toml::de::Error, at: usize) -> (String, String) {
        let message = error.message();
        let mut quoted = message.split('`').skip(1).step_by(2);
        let first = quoted.next().unwrap_or_default();
        if message.starts_with("unknown field") {
            return (
                first.to_owned(),
                unknown("there is no field", first, quoted),
            );
        }
        if message.starts_with("unknown variant") {
            let problem = unknown("the value cannot be", first, quoted);
            return (field_at(self.text, at), problem);
        }
        if message.starts_with("missing field") {
            return (first.to_owned(), "it is missing".to_owned());
        }
        (field_at(self.text, at), message.to_owned())
    }

    /// Whatever no register took is unknown.
    fn refuse_the_rest(&mut self) {
        let rest = std::mem::take(&mut self.tables);
        for (key, _) in rest {
            let line = line_of(self.text, key.span().start);
            let name = key.get_ref().as_ref().to_owned();
            let problem = unknown("there is no table", &name, self.known.iter().copied());
            self.fault(line, &name, problem);
        }
    }
}

/// `there is no field critcality; did you mean criticality?`
fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<_> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("{what} \"{name}\"; did you mean \"{near}\"?"),
        None => format!("{what} \"{name}\"; known: {}", known.join(", ")),
    }
}

/// The number of the line of a byte.
fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let feeds = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(feeds).unwrap_or(u32::MAX).saturating_add(1)
}

/// The key before a value: what stands before the last `=` on its line.
fn field_at(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let Some((left, _)) = line.rsplit_once('=') else {
        return String::new();
    };
    let key = left
        .rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '.'))
        .find(|part| !part.is_empty());
    key.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
