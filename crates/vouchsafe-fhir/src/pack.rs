//! The pack that is part of the program.

use std::sync::{Arc, OnceLock};

use vouchsafe_records::pack::{Pack, PackError, PackText};

use crate::values::R4;

macro_rules! tables {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../packs/fhir-r4/", $file)))),*]
    };
}

/// The pack `fhir-r4`; compiled once.
///
/// # Errors
/// [`PackError`]; a test holds that there is none.
pub fn pack() -> Result<Arc<Pack>, PackError> {
    static PACK: OnceLock<Result<Arc<Pack>, PackError>> = OnceLock::new();
    PACK.get_or_init(|| Pack::parse(&FHIR_R4, &R4)).clone()
}

/// `packs/fhir-r4`; a test compares this list with the folder.
const FHIR_R4: PackText<'static> = PackText {
    manifest: include_str!("../../../packs/fhir-r4/pack.toml"),
    tables: tables![
        "AllergyIntolerance.tsv",
        "Appointment.tsv",
        "CarePlan.tsv",
        "CareTeam.tsv",
        "Claim.tsv",
        "Condition.tsv",
        "Coverage.tsv",
        "Device.tsv",
        "DiagnosticReport.tsv",
        "DocumentReference.tsv",
        "Encounter.tsv",
        "ExplanationOfBenefit.tsv",
        "ImagingStudy.tsv",
        "Immunization.tsv",
        "Location.tsv",
        "Medication.tsv",
        "MedicationAdministration.tsv",
        "MedicationRequest.tsv",
        "Observation.tsv",
        "Organization.tsv",
        "Patient.tsv",
        "Practitioner.tsv",
        "PractitionerRole.tsv",
        "Procedure.tsv",
        "Provenance.tsv",
        "Schedule.tsv",
        "ServiceRequest.tsv",
        "Slot.tsv",
        "SupplyDelivery.tsv",
        "datatypes.tsv",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/fhir-r4");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".tsv"))
            .collect();
        files.sort();
        let embedded: Vec<&str> = FHIR_R4.tables.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, embedded);
    }
}
