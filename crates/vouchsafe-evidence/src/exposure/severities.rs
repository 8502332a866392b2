//! `evidence/severities.toml`: severities of advisories that have none, as somebody assessed and somebody else approved.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::collect::{Call, Collected, Collector, Sink};
use crate::inputs::Context;
use crate::judgement::Severity;
use crate::project::Project;
use crate::store::WriteError;

/// The type of evidence that the file is.
pub(crate) const TYPE: &str = "register.severities/1";
const FILE: &str = "evidence/severities.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    severity: Vec<Entry>,
}

/// An entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The advisory.
    pub(crate) id: String,
    /// How bad it is here.
    pub(crate) severity: Severity,
    /// Why.
    reason: String,
    /// Who assessed it.
    owner: String,
    /// Who else approved that.
    approver: String,
    /// The day of the approval.
    reviewed: Date,
}

/// Severities by advisory.
#[derive(Debug, Default)]
pub(crate) struct Severities(BTreeMap<String, Entry>);

impl Severities {
    /// Those in the evidence; none when there is no such file.
    ///
    /// # Errors
    /// When the file could not be collected, or an entry is not what it has to be.
    pub(crate) fn of(context: &Context<'_>) -> Result<Self, String> {
        let Some(known) = context.last(TYPE) else {
            return Ok(Self::default());
        };
        if let Some(why) = &known.evidence.failed {
            return Err(format!("{FILE} could not be collected: {why}"));
        }
        let content = context.content(known)?;
        Self::parse(&content, context.at).map_err(|why| format!("{FILE}: {why}"))
    }

    fn parse(bytes: &[u8], at: jiff::Timestamp) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut entries = BTreeMap::new();
        for entry in file.severity {
            let id = entry.id.clone();
            let empty = [&entry.reason, &entry.owner, &entry.approver];
            if empty.iter().any(|text| text.trim().is_empty()) {
                return Err(format!(
                    "{id}: reason, owner and approver must not be empty"
                ));
            }
            if entry
                .owner
                .trim()
                .eq_ignore_ascii_case(entry.approver.trim())
            {
                return Err(format!(
                    "{id}: the approver must be another person than the owner"
                ));
            }
            if entry.reviewed > crate::window::day_of(at) {
                return Err(format!("{id}: reviewed on a day in the future"));
            }
            if entries.insert(id.clone(), entry).is_some() {
                return Err(format!("{id}: there are two entries"));
            }
        }
        Ok(Self(entries))
    }

    /// The entry for an advisory, by any of its ids.
    pub(crate) fn find<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> Option<&Entry> {
        ids.into_iter().find_map(|id| self.0.get(id))
    }

    /// The ids of all entries.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

/// Collects the file, where there is one.
#[derive(Debug)]
pub(crate) struct SeveritiesFile;

impl Collector for SeveritiesFile {
    fn name(&self) -> &'static str {
        "severities"
    }

    fn plan(&self, _: &Project) -> Vec<Call> {
        vec![Call::new(
            format!("read {FILE}, where there is one"),
            "none",
        )]
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let content = match std::fs::read(project.root().join(FILE)) {
            Ok(content) => content,
            // A file that was deleted must not stay in force: an empty one takes its place.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if sink.index().of_type(TYPE).is_empty() {
                    return Ok(());
                }
                Vec::new()
            }
            Err(error) => return sink.failed(TYPE, "file", FILE, error.to_string()),
        };
        sink.put(&Collected {
            schema: TYPE,
            source: "file",
            request: FILE,
            collected_at: None,
            effective: None,
            content: &content,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[severity]]\nid = \"GO-1\"\nseverity = \"low\"\nreason = \"not called\"\nowner = \"ada\"\napprover = \"grace\"\nreviewed = \"2026-01-02\"\n";

    fn parse(text: &str) -> Result<Severities, String> {
        Severities::parse(text.as_bytes(), "2026-02-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_entry_needs_another_person_as_approver_and_a_reason() {
        let good = parse(GOOD).unwrap();
        assert_eq!(
            good.find([&"GO-1".to_owned()]).unwrap().severity,
            Severity::Low
        );
        assert!(parse(&GOOD.replace("grace", "Ada")).is_err());
        assert!(parse(&GOOD.replace("not called", " ")).is_err());
        assert!(parse(&GOOD.replace("2026-01-02", "2026-03-02")).is_err());
        assert!(parse(&GOOD.replace("owner", "ownr")).is_err());
        assert!(parse(&format!("{GOOD}{GOOD}")).is_err());
    }
}
