//! Alerts: rules, their tests, mutated rules that the tests must catch, routes to people, runbooks, the dead man's switch.

mod amtool;
mod mutants;
mod promtool;
mod routed;
mod rules;
mod runbooks;
mod tested;
mod tool;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collector, Sink};
use crate::files::{self, Wanted};
use crate::project::Project;
use crate::store::WriteError;
use crate::yaml;

/// Rule files as they are.
pub(crate) const RULES: &str = "alerts.rules/1";
/// Files of tests for `promtool test rules`, as they are.
pub(crate) const TESTS: &str = "alerts.tests/1";
/// What promtool said of rules, tests and mutated rules.
pub(crate) const PROMTOOL: &str = "alerts.promtool/1";
/// What amtool said of where alerts go.
pub(crate) const ROUTES: &str = "alerts.routes/1";
/// The runbooks that are there.
pub(crate) const RUNBOOKS: &str = "alerts.runbooks/1";

const fn workforce(name: &'static str, title: &'static str) -> EvidenceType {
    EvidenceType {
        name,
        title,
        people: People::Workforce,
    }
}

pub(crate) const AREA: Area = Area {
    types: &[
        workforce(RULES, "Prometheus rule files"),
        workforce(TESTS, "Tests of Prometheus rules"),
        workforce(
            PROMTOOL,
            "Output of promtool on rules, tests and mutated rules",
        ),
        workforce(
            ROUTES,
            "Output of amtool on routes; receivers without their secrets",
        ),
        workforce(RUNBOOKS, "Names and hashes of runbooks"),
    ],
    collectors: &[&Alerts],
    checks: &[
        include_str!("../data/checks/alerts-tested.toml"),
        include_str!("../data/checks/alerts-routed.toml"),
        include_str!("../data/checks/alerts-runbook.toml"),
        include_str!("../data/checks/alerts-deadman.toml"),
    ],
    evaluators: &[
        ("alerts.tested", tested::judge),
        ("alerts.routed", routed::judge),
        ("alerts.runbook", runbooks::judge),
        ("alerts.deadman", routed::deadman),
    ],
};

/// `[alerts]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Files, folders and patterns of Prometheus rules.
    pub(crate) rules: Vec<String>,
    /// Files, folders and patterns of tests for `promtool test rules`.
    pub(crate) tests: Vec<String>,
    /// The configuration of Alertmanager.
    pub(crate) alertmanager: Option<String>,
    /// The folder of runbooks, or a file.
    pub(crate) runbooks: Option<String>,
    /// Receivers that are dead man's switches, beside those whose names say so.
    pub(crate) deadman: Vec<String>,
}

/// Collects all of it.
#[derive(Debug)]
struct Alerts;

impl Collector for Alerts {
    fn name(&self) -> &'static str {
        "alerts"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let settings = &project.settings.alerts;
        let mut calls = Vec::new();
        for pattern in settings.rules.iter().chain(&settings.tests) {
            calls.push(Call::new(format!("read {pattern}"), "none"));
        }
        if !settings.rules.is_empty() {
            let what = "run promtool in a temporary folder on copies of the rules and tests, and on mutated rules";
            calls.push(Call::new(
                what,
                "starting promtool; it is given no network where the system allows that",
            ));
        }
        if let Some(path) = &settings.alertmanager {
            let what = format!(
                "read {path} and run amtool on a copy; of receivers only names, kinds, fields and hosts are stored"
            );
            calls.push(Call::new(
                what,
                "starting amtool; it is given no network where the system allows that",
            ));
        }
        if let Some(folder) = &settings.runbooks {
            calls.push(Call::new(
                format!("list {folder} and hash its files"),
                "none",
            ));
        }
        calls
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let settings = &project.settings.alerts;
        for (schema, patterns) in [(RULES, &settings.rules), (TESTS, &settings.tests)] {
            if patterns.is_empty() {
                continue;
            }
            let wanted = Wanted {
                schema,
                patterns,
                endings: &[".yaml", ".yml"],
            };
            files::store(project, sink, &wanted, |_, content| {
                yaml::documents(&content).map(|_| content)
            })?;
        }
        if !settings.rules.is_empty() {
            let said = promtool::ask(project.root(), settings, &tool::Tool::named("promtool"));
            tool::store(sink, PROMTOOL, "promtool", said)?;
        }
        if let Some(path) = &settings.alertmanager {
            let amtool = tool::Tool::named("amtool");
            let said = amtool::ask(project.root(), settings, path, &amtool);
            tool::store(sink, ROUTES, "amtool", said)?;
        }
        if let Some(folder) = &settings.runbooks {
            tool::store(
                sink,
                RUNBOOKS,
                "file",
                runbooks::list(project.root(), folder),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
