//! Collectors: they read and call, apply no logic, and say beforehand what they will do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vouchsafe_scan::class::Class;
use vouchsafe_scan::detect::Detector;

use crate::area::{People, evidence_type};
use crate::digest::Digest;
use crate::entry::{Entry, Evidence, Kind};
use crate::inputs::Index;
use crate::project::Project;
use crate::store::{WriteError, Writer};
use crate::window::Window;

/// The name of this program in entries.
pub(crate) const PROGRAM: &str = concat!("vouchsafe-evidence/", env!("CARGO_PKG_VERSION"));

/// Collects evidence from one kind of source.
pub(crate) trait Collector: Sync {
    /// Its name: `git`.
    fn name(&self) -> &'static str;

    /// What it will read and call for this project; nothing when it is not configured.
    fn plan(&self, project: &Project) -> Vec<Call>;

    /// Reads and calls.
    ///
    /// # Errors
    /// When the log cannot be written. What cannot be collected is no error: [`Sink::failed`] records it.
    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError>;
}

/// Something that a collector will do.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub(crate) struct Call {
    /// What it reads or calls.
    pub(crate) what: String,
    /// The permission that this takes.
    pub(crate) permission: String,
}

impl Call {
    pub(crate) fn new(what: impl Into<String>, permission: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            permission: permission.into(),
        }
    }
}

/// What is handed over to the log.
#[derive(Clone, Debug)]
pub(crate) struct Collected<'a> {
    /// The type.
    pub(crate) schema: &'a str,
    /// Where it comes from.
    pub(crate) source: &'a str,
    /// What was asked for.
    pub(crate) request: &'a str,
    /// When it was collected; now, where that is not given.
    pub(crate) collected_at: Option<Timestamp>,
    /// The period that it speaks of.
    pub(crate) effective: Option<Window>,
    /// The bytes as they came.
    pub(crate) content: &'a [u8],
}

/// Takes evidence into the log, after a look for PHI.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    writer: &'a mut Writer,
    index: &'a mut Index,
    detector: &'a Detector,
    collector: &'static str,
    now: Timestamp,
    /// Seconds after which a further collection of a type is late.
    allowed: Option<&'a BTreeMap<String, i64>>,
    /// Entries that were appended, and entries that say that something could not be.
    pub(crate) counts: (u64, u64),
}

impl<'a> Sink<'a> {
    pub(crate) const fn new(
        writer: &'a mut Writer,
        index: &'a mut Index,
        detector: &'a Detector,
        collector: &'static str,
        now: Timestamp,
    ) -> Self {
        Self {
            writer,
            index,
            detector,
            collector,
            now,
            allowed: None,
            counts: (0, 0),
        }
    }

    /// Marks what comes later after the collection before it than its checks allow.
    pub(crate) const fn marking_late(mut self, allowed: &'a BTreeMap<String, i64>) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// What stands in the log already.
    pub(crate) const fn index(&self) -> &Index {
        self.index
    }

    /// Appends evidence. What looks like PHI is not stored; the refusal is recorded in its place.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn put(&mut self, collected: &Collected<'_>) -> Result<(), WriteError> {
        if let Err(refused) = look_for_phi(self.detector, collected.schema, collected.content) {
            return self.record(collected, Some(refused));
        }
        self.record(collected, None)
    }

    /// Appends evidence, unless the last of its type and source has the same content.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn put_if_new(&mut self, collected: &Collected<'_>) -> Result<(), WriteError> {
        let of_type = self.index.of_type(collected.schema);
        let mut of_source = of_type
            .iter()
            .rev()
            .filter(|known| known.evidence.source == collected.source);
        match of_source.next() {
            Some(known) if known.content == Digest::of(collected.content) => Ok(()),
            _ => self.put(collected),
        }
    }

    /// Appends evidence whose free text the collector has looked at itself, and withheld what looks like PHI.
    ///
    /// For forms that are mostly numbers of a machine (names of objects, times, ids of a forge): beside the name of a
    /// person at work they look like telephone numbers.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn put_screened(&mut self, collected: &Collected<'_>) -> Result<(), WriteError> {
        self.record(collected, None)
    }

    /// What looks for PHI.
    pub(crate) const fn detector(&self) -> &'a Detector {
        self.detector
    }

    /// Records that something could not be collected, and why.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn failed(
        &mut self,
        schema: &str,
        source: &str,
        request: &str,
        why: impl Into<String>,
    ) -> Result<(), WriteError> {
        let collected = Collected {
            schema,
            source,
            request,
            collected_at: None,
            effective: None,
            content: b"",
        };
        self.record(&collected, Some(why.into()))
    }

    fn record(
        &mut self,
        collected: &Collected<'_>,
        failed: Option<String>,
    ) -> Result<(), WriteError> {
        match failed {
            None => self.counts.0 += 1,
            Some(_) => self.counts.1 += 1,
        }
        let content = if failed.is_some() {
            b""
        } else {
            collected.content
        };
        let kind = Kind::Evidence(Evidence {
            schema: collected.schema.to_owned(),
            source: collected.source.to_owned(),
            request: collected.request.to_owned(),
            collector: format!("{PROGRAM} {}", self.collector),
            collected_at: collected.collected_at.unwrap_or(self.now),
            effective: collected.effective,
            late: self.is_late(collected),
            failed,
        });
        let at = self.now;
        let index = self.writer.append(at, kind.clone(), content)?;
        let entry = Entry {
            v: 1,
            at,
            kind,
            content: Digest::of(content),
            size: content.len() as u64,
        };
        self.index.take(index, entry);
        Ok(())
    }
}

impl Sink<'_> {
    /// Whether the last collection of the same lies further back than the checks of its type allow.
    fn is_late(&self, collected: &Collected<'_>) -> bool {
        let allowed = self
            .allowed
            .and_then(|allowed| allowed.get(collected.schema));
        let of_type = self.index.of_type(collected.schema);
        let before = of_type.iter().rev().find(|known| {
            known.evidence.source == collected.source && known.evidence.request == collected.request
        });
        match (allowed, before) {
            (Some(allowed), Some(before)) => {
                self.now.as_second() - before.at.as_second() > *allowed
            }
            _ => false,
        }
    }
}

/// Refuses content that looks like PHI: all classes, or those that the workforce of a project does not have there.
///
/// # Errors
/// With the classes and the first line, and no character of what was found.
pub(crate) fn look_for_phi(
    detector: &Detector,
    schema: &str,
    content: &[u8],
) -> Result<(), String> {
    let people = evidence_type(schema).map_or(People::Nobody, |known| known.people);
    if people == People::Anybody {
        return Ok(());
    }
    let mut scanner = detector.scanner();
    let mut found = Vec::new();
    let mut named: Vec<String> = Vec::new();
    for (line, number) in content.split(|byte| *byte == b'\n').zip(1_u64..) {
        found.clear();
        scanner.line(line, &mut found);
        for finding in &found {
            if people == People::Nobody || !of_the_workforce(finding.class) {
                named.push(format!("line {number}: {}", finding.class));
            }
        }
    }
    match named.len() {
        0 => Ok(()),
        count => Err(format!(
            "not stored: {count} values look like PHI or secrets ({})",
            named.get(..5.min(count)).unwrap_or_default().join(", ")
        )),
    }
}

/// Classes of identifiers that evidence about people at work holds by its nature.
pub(crate) const fn of_the_workforce(class: Class) -> bool {
    matches!(
        class,
        Class::Name
            | Class::Email
            | Class::Url
            | Class::Ip
            | Class::Date
            | Class::Geography
            | Class::UniqueId
            | Class::Photo
    )
}
