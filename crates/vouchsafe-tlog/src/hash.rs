//! Hashing of leaves and nodes (RFC 9162 section 2.1.1).

use crate::encoding::{from_base64, to_base64};
use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

/// A SHA-256 hash of a leaf, a node or a whole tree. Public data, so it compares in plain time.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash([u8; 32]);

/// The reason why text or bytes are not a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HashError {
    /// The bytes are not 32.
    #[error("a hash is 32 bytes long, not {found}")]
    Length {
        /// The number of bytes found.
        found: usize,
    },
    /// The text is not canonical base64.
    #[error("the hash is not canonical base64")]
    Encoding,
}

impl Hash {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A hash from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// A hash from a slice of bytes.
    ///
    /// # Errors
    /// [`HashError::Length`] unless there are exactly 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HashError> {
        let found = bytes.len();
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| HashError::Length { found })
    }

    /// A hash from canonical base64 (44 characters).
    ///
    /// # Errors
    /// [`HashError`] if the text is anything else.
    pub fn from_base64(text: &str) -> Result<Self, HashError> {
        Self::from_slice(&from_base64(text).ok_or(HashError::Encoding)?)
    }

    /// The root of the empty tree: the SHA-256 of no bytes.
    #[must_use]
    pub fn empty_root() -> Self {
        Self::of(digest(&SHA256, &[]))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Canonical base64, as in checkpoints and proofs.
    #[must_use]
    pub fn to_base64(&self) -> String {
        to_base64(&self.0)
    }

    fn of(digest: Digest) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The hash of an entry: `SHA-256(0x00 || entry)`.
#[must_use]
pub fn hash_leaf(entry: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0x00]);
    context.update(entry);
    Hash::of(context.finish())
}

/// The hash of an inner node: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn hash_children(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0x01; 1 + 2 * Hash::LEN];
    let (first, second) = block.split_at_mut(1 + Hash::LEN);
    for (to, from) in first.iter_mut().skip(1).zip(left.0) {
        *to = from;
    }
    second.copy_from_slice(&right.0);
    Hash::of(digest(&SHA256, &block))
}

/// The root of a perfect subtree over `hashes`, whose number is a power of two.
///
/// `None` for any other number: a caller that cannot rule it out must refuse.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut layer = hashes.to_vec();
    while layer.len() > 1 {
        layer = layer
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[left, right]| hash_children(left, right))
            .collect();
    }
    layer.first().copied()
}

/// The root over perfect subtrees that shrink from left to right; the empty root for none.
pub(crate) fn root_of_subtrees(roots: &[Hash]) -> Hash {
    let mut from_right = roots.iter().rev().copied();
    let Some(last) = from_right.next() else {
        return Hash::empty_root();
    };
    from_right.fold(last, |right, left| hash_children(&left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(
            Hash::empty_root().to_base64(),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

    #[test]
    fn leaves_and_nodes_are_hashed_apart() {
        let (left, right) = (hash_leaf(b"a"), hash_leaf(b"b"));
        let joined = [left.as_ref(), right.as_ref()].concat();
        assert_ne!(hash_children(&left, &right), hash_leaf(&joined));
        assert_ne!(hash_children(&left, &right), hash_children(&right, &left));
        let mut by_hand = vec![1];
        by_hand.extend(joined);
        assert_eq!(
            hash_children(&left, &right).as_ref(),
            digest(&SHA256, &by_hand).as_ref()
        );
    }

    #[test]
    fn a_hash_reads_back_from_base64_and_from_nothing_else() {
        let hash = hash_leaf(b"x");
        assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
        assert_eq!(
            Hash::from_base64("AAAA"),
            Err(HashError::Length { found: 3 })
        );
        assert_eq!(Hash::from_base64("!"), Err(HashError::Encoding));
    }

    #[test]
    fn only_powers_of_two_have_a_perfect_root() {
        let leaf = hash_leaf(b"x");
        assert_eq!(perfect_root(&[]), None);
        assert_eq!(perfect_root(&[leaf]), Some(leaf));
        assert_eq!(perfect_root(&[leaf; 3]), None);
    }
}
