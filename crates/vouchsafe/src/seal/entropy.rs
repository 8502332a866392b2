//! The randomness for a record.

use super::secret::fill_random;

/// Random bytes for one record, drawn together: a draw costs more than sealing a small blob.
pub(super) struct Entropy {
    pool: [u8; 256],
    used: usize,
}

impl Entropy {
    /// A source without drawn bytes.
    pub(super) const fn new() -> Self {
        Self {
            pool: [0; 256],
            used: 256,
        }
    }

    /// Known bytes, for test vectors.
    #[cfg(test)]
    pub(super) const fn known(pool: [u8; 256]) -> Self {
        Self { pool, used: 0 }
    }

    /// A nonce or part of one: bytes that are returned once.
    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32) };
        if self.used + N > self.pool.len() {
            fill_random(&mut self.pool);
            self.used = 0;
        }
        let mut out = [0; N];
        for (out, byte) in out.iter_mut().zip(self.pool.iter().skip(self.used)) {
            *out = *byte;
        }
        self.used += N;
        out
    }

    /// The id of an array item.
    pub(super) fn id(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }
}
