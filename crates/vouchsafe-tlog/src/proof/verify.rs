//! Verifying proofs.

use crate::{Hash, hash_children};

/// The reason why a proof fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// The entry's index is not below the tree size.
    #[error("the entry is outside of the tree")]
    IndexOutsideTree,
    /// The old tree is empty (every tree begins with it) or larger than the new one.
    #[error("the old tree is empty or larger than the new one")]
    OldSize,
    /// The number of hashes does not fit the sizes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof does not lead to the root; of a consistency proof, not to the old root.
    #[error("the proof does not lead to the root")]
    Root,
    /// A consistency proof leads to the old root but not to the new one.
    #[error("the proof does not lead to the new root")]
    NewRoot,
}

/// Checks that `leaf` is at `index` in the tree of `size` with this root (RFC 9162 section
/// 2.1.3.2).
///
/// # Errors
/// [`ProofError`] if the proof fails.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutsideTree);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = hash_children(sibling, &hash);
            skip_levels_without_sibling(&mut node, &mut last);
        } else {
            hash = hash_children(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

/// Checks that the tree of `new_size` begins with the tree of `old_size` (RFC 9162 section
/// 2.1.4.2).
///
/// An empty old tree is refused: every tree begins with it, so the proof would show nothing.
///
/// # Errors
/// [`ProofError`] if the proof fails.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old_size == 0 || old_size > new_size {
        return Err(ProofError::OldSize);
    }
    if old_size == new_size {
        return match path {
            [] if old_root == new_root => Ok(()),
            [] => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        };
    }
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, path)
    } else {
        path.split_first().ok_or(ProofError::Length)?
    };
    // The last nodes of the old and the new tree: both climb from the level of the old tree's last perfect subtree.
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    let complete = node.trailing_ones();
    node >>= complete;
    last >>= complete;
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old = hash_children(sibling, &old);
            new = hash_children(sibling, &new);
            skip_levels_without_sibling(&mut node, &mut last);
        } else {
            new = hash_children(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    match (old == *old_root, new == *new_root) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofError::Root),
        (true, false) => Err(ProofError::NewRoot),
    }
}

/// At the right edge a node without a sibling rises unhashed: climb to the level where it is a right child, which was
/// just hashed.
const fn skip_levels_without_sibling(node: &mut u64, last: &mut u64) {
    while *node & 1 == 0 && *node != 0 {
        *node >>= 1;
        *last >>= 1;
    }
}
