//! The dialect over a real engine: SQLite and PostgreSQL; keys and log in memory.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod dates;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod links;
#[cfg(test)]
mod log;
#[cfg(test)]
mod narratives;
#[cfg(test)]
mod nobody;
#[cfg(test)]
mod pack;
#[cfg(test)]
mod page;
#[cfg(test)]
mod planning;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod relating;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod service;
#[cfg(test)]
mod synthea;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod values;
