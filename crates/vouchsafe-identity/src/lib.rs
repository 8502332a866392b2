//! People, factors, sessions and rights, on SQLite and PostgreSQL.
//!
//! Every principal is a named person or a service with an owner; there is no default account and no bootstrap password.
//! Every change, and every sign-in, returns a [`Prepared`]: its events go to the audit log first, and only then does
//! [`Prepared::confirm`] make the change.
//!
//! Look-ups for every request (whether the session is revoked, and which rights exist) are cached for less than half a
//! second, so that a removal takes effect on every replica within one second.
//!
//! Later: passkeys, recovery codes, refresh tokens, services' own keys, break-glass, reviews.

mod admin;
mod enrolment;
mod event;
mod identity;
mod inventory;
mod password;
mod people;
mod prepared;
mod recent;
mod rights;
mod secrets;
mod services;
mod sessions;
mod sign_in;
mod signing;
mod standing;
mod sweep;
mod throttle;
mod totp;

pub use admin::{AdminError, Approval};
pub use enrolment::{ENROLMENT_LIFE, Enrolment, EnrolmentRefused, Invitation};
pub use event::{Actor, Event, NetworkPrefix, Occurrence, OsUser, SignInRefusal};
pub use identity::{Identity, OpenError, Settings};
pub use inventory::{PersonFactors, SigningKeyAge};
pub use password::{Password, PasswordRefused};
pub use people::{LinkRow, NewPerson, PersonDetail, PersonState, PersonSummary, RecordLink};
pub use prepared::{NotDone, Prepared};
pub use rights::{MAX_INTEGRATION_RIGHT, MAX_RIGHT, RightRow, RightSpec};
pub use secrets::{AccessToken, EnrolmentToken};
pub use services::{LocalSession, NewService, ServiceOwner, ServiceSummary};
pub use sessions::{ABSOLUTE_LIFE, Activity};
pub use sign_in::{Credentials, SignInFailed, SignedIn};
pub use signing::SigningKeyChange;
pub use standing::{AuthenticationRefused, IDLE_LIFE, Standing};
pub use sweep::{KEPT_AFTER_END, Swept};
