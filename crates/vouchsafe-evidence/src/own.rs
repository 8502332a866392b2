//! A team's own checks: facts as JSON that its CI saves, and checks in `evidence/checks/` that judge them by an
//! expression (JSONPath, RFC 9535).

mod expression;
mod folder;
mod paths;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::files;
use crate::project::Project;
use crate::store::WriteError;

pub(crate) use folder::{PREFIX, all_of};

/// Facts, as a command of the team saved them. Their source is `facts:` and their name.
const FACTS: &str = "facts.json/1";
/// The largest file of facts.
const LIMIT: u64 = 16 << 20;

pub(crate) const AREA: Area = Area {
    types: &[EvidenceType {
        name: FACTS,
        title: "JSON that a command of the team saved, for its own checks ([[facts]])",
        people: People::Nobody,
    }],
    collectors: &[&SavedFacts],
    checks: &[],
    evaluators: &[("expression", expression::judge)],
};

/// `[[facts]]` of `evidence.toml`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// How checks call them.
    pub(crate) name: String,
    /// The file that a command of the team writes.
    pub(crate) path: String,
}

impl Facts {
    fn source(&self) -> String {
        source(&self.name)
    }
}

fn source(name: &str) -> String {
    format!("facts:{name}")
}

/// Collects facts.
#[derive(Debug)]
struct SavedFacts;

impl Collector for SavedFacts {
    fn name(&self) -> &'static str {
        "facts"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let facts = project.settings.facts.iter();
        facts
            .map(|facts| {
                Call::new(
                    format!("read {} (facts {})", facts.path, facts.name),
                    "none",
                )
            })
            .collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        for facts in &project.settings.facts {
            let source = facts.source();
            match files::dated(project, &facts.path, LIMIT) {
                Err(why) => sink.failed(FACTS, &source, &facts.path, why)?,
                Ok((made, content)) => sink.put(&Collected {
                    schema: FACTS,
                    source: &source,
                    request: &facts.path,
                    collected_at: Some(made),
                    effective: None,
                    content: &content,
                })?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
