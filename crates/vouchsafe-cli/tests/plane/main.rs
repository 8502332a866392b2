//! The data plane from outside, over real TLS: uploads that are too large, and processes that are killed.
//!
//! What the plane answers is tested in `vouchsafe-server`, on its routers.
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
