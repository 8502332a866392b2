//! The public interface of the crate: one suite of store tests on both databases, and the pack
//! on real data.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod care;
#[cfg(test)]
mod database;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod records;
#[cfg(test)]
mod synthea;
#[cfg(test)]
mod writing;
