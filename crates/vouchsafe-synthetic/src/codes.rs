//! Codes of the terminologies that the records use.

/// A code of a terminology.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
}

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";

const fn snomed(code: &'static str, display: &'static str) -> Code {
    Code {
        system: SNOMED,
        code,
        display,
    }
}

const fn loinc(code: &'static str, display: &'static str) -> Code {
    Code {
        system: LOINC,
        code,
        display,
    }
}

const fn rxnorm(code: &'static str, display: &'static str) -> Code {
    Code {
        system: RXNORM,
        code,
        display,
    }
}

/// A code of a system of HL7's terminology server.
pub(crate) const fn hl7(system: &'static str, code: &'static str, display: &'static str) -> Code {
    Code {
        system,
        code,
        display,
    }
}

/// A condition, its treatment, and the patient's words for it.
#[derive(Clone, Copy)]
pub(crate) struct Complaint {
    pub(crate) condition: Code,
    pub(crate) medication: Code,
    pub(crate) dosage: &'static str,
    pub(crate) words: &'static str,
}

pub(crate) const COMPLAINTS: [Complaint; 8] = [
    Complaint {
        condition: snomed("59621000", "Hypertension"),
        medication: rxnorm("314076", "lisinopril 10 MG Oral Tablet"),
        dosage: "One tablet in the morning",
        words: "headaches in the early morning and a pulse that is felt in the ears",
    },
    Complaint {
        condition: snomed("44054006", "Diabetes"),
        medication: rxnorm(
            "860975",
            "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
        ),
        dosage: "One tablet with the evening meal",
        words: "thirst, and being up three times a night",
    },
    Complaint {
        condition: snomed("233678006", "Childhood asthma"),
        medication: rxnorm(
            "2123111",
            "NDA020503 200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
        ),
        dosage: "Two puffs as needed, at most four times a day",
        words: "wheezing after running and in cold air",
    },
    Complaint {
        condition: snomed("55822004", "Hyperlipidemia"),
        medication: rxnorm("312961", "Simvastatin 20 MG Oral Tablet"),
        dosage: "One tablet at night",
        words: "no complaints; blood values that were found by chance",
    },
    Complaint {
        condition: snomed("271737000", "Anemia (disorder)"),
        medication: rxnorm("310325", "ferrous sulfate 325 MG Oral Tablet"),
        dosage: "One tablet before breakfast",
        words: "being tired on the stairs since the spring",
    },
    Complaint {
        condition: snomed("57676002", "Joint pain (finding)"),
        medication: rxnorm("198405", "Ibuprofen 100 MG Oral Tablet"),
        dosage: "Two tablets with food, at most three times a day",
        words: "stiff knees in the morning",
    },
    Complaint {
        condition: snomed(
            "232353008",
            "Perennial allergic rhinitis with seasonal variation",
        ),
        medication: rxnorm("665078", "Loratadine 5 MG Chewable Tablet"),
        dosage: "Two tablets a day",
        words: "sneezing, worse beside mown grass",
    },
    Complaint {
        condition: snomed("43878008", "Streptococcal sore throat (disorder)"),
        medication: rxnorm("834061", "Penicillin V Potassium 250 MG Oral Tablet"),
        dosage: "One tablet four times a day for ten days",
        words: "a sore throat with fever since the day before",
    },
];

pub(crate) const CHECK_UP: Code = snomed("185349003", "Encounter for check up (procedure)");
pub(crate) const FOR_PROBLEM: Code = snomed("185347001", "Encounter for problem (procedure)");
pub(crate) const GENERAL_PRACTICE: Code = hl7(
    "http://terminology.hl7.org/CodeSystem/service-type",
    "124",
    "General Practice",
);
pub(crate) const AMBULATORY: Code = hl7(
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "AMB",
    "ambulatory",
);
pub(crate) const PRIMARY_PERFORMER: Code = hl7(
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    "PPRF",
    "primary performer",
);
pub(crate) const PHYSICIAN: Code = snomed("309343006", "Physician");
pub(crate) const HEALTHCARE_PROVIDER: Code = hl7(
    "http://terminology.hl7.org/CodeSystem/organization-type",
    "prov",
    "Healthcare Provider",
);
pub(crate) const PROGRESS_NOTE: Code = loinc("11506-3", "Progress note");
pub(crate) const VITAL_SIGNS: Code = hl7(
    "http://terminology.hl7.org/CodeSystem/observation-category",
    "vital-signs",
    "Vital Signs",
);
pub(crate) const BODY_TEMPERATURE: Code = loinc("8310-5", "Body temperature");
pub(crate) const HEART_RATE: Code = loinc("8867-4", "Heart rate");
pub(crate) const RESPIRATORY_RATE: Code = loinc("9279-1", "Respiratory rate");
pub(crate) const BODY_WEIGHT: Code = loinc("29463-7", "Body Weight");
pub(crate) const BODY_HEIGHT: Code = loinc("8302-2", "Body Height");
pub(crate) const BLOOD_PRESSURE: Code =
    loinc("85354-9", "Blood pressure panel with all children optional");
pub(crate) const SYSTOLIC: Code = loinc("8480-6", "Systolic blood pressure");
pub(crate) const DIASTOLIC: Code = loinc("8462-4", "Diastolic blood pressure");
