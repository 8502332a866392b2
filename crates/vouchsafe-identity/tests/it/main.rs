//! People, sessions and rights, with the same behaviour on SQLite and PostgreSQL.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod services;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sweep;
