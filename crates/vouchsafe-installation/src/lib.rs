//! An installation of the record service, and what is done with it.
//!
//! [`Installation::open`] opens a data folder in order: settings, databases, certificate, keys, policies, recorder,
//! people, records. The first start makes them. Every later start finds them, and changes nothing when one is missing,
//! damaged or not the one that was pinned. [`preflight`] then checks each safeguard.
//!
//! What is done with an open installation is here exactly once, whoever asks for it: [`sign_in`], [`enrol`], [`caller`]
//! (who asks, and with which rights), [`who_saw`] and [`import`]. HTTP and the command line are two front ends of
//! these: they read what was sent or typed, call one function, and put its result into words. Changes of people and rights go
//! through [`Installation::change`], which writes them down first.

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
