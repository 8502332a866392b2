//! Record types, packs, relations, search planning and storage on SQLite and PostgreSQL.
//!
//! A [`pack`] declares record types as data: which elements they have, what class each has, whom a
//! record is about, what it is found by; what their values mean is said by a dialect's [`values`]. [`search`] turns search parameters into a plan that blind
//! indexes and one subject's records can serve. [`store`] keeps sealed records; nothing that it is
//! given or gives back is plaintext.

pub mod engine;
pub mod pack;
pub mod search;
pub mod store;
pub mod values;
