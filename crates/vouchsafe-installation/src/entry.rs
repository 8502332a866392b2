//! What is read of an entry.

use serde::Deserialize;

/// The members of an entry that are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) actor: String,
    #[serde(default)]
    pub(super) classes: Vec<String>,
    pub(super) count: Option<u64>,
    pub(super) intent: Option<String>,
    pub(super) operation: String,
    pub(super) outcome: String,
    pub(super) purpose: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) resource: Option<Resource>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    pub(super) stream: String,
    pub(super) subject: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) within: Option<String>,
}

/// What an entry is about.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    #[serde(rename = "type")]
    pub(super) record_type: String,
    pub(super) version: Option<u32>,
}

impl Entry {
    /// Reads an entry of the log.
    pub(super) fn read(index: u64, json: &str) -> anyhow::Result<Self> {
        serde_json::from_str(json)
            .map_err(|_| anyhow::anyhow!("entry {index} is not of a form that is known here"))
    }

    /// What it is about: `Patient v2`.
    pub(super) fn about(&self) -> String {
        self.resource.as_ref().map_or_else(String::new, |resource| {
            resource.version.map_or_else(
                || resource.record_type.clone(),
                |version| format!("{} v{version}", resource.record_type),
            )
        })
    }

    /// How it ended, with the reason of a refusal.
    pub(super) fn ended(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.outcome),
            None => self.outcome.clone(),
        }
    }
}
