//! The store of wrapped keys, with the same behaviour on SQLite and PostgreSQL.

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod service;
