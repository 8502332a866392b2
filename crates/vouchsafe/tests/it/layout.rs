//! A small pack: the slot of each member of each record type.

use vouchsafe::class::DataClass;
use vouchsafe::document::{Layout, Node, Object, Place, Slot};
use vouchsafe::ids::RecordType;

/// Members of the root by name; members without a line are `restricted`.
pub(crate) struct Members {
    record_type: RecordType,
    lines: Vec<(&'static str, Slot)>,
    root: Slot,
    unknown: Slot,
}

const ROOT: Place = Place(0);
const UNKNOWN: Place = Place(1);
const FIRST: u32 = 2;

const PATIENT: [(&str, &str); 8] = [
    ("resourceType", "operational"),
    ("id", "operational"),
    ("name", "demographic"),
    ("birthDate", "demographic"),
    ("identifier", "identifier"),
    ("ssn", "identifier+ssn"),
    ("address", "contact"),
    ("condition", "clinical"),
];

const APPOINTMENT: [(&str, &str); 6] = [
    ("resourceType", "operational"),
    ("id", "operational"),
    ("start", "scheduling"),
    ("status", "scheduling"),
    ("patientName", "demographic"),
    ("reason", "clinical"),
];

impl Members {
    pub(crate) fn of(record_type: &str) -> Self {
        let lines = match record_type {
            "Patient" => &PATIENT[..],
            "Appointment" => &APPOINTMENT,
            other => panic!("no layout of {other}"),
        };
        Self {
            record_type: record_type.parse().unwrap(),
            lines: lines
                .iter()
                .map(|(name, slot)| (*name, slot.parse().unwrap()))
                .collect(),
            root: DataClass::Operational.into(),
            unknown: DataClass::Restricted.into(),
        }
    }
}

impl Layout for Members {
    fn record_type(&self) -> &RecordType {
        &self.record_type
    }

    fn root(&self, _: &Node) -> Place {
        ROOT
    }

    fn member(&self, _: Place, _: &Object, name: &str) -> Place {
        let line = self.lines.iter().position(|(known, _)| *known == name);
        line.map_or(UNKNOWN, |line| Place(FIRST + u32::try_from(line).unwrap()))
    }

    fn item(&self, at: Place, _: &Node) -> Place {
        at
    }

    fn slot(&self, at: Place) -> &Slot {
        match at {
            ROOT => &self.root,
            UNKNOWN => &self.unknown,
            Place(line) => &self.lines[(line - FIRST) as usize].1,
        }
    }

    fn uniform(&self, at: Place) -> bool {
        at != ROOT
    }
}
