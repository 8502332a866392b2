//! What is read of an entry of the log.

use serde::Deserialize;

/// An entry that is not of a form that is known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("entry {0} has an unknown format")]
pub struct UnknownForm(u64);

/// The members of an entry that are shown.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Who did it: `person/...`, `service/...`.
    pub actor: String,
    /// The data classes that it was about.
    #[serde(default)]
    pub classes: Vec<String>,
    /// How many there were of it.
    pub count: Option<u64>,
    /// The write that it announces, or whose outcome it is.
    pub intent: Option<String>,
    /// What was done.
    pub operation: String,
    /// How it ended.
    pub outcome: String,
    /// The purpose stated.
    pub purpose: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The record that it is about.
    pub resource: Option<Resource>,
    /// The roles of the actor.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The part of the log: `phi`, `identity` or `system`.
    pub stream: String,
    /// The subject's token.
    pub subject: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The write that it is a part of.
    pub within: Option<String>,
}

/// The record that an entry is about.
#[derive(Debug, Deserialize)]
pub struct Resource {
    /// Its type.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Its version.
    pub version: Option<u32>,
}

impl Entry {
    /// Reads the entry of an index.
    ///
    /// # Errors
    /// [`UnknownForm`].
    pub fn read(index: u64, json: &str) -> Result<Self, UnknownForm> {
        serde_json::from_str(json).map_err(|_| UnknownForm(index))
    }

    /// What it is about: `Patient v2`.
    #[must_use]
    pub fn about(&self) -> String {
        self.resource.as_ref().map_or_else(String::new, |resource| {
            resource.version.map_or_else(
                || resource.record_type.clone(),
                |version| format!("{} v{version}", resource.record_type),
            )
        })
    }

    /// How it ended, with the reason of a refusal.
    #[must_use]
    pub fn ended(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.outcome),
            None => self.outcome.clone(),
        }
    }
}
