//! Record types, packs, relations, search planning and storage on SQLite and PostgreSQL.

pub mod clinic;
