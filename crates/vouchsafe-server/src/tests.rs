//! Requests as the routers of a whole service answer them: the real installation, recorder, databases, layers and tasks,
//! and no port. Ports and TLS are tested in `listeners` and, with the program, in `vouchsafe-cli`.
//!
//! Every case runs on SQLite and, where `VOUCHSAFE_TEST_PG_ADMIN` is set, on PostgreSQL.

mod around;
mod attacks;
mod house;
mod people;
mod sign_in;
mod visits;
