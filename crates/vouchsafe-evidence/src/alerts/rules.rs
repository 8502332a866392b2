//! Rule files and the alerts in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RULES;
use crate::files;
use crate::inputs::Context;
use crate::yaml::{self, Node};

/// An alert of a rule file.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) file: String,
    pub(super) line: usize,
    /// Its place among the groups, and in its group.
    pub(super) at: (usize, usize),
    pub(super) name: String,
    pub(super) expression: String,
    /// How long it has to last before it fires, as it is written.
    pub(super) lasts: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Alert {
    /// How findings name it.
    pub(super) fn item(&self) -> String {
        format!("{}:{}", self.file, self.name)
    }

    /// Its file and line.
    pub(super) fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }

    /// Whether it fires all the time, to show that alerts arrive.
    pub(super) fn is_watchdog(&self) -> bool {
        let bare: String = self
            .expression
            .chars()
            .filter(|char| !char.is_whitespace())
            .collect();
        let bare = bare.trim_start_matches('(').trim_end_matches(')');
        let number = bare.strip_prefix("vector(").unwrap_or_default();
        number.parse::<f64>().is_ok_and(|number| number.is_finite())
    }

    /// The labels that are known before it fires: those whose values are no templates, and its name.
    pub(super) fn fixed_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.retain(|_, value| !value.contains("{{"));
        labels.insert("alertname".to_owned(), self.name.clone());
        labels
    }

    /// The labels whose values are only known when it fires.
    pub(super) fn open_labels(&self) -> impl Iterator<Item = &str> {
        let open = self.labels.iter().filter(|(_, value)| value.contains("{{"));
        open.map(|(name, _)| name.as_str())
    }
}

/// The alerts of a rule file.
pub(super) fn of_file(file: &str, root: &Node) -> Result<Vec<Alert>, String> {
    let groups = root
        .get("groups")
        .ok_or_else(|| format!("{file} has no groups: it is no rule file"))?;
    let mut alerts = Vec::new();
    for (group, number) in groups.list().iter().zip(0..) {
        for (rule, place) in group.list_at(&["rules"]).iter().zip(0..) {
            let Some(name) = rule.text_at(&["alert"]) else {
                continue;
            };
            let line = rule.line;
            let expression = rule
                .text_at(&["expr"])
                .ok_or_else(|| format!("{file}:{line}: the alert has no expr"))?;
            alerts.push(Alert {
                file: file.to_owned(),
                line,
                at: (number, place),
                name: name.to_owned(),
                expression: expression.to_owned(),
                lasts: rule.text_at(&["for"]).map(str::to_owned),
                labels: texts(rule.get("labels")),
                annotations: texts(rule.get("annotations")),
            });
        }
    }
    Ok(alerts)
}

/// The alerts of a rule file, and its root.
pub(super) type OfFile = (Vec<Alert>, Arc<Node>);

/// The alerts of the last collection, by file.
pub(super) fn all(context: &Context<'_>) -> Result<Vec<OfFile>, String> {
    let mut found = Vec::new();
    for known in files::collected(context, RULES)? {
        let root = context.parsed(known, yaml::document)?;
        found.push((of_file(&known.evidence.request, &root)?, root));
    }
    if found.iter().all(|(alerts, _)| alerts.is_empty()) {
        return Err("the rule files have no alert".to_owned());
    }
    Ok(found)
}

fn texts(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    entries
        .map(|(key, value)| (key.clone(), value.text().unwrap_or_default().to_owned()))
        .collect()
}
