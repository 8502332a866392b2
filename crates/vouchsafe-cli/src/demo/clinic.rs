//! Loads the synthetic clinic, and selects the people and records that the demo shows.

use std::collections::HashMap;

use anyhow::Context as _;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_fhir::EntryOutcome;
use vouchsafe_installation::Installation;
use vouchsafe_synthetic::{Clinic, ClinicSize, Person, clinic};
use zeroize::Zeroizing;

use crate::import::Local;

/// A person of the clinic, with the id of their record in the installation.
#[derive(Clone, Debug)]
pub(super) struct Somebody {
    pub(super) id: RecordId,
    pub(super) name: String,
}

/// The people and records that the demo shows.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) practitioner: Somebody,
    /// A patient in the practitioner's care.
    pub(super) in_care: Somebody,
    /// A patient in the care of others.
    pub(super) out_of_care: Somebody,
    /// The next appointment of the patient in care.
    pub(super) appointment: RecordId,
    /// A diagnosis of the patient in care.
    pub(super) condition: RecordId,
    pub(super) patients: usize,
    pub(super) resources: usize,
}

/// Loads the clinic under a right that ends with the load.
pub(super) async fn load(
    installation: Installation,
    seed: u64,
    today: Date,
) -> anyhow::Result<(Installation, Scene)> {
    let clinic = clinic(seed, ClinicSize::DEMO, today);
    let local = Local::new(installation).await?;
    let mut stored = Stored::default();
    for (number, text) in clinic.bundles.iter().enumerate() {
        let bytes = Zeroizing::new(text.as_bytes().to_vec());
        let outcomes = local.load(&bytes, &format!("demo-{seed}-{number}")).await?;
        let outcomes = outcomes.map_err(|error| {
            let (_, words, path) = error.failure();
            let path = path.unwrap_or("Bundle");
            anyhow::anyhow!("bundle {number} of the clinic was refused at {path}: {words}")
        })?;
        stored.add(number, text, &outcomes)?;
    }
    let scene = scene(&clinic, &stored)?;
    Ok((local.end().await?, scene))
}

/// The ids under which the clinic's records were stored.
#[derive(Default)]
struct Stored {
    ids: HashMap<String, RecordId>,
    /// Type, status and id of the records of each bundle.
    bundles: HashMap<usize, Vec<(RecordType, Option<String>, RecordId)>>,
}

#[derive(Deserialize)]
struct Bundle {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "fullUrl")]
    full_url: String,
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    status: Option<String>,
}

impl Stored {
    fn add(&mut self, number: usize, text: &str, outcomes: &[EntryOutcome]) -> anyhow::Result<()> {
        let bundle: Bundle = serde_json::from_str(text)?;
        let records = self.bundles.entry(number).or_default();
        for (entry, outcome) in bundle.entry.into_iter().zip(outcomes) {
            let (record_type, id, ..) = outcome.record.clone().context("a record has no id")?;
            self.ids.insert(entry.full_url, id);
            records.push((record_type, entry.resource.status, id));
        }
        Ok(())
    }

    fn person(&self, person: &Person) -> anyhow::Result<Somebody> {
        let id = self.id(person.urn)?;
        let name = person.name.clone();
        Ok(Somebody { id, name })
    }

    fn id(&self, urn: Uuid) -> anyhow::Result<RecordId> {
        let id = self.ids.get(&format!("urn:uuid:{urn}"));
        id.copied().context("somebody of the clinic was not stored")
    }

    /// A record of a patient's bundle, by type and, if given, status.
    fn first(&self, bundle: usize, kind: &str, status: Option<&str>) -> anyhow::Result<RecordId> {
        let mut records = self.bundles.get(&bundle).into_iter().flatten();
        records
            .find(|(record_type, has, _)| {
                record_type.as_str() == kind && (status.is_none() || has.as_deref() == status)
            })
            .map(|(_, _, id)| *id)
            .with_context(|| format!("the clinic has no {kind} to show"))
    }
}

fn scene(clinic: &Clinic, stored: &Stored) -> anyhow::Result<Scene> {
    let practitioner = clinic
        .practitioners
        .first()
        .context("a clinic without staff")?;
    let in_care = clinic
        .in_care(practitioner.urn)
        .next()
        .context("nobody is in care")?;
    let out_of_care = clinic
        .out_of_care(practitioner.urn)
        .next()
        .context("all are in care")?;
    let place = clinic
        .patients
        .iter()
        .position(|patient| patient.urn == in_care.urn);
    // The bundle of the staff comes first.
    let bundle = place.context("the patient is not of the clinic")? + 1;
    Ok(Scene {
        practitioner: stored.person(practitioner)?,
        in_care: stored.person(in_care)?,
        out_of_care: stored.person(out_of_care)?,
        appointment: stored.first(bundle, "Appointment", Some("booked"))?,
        condition: stored.first(bundle, "Condition", None)?,
        patients: clinic.patients.len(),
        resources: stored.bundles.values().map(Vec::len).sum(),
    })
}
