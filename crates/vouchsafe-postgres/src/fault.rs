//! Faults of a connection.

use std::error::Error as _;
use std::io::{self, ErrorKind};

/// The reason why a connection could not be made, or a statement failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The URL is not accepted.
    #[error("the URL is refused: {0}")]
    Url(&'static str),
    /// There is no certificate of an authority (PEM), or one is unreadable.
    #[error("the certificates of authorities (PEM) are missing or damaged")]
    Authorities,
    /// The server offers no TLS, or its certificate was not accepted.
    #[error(
        "the server offers no TLS, or its certificate is expired, for another host name, or not of a given authority"
    )]
    Tls,
    /// No server answers, or the connection was lost.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server wants a password and none was given, or it wants an authentication that this driver does not support.
    #[error("the server wants another proof of who this is")]
    Proof,
    /// The server's answer: a SQLSTATE (PostgreSQL, appendix A).
    #[error("the server answers with SQLSTATE {}", .0.code())]
    State(State),
    /// Any other fault.
    #[error("the connection failed")]
    Failed,
}

/// A SQLSTATE: five characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State([u8; 5]);

impl State {
    fn new(code: &str) -> Option<Self> {
        let code: [u8; 5] = code.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(code))
    }

    /// The characters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Fault {
    /// The SQLSTATE, if the server answered with one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::State(state) => Some(state.code()),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(state) = error.code() {
            return State::new(state.code()).map_or(Self::Failed, Self::State);
        }
        let words = error.to_string();
        let cause = error
            .source()
            .and_then(|cause| cause.downcast_ref::<io::Error>());
        // rustls reports a certificate that it refuses as invalid data.
        let refused = cause.is_none_or(|cause| cause.kind() == ErrorKind::InvalidData);
        match &*words {
            // Without an I/O cause: the server offers no TLS.
            "error performing TLS handshake" if refused => Self::Tls,
            "error communicating with the server" if refused && cause.is_some() => Self::Tls,
            "error performing TLS handshake"
            | "error communicating with the server"
            | "error connecting to server"
            | "timeout waiting for server"
            | "connection closed" => Self::Unreachable,
            "invalid connection string" => Self::Url("it is malformed"),
            // The server wants a password, and there is none; or it wants another authentication; or it does not prove
            // that it knows the password.
            "invalid configuration" | "authentication error" => Self::Proof,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts belong to the driver: another release may change them.
    #[test]
    fn the_words_of_the_driver_are_known() {
        let parsed = "postgres://[".parse::<tokio_postgres::Config>();
        let fault = Fault::from(parsed.unwrap_err());
        assert_eq!(fault, Fault::Url("it is malformed"));
    }

    #[test]
    fn a_state_has_five_letters_or_digits() {
        assert_eq!(State::new("57P01").unwrap().code(), "57P01");
        for code in ["", "57P0", "57P011", "57P0\n", "é7P0"] {
            assert_eq!(State::new(code), None, "{code}");
        }
    }
}
