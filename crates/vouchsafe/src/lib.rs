//! The safeguards for protected health information (PHI) as types.
//!
//! Opening PHI takes a [`gate::Permit`], which only a policy decision makes. Releasing it takes a [`gate::Receipt`],
//! which only a durable audit entry makes. The crate is pure: no network, files, clock or environment. The code that
//! makes the gate provides the time; randomness is the only exception.
//!
//! A request, step by step: [`session`] identifies the caller, [`access`] decides, [`gate`] makes the permit, opens,
//! returns the audit entry and, once it is durable, the receipt that releases. [`trusted`] holds what a reviewer looks
//! for first: the choice of policies, log, keys or clock.

pub mod access;
pub mod audit;
pub mod class;
mod clock;
pub mod document;
pub mod gate;
pub mod ids;
pub mod keys;
pub mod phi;
mod port;
pub mod seal;
pub mod session;
pub mod trusted;

/// A boxed future, the return type of the ports.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
