//! The engine on the pack of a bank, with policies that are signed here, a real recorder and a real store of keys: records
//! are stored, decided, searched and read, and nothing of that is FHIR.

mod conditions;
mod office;
mod reading;
mod searching;
mod writing;
