//! The registers of this area: emergency changes and deployments.

use std::fs;
use std::io::ErrorKind;

use jiff::Timestamp;
use serde::Deserialize;

use super::{DEPLOYMENTS, EMERGENCIES};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::inputs::Context;
use crate::project::Project;
use crate::store::WriteError;

/// Collects the registers of this area.
#[derive(Debug)]
pub(super) struct Registers;

/// Their types and files.
const FILES: [(&str, &str); 2] = [
    (EMERGENCIES, "evidence/emergencies.toml"),
    (DEPLOYMENTS, "evidence/deployments.toml"),
];

/// `evidence/emergencies.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EmergencyFile {
    pub(super) emergency: Vec<Emergency>,
}

/// A change that could not wait for its approval.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Emergency {
    pub(super) id: String,
    /// The commit on the protected branch.
    pub(super) commit: Option<String>,
    /// Or the pull request that brought it.
    pub(super) pull: Option<u64>,
    /// Why it could not wait. For people.
    #[serde(rename = "reason")]
    pub(super) _reason: String,
    /// Whose change it is. For people.
    #[serde(rename = "owner")]
    pub(super) _owner: String,
    /// The pull request in which it was looked at afterwards, where that is another one.
    pub(super) review_pull: Option<u64>,
}

/// `evidence/deployments.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeploymentFile {
    pub(super) deployment: Vec<Deployment>,
}

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) environment: String,
    pub(super) at: Timestamp,
    /// The commit that was deployed.
    pub(super) commit: Option<String>,
    /// Or the tag.
    pub(super) tag: Option<String>,
    /// The digest of the image, as it runs.
    pub(super) digest: Option<String>,
}

impl Collector for Registers {
    fn name(&self) -> &'static str {
        "change-registers"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        if project.settings.change.branches.is_empty() {
            return Vec::new();
        }
        FILES
            .iter()
            .map(|(_, path)| Call::new(format!("read {path}, if it is there"), "none"))
            .collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        for (schema, path) in FILES {
            match fs::read(project.root().join(path)) {
                Ok(content) => sink.put(&Collected {
                    schema,
                    source: "file",
                    request: path,
                    collected_at: None,
                    effective: None,
                    content: &content,
                })?,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if !sink.index().of_type(schema).is_empty() {
                        let why = "the file is gone: restore it; a file without entries is fine";
                        sink.failed(schema, "file", path, why)?;
                    }
                }
                Err(error) => sink.failed(schema, "file", path, error.to_string())?,
            }
        }
        Ok(())
    }
}

/// A register, or none where it never was collected.
pub(super) fn register<T>(context: &Context<'_>, schema: &str) -> Result<Option<T>, String>
where
    T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
{
    if context.last(schema).is_none() {
        return Ok(None);
    }
    let known = context.latest(schema)?;
    let parsed = context.parsed(known, |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
        toml::from_str::<T>(text).map_err(|error| error.to_string())
    })?;
    Ok(Some((*parsed).clone()))
}
