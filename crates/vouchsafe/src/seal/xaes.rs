//! XAES-256-GCM (C2SP, XAES-256-GCM): AES-256-GCM with a 192-bit nonce.
//!
//! The first 12 bytes of the nonce derive a key by the KDF of SP 800-108r1 in counter mode with
//! CMAC; the last 12 are the nonce of AES-256-GCM under that key.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

/// A key of XAES-256-GCM.
pub(super) struct Xaes {
    block: EncryptingKey,
    /// The CMAC subkey K1 (SP 800-38B, 6.1).
    k1: Zeroizing<[u8; 16]>,
}

impl Xaes {
    /// The length of a nonce in bytes.
    pub(super) const NONCE_LEN: usize = 24;

    /// A key of these bytes.
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, Unspecified> {
        let block = EncryptingKey::ecb(UnboundCipherKey::new(&AES_256, key)?)?;
        let mut l = Zeroizing::new([0; 16]);
        block.encrypt(&mut l[..])?;
        // K1 is L doubled in GF(2^128).
        let l = Zeroizing::new(u128::from_be_bytes(*l));
        let reduction = if *l >> 127 == 1 { 0x87 } else { 0 };
        let k1 = Zeroizing::new(((*l << 1) ^ reduction).to_be_bytes());
        Ok(Self { block, k1 })
    }

    /// The AES-256-GCM key and nonce that are derived from a nonce.
    pub(super) fn derive(
        &self,
        nonce: &[u8; Self::NONCE_LEN],
    ) -> Result<(LessSafeKey, Nonce), Unspecified> {
        let (first, last) = nonce.split_at(NONCE_LEN);
        let mut key = Zeroizing::new([0; 32]);
        for (block, counter) in key.chunks_exact_mut(16).zip(1..) {
            // Mi = 0x00 || i || "X" || 0x00 || N[:12]; its CMAC is one block: AES(Mi ^ K1).
            let prefix = [0, counter, b'X', 0];
            let message = prefix.iter().chain(first);
            for (out, (m, k)) in block.iter_mut().zip(message.zip(self.k1.iter())) {
                *out = m ^ k;
            }
        }
        self.block.encrypt(&mut key[..])?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key[..])?);
        Ok((key, Nonce::try_assume_unique_for_key(last)?))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::Aad;

    use super::*;

    fn seal(key: &[u8; 32], nonce: &[u8; 24], plain: &[u8], aad: &[u8]) -> String {
        let (key, nonce) = Xaes::new(key).unwrap().derive(nonce).unwrap();
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed)
            .unwrap();
        sealed.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    const NONCE: &[u8; 24] = b"ABCDEFGHIJKLMNOPQRSTUVWX";

    /// Both branches of the doubling: the specification's test vectors.
    #[test]
    fn known_answers_of_the_specification_hold() {
        assert_eq!(
            seal(&[1; 32], NONCE, b"XAES-256-GCM", b""),
            "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"
        );
        assert_eq!(
            seal(&[3; 32], NONCE, b"XAES-256-GCM", b"c2sp.org/XAES-256-GCM"),
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"
        );
    }

    /// The specification's accumulated vectors: 10,000 seals of random inputs.
    #[test]
    fn the_accumulated_answer_of_the_specification_holds() {
        use super::super::test_shake::Shake128;

        let mut source = Shake128::new();
        let mut sink = Shake128::new();
        for _ in 0..10_000 {
            let key: [u8; 32] = source.array();
            let nonce: [u8; 24] = source.array();
            let [len] = source.array();
            let plain = source.bytes(usize::from(len));
            let [len] = source.array();
            let aad = source.bytes(usize::from(len));
            let (gcm, n) = Xaes::new(&key).unwrap().derive(&nonce).unwrap();
            let mut sealed = plain.clone();
            gcm.seal_in_place_append_tag(n, Aad::from(&aad), &mut sealed)
                .unwrap();
            sink.absorb(&sealed);
        }
        let got: [u8; 32] = sink.array();
        let hex: String = got.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
        );
    }
}
