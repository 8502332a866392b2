//! The safeguards for protected health information (PHI) as types.
//!
//! Opening PHI takes a [`gate::Permit`], which only a policy decision makes. Letting it leave
//! takes a [`gate::Receipt`], which only a durable audit entry makes. The crate is pure: no
//! network, files, clock or environment; the time comes from whoever makes the gate, randomness is the only exception.
//!
//! The way of a request: [`session`] says who, [`access`] decides, [`gate`] makes the permit,
//! opens, hands out the audit entry and, once it is durable, the receipt that releases.
//! [`trusted`] holds what a reviewer looks for first: whoever chooses policies, log, keys or clock.

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

/// A boxed future, as the ports return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
