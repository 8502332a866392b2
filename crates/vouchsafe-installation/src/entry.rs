//! The members of a log entry that are read here.

use serde::Deserialize;

/// An entry in an unknown form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("entry {0} has an unknown format")]
pub struct UnknownForm(u64);

/// The shown members of an entry.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// The actor: `person/...`, `service/...`.
    pub actor: String,
    /// The data classes of the access.
    #[serde(default)]
    pub classes: Vec<String>,
    /// The number of records or refusals that the entry stands for.
    pub count: Option<u64>,
    /// The write that the entry opens or settles.
    pub intent: Option<String>,
    /// The operation.
    pub operation: String,
    /// The outcome.
    pub outcome: String,
    /// The stated purpose.
    pub purpose: Option<String>,
    /// The reason for a refusal.
    pub reason: Option<String>,
    /// The record.
    pub resource: Option<Resource>,
    /// The roles of the actor.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The stream of the log: `phi`, `identity` or `system`.
    pub stream: String,
    /// The subject's token.
    pub subject: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The write that the entry belongs to.
    pub within: Option<String>,
}

/// The record of an entry.
#[derive(Debug, Deserialize)]
pub struct Resource {
    /// Its type.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Its version.
    pub version: Option<u32>,
}

impl Entry {
    /// Parses the entry of an index.
    ///
    /// # Errors
    /// [`UnknownForm`].
    pub fn read(index: u64, json: &str) -> Result<Self, UnknownForm> {
        serde_json::from_str(json).map_err(|_| UnknownForm(index))
    }

    /// The record in short form: `Patient v2`.
    #[must_use]
    pub fn about(&self) -> String {
        self.resource.as_ref().map_or_else(String::new, |resource| {
            resource.version.map_or_else(
                || resource.record_type.clone(),
                |version| format!("{} v{version}", resource.record_type),
            )
        })
    }

    /// The outcome, with the reason for a refusal.
    #[must_use]
    pub fn ended(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.outcome),
            None => self.outcome.clone(),
        }
    }
}
