//! The data plane from outside: over real TLS, with real people, by somebody who means harm.
//!
//! Every case runs on SQLite and, where `VOUCHSAFE_TEST_PG_ADMIN` is set, on PostgreSQL.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod home;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod plane;
#[cfg(test)]
#[path = "../it/process.rs"]
mod process;
#[cfg(test)]
mod visits;
