//! The public interface of the crate, on the pack of a bank: packs, one suite of tests of the store and one of the engine,
//! both on both databases.

#[cfg(test)]
mod bank;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod care;
#[cfg(test)]
mod database;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod pack;
#[cfg(test)]
mod records;
#[cfg(test)]
mod writing;
