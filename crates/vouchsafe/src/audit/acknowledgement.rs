//! The recorder's acknowledgement: one signature over a durable batch.
//!
//! Like a certificate-transparency promise (RFC 6962, section 3.2): with it, a caller can prove that the access was
//! logged, or that the log cheats.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{self, UnparsedPublicKey};
use jiff::Timestamp;

use super::Source;

/// The recorder's statement about one committed batch.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// The origin of the log.
    pub origin: String,
    /// The index of the first leaf.
    pub first_index: u64,
    /// The time of the batch, by the recorder's clock.
    pub recorded: Timestamp,
    /// The leaf hashes (RFC 6962, section 2.1), in order.
    pub leaves: Vec<[u8; 32]>,
    /// Ed25519 over [`Acknowledgement::statement`].
    pub signature: [u8; 64],
}

impl Acknowledgement {
    /// The bytes that the recorder signs.
    #[must_use]
    pub fn statement(
        origin: &str,
        first_index: u64,
        recorded: Timestamp,
        leaves: &[[u8; 32]],
    ) -> Vec<u8> {
        let head = format!(
            "vouchsafe-ack/v1\n{origin}\n{first_index}\n{recorded:.6}\n{}\n",
            leaves.len()
        );
        let mut out = Vec::with_capacity(head.len() + 32 * leaves.len());
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(leaves.as_flattened());
        out
    }
}

/// The trusted recorder: its log and the key of its acknowledgements. It comes from [`crate::trusted::recorder`].
#[derive(Clone, Debug)]
pub struct RecorderKey {
    origin: String,
    public_key: [u8; 32],
    pin: [u8; 32],
}

/// The reason why an acknowledgement was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AckRefused {
    /// It belongs to another log.
    #[error("the acknowledgement is of another log")]
    Origin,
    /// The signature is not valid.
    #[error("the acknowledgement's signature does not hold")]
    Signature,
    /// Its leaves would be beyond the largest possible index.
    #[error("the acknowledgement's indices do not exist")]
    Range,
}

impl RecorderKey {
    /// The recorder with that origin and that Ed25519 public key.
    pub(crate) fn new(origin: &str, public_key: [u8; 32]) -> Self {
        let pin = digest(&SHA256, &[&public_key[..], origin.as_bytes()].concat());
        let mut recorder = Self {
            origin: origin.to_owned(),
            public_key,
            pin: [0; 32],
        };
        recorder.pin.copy_from_slice(pin.as_ref());
        recorder
    }

    /// SHA-256 of key and origin: identifies the recorder in 32 bytes.
    pub(crate) const fn pin(&self) -> &[u8; 32] {
        &self.pin
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The Ed25519 public key of its acknowledgements (RFC 8032).
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Verifies an acknowledgement, once for all its leaves.
    ///
    /// # Errors
    /// [`AckRefused`] if it belongs to another log or is not signed by this key.
    pub fn verify(&self, ack: Acknowledgement) -> Result<Arc<Acknowledged>, AckRefused> {
        if ack.origin != self.origin {
            return Err(AckRefused::Origin);
        }
        let statement =
            Acknowledgement::statement(&ack.origin, ack.first_index, ack.recorded, &ack.leaves);
        UnparsedPublicKey::new(&signature::ED25519, &self.public_key)
            .verify(&statement, &ack.signature)
            .map_err(|_| AckRefused::Signature)?;
        ack.first_index
            .checked_add(ack.leaves.len() as u64)
            .ok_or(AckRefused::Range)?;
        Ok(Arc::new(Acknowledged {
            ack,
            recorder: self.pin,
        }))
    }
}

/// An acknowledgement with a valid signature; made only by [`RecorderKey::verify`].
#[derive(Debug)]
pub struct Acknowledged {
    ack: Acknowledgement,
    /// The pin of the key that verified it. Anybody can verify with a key of their own: the gate accepts only
    /// acknowledgements that its own recorder's key verified.
    recorder: [u8; 32],
}

impl Acknowledged {
    /// The verified acknowledgement.
    #[must_use]
    pub const fn get(&self) -> &Acknowledgement {
        &self.ack
    }

    /// The pin of the recorder that signed it.
    pub(crate) const fn recorder(&self) -> &[u8; 32] {
        &self.recorder
    }
}

/// The position of an entry, as the log claims it: not believed before the leaf has been compared.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The batch.
    pub batch: Arc<Acknowledged>,
    /// The index of its leaf in the batch, from 0.
    pub position: usize,
    /// The source that it was appended from.
    pub source: Source,
    /// The source's counter for it.
    pub counter: u64,
}
