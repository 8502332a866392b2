//! An installation of the record service, and its use cases.
//!
//! [`Installation::open`] opens a data folder in order: settings, databases, certificate, keys, policies, recorder,
//! people, records. The first start creates them. Every later start finds them, and changes nothing if one is missing,
//! damaged or different from the pinned one. [`preflight`] then checks each safeguard.
//!
//! Each use case of an open installation is here exactly once, for every front end: [`sign_in`], [`enrol`], [`caller`]
//! (the caller and their rights), [`who_saw`] and [`import`]. HTTP and the command line are two front ends: they parse
//! the input, call one function, and present its result. Changes of people and rights go through
//! [`Installation::change`], which logs them first.

mod action;
pub mod caller;
mod change;
mod checkpoint;
mod clock;
mod databases;
pub mod enrol;
pub mod entry;
mod event;
pub mod files;
mod first;
pub mod folder;
pub mod import;
mod installation;
pub mod logging;
mod loss;
mod opening;
mod origin;
mod policies;
pub mod preflight;
mod recorder;
pub mod recovery;
pub mod settings;
pub mod sign_in;
pub mod tls;
mod vitals;
pub mod who_saw;

pub use action::ActionError;
pub use change::ChangeError;
pub use checkpoint::{CheckpointError, Missing};
pub use clock::now;
pub use first::{Administrator, InvalidAdministrator};
pub use installation::Installation;
pub use installation::open::Opened;
pub use opening::{OpenError, Opening};
pub use origin::Origin;
