//! The compact range: enough of a tree to grow it and to know its root.

use crate::hash::root_of_subtrees;
use crate::{Hash, MAX_TREE_SIZE, hash_children};

/// The roots of the perfect subtrees that make up a tree, the largest first.
///
/// It has one root per set bit of the size, so at most 63. A recorder can append and compute the root after each batch
/// without reading the tree.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// The reason why bytes are not a frontier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrontierError {
    /// The size is beyond [`MAX_TREE_SIZE`].
    #[error("the tree size is beyond the limit")]
    TooLarge,
    /// The number of roots differs from the number of set bits in the size.
    #[error("a frontier of this size has {expected} roots")]
    WrongLength {
        /// The expected number of roots.
        expected: u32,
    },
    /// The bytes end inside the size or inside a root.
    #[error("the frontier is cut short or has something after it")]
    Truncated,
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The frontier of a tree of `size` with these subtree roots, the largest subtree first.
    ///
    /// # Errors
    /// [`FrontierError`] if size and number of roots do not match.
    pub fn from_roots(size: u64, roots: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_TREE_SIZE {
            return Err(FrontierError::TooLarge);
        }
        let expected = size.count_ones();
        if u32::try_from(roots.len()) != Ok(expected) {
            return Err(FrontierError::WrongLength { expected });
        }
        Ok(Self { size, roots })
    }

    /// As [`Frontier::from_roots`], for a caller whose roots match the size by construction.
    pub(crate) const fn of_subtrees(size: u64, roots: Vec<Hash>) -> Self {
        Self { size, roots }
    }

    /// Parses the output of [`Frontier::to_bytes`].
    ///
    /// # Errors
    /// [`FrontierError`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(FrontierError::Truncated)?;
        let (roots, partial) = rest.as_chunks();
        if !partial.is_empty() {
            return Err(FrontierError::Truncated);
        }
        let roots = roots.iter().copied().map(Hash::from_bytes).collect();
        Self::from_roots(u64::from_be_bytes(*size), roots)
    }

    /// Appends the hash of one entry.
    ///
    /// Constant on average: the number of hashed nodes is the number of trailing ones of the size.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            // INVARIANT (one-root-per-bit): `roots` has one root per set bit of `size`.
            let Some(left) = self.roots.pop() else { break };
            node = hash_children(&left, &node);
        }
        self.roots.push(node);
        // The size starts at MAX_TREE_SIZE at most, and 2^63 more pushes take longer than any process runs.
        self.size += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree; for the empty tree, the hash of no bytes.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of_subtrees(&self.roots)
    }

    /// The roots of the perfect subtrees, the largest first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// The size as eight big-endian bytes, then the roots.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for root in &self.roots {
            bytes.extend_from_slice(root.as_ref());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash_leaf;

    #[test]
    fn it_survives_its_bytes_and_grows_on() {
        let mut whole = Frontier::new();
        assert_eq!(whole.root(), Hash::empty_root());
        for number in 0..300u32 {
            whole = Frontier::from_bytes(&whole.to_bytes()).unwrap();
            whole.push(hash_leaf(&number.to_be_bytes()));
            assert_eq!(whole.size(), u64::from(number) + 1);
            assert_eq!(whole.roots().len(), whole.size().count_ones() as usize);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let mut frontier = Frontier::new();
        for _ in 0..3 {
            frontier.push(hash_leaf(b"x"));
        }
        let bytes = frontier.to_bytes();
        for cut in 0..bytes.len() {
            assert!(Frontier::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Frontier::from_bytes(&[&bytes[..], &[0; 32]].concat()).is_err());
        assert_eq!(
            Frontier::from_bytes(&[255; 8]),
            Err(FrontierError::TooLarge)
        );
    }
}
