//! `vouchsafe person connect` and `disconnect`: the record that represents a person.

use std::str::FromStr;

use vouchsafe::ids::RecordType;
use vouchsafe_identity::RecordLink;
use vouchsafe_installation::now;

use super::{change, find, with};
use crate::installation::DataFolder;
use crate::output;
use crate::principal::actor;

/// A record that can represent a person, in the form `Practitioner/<id>`.
#[derive(Clone, Debug)]
pub(super) struct Record(RecordLink);

impl FromStr for Record {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "give Practitioner/ID or Patient/ID, where ID is a UUID";
        let (name, id) = text.split_once('/').ok_or(FORM)?;
        let record_type: RecordType = name.parse().map_err(|_| FORM)?;
        if !matches!(name, "Practitioner" | "Patient") {
            return Err(FORM);
        }
        let id = id.parse().map_err(|_| FORM)?;
        Ok(Self(RecordLink { record_type, id }))
    }
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  vouchsafe person connect ada@example.org Practitioner/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77
  vouchsafe person connect paula@example.org Patient/9d0f5b7a-52c5-4b0e-8a41-2b6f7f0a3c55

A clinician sees the patients whose care teams, encounters and appointments name their Practitioner.
A patient sees the record that they are connected to.";

/// Link a person to the record that represents them (Practitioner) or is about them (Patient)
#[derive(Debug, clap::Args)]
#[command(after_help = CONNECT_EXAMPLES)]
pub(crate) struct ConnectArgs {
    /// The person, by e-mail address or id
    person: String,
    /// The record, as Practitioner/ID or Patient/ID
    record: Record,
    #[command(flatten)]
    data: DataFolder,
}

pub(super) async fn connect(args: ConnectArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let id = find(installation, &args.person).await?;
        let (tenant, identity, record) = (
            installation.tenant(),
            installation.identity(),
            &args.record.0,
        );
        let prepared = identity.link(tenant, id, record, actor(), now()).await;
        change(installation, prepared).await?;
        output::say(format_args!(
            "{record} stands for {} from now on.",
            args.person
        ))
    })
    .await
}

const DISCONNECT_EXAMPLES: &str = "\
Examples:
  vouchsafe person disconnect Practitioner/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77";

/// Remove the link between a record and a person
#[derive(Debug, clap::Args)]
#[command(after_help = DISCONNECT_EXAMPLES)]
pub(crate) struct DisconnectArgs {
    /// The record, as Practitioner/ID or Patient/ID
    record: Record,
    #[command(flatten)]
    data: DataFolder,
}

pub(super) async fn disconnect(args: DisconnectArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let (tenant, identity, record) = (
            installation.tenant(),
            installation.identity(),
            &args.record.0,
        );
        let prepared = identity.unlink(tenant, record, actor(), now()).await;
        change(installation, prepared).await?;
        output::say(format_args!("{record} no longer stands for a person."))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_people_are_connected() {
        let id = "6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77";
        assert!(format!("Practitioner/{id}").parse::<Record>().is_ok());
        assert!(format!("Patient/{id}").parse::<Record>().is_ok());
        for bad in [
            format!("Group/{id}"),
            "Patient/1".to_owned(),
            id.to_owned(),
            String::new(),
        ] {
            assert!(bad.parse::<Record>().is_err(), "{bad}");
        }
    }
}
