//! Making proofs.

use crate::hash::{perfect_root, root_of_subtrees};
use crate::{Hash, MAX_TREE_SIZE};

/// A tree that knows the roots of its perfect subtrees.
pub trait Subtrees {
    /// The error of a failed look-up.
    type Error;

    /// The root over the entries from `index * 2^level` to before `(index + 1) * 2^level`, all of
    /// which exist.
    ///
    /// # Errors
    /// If the tree does not reach that far, or the hash is not available.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The leaves in memory do not reach that far.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("outside of the leaves in memory")]
pub struct MissingNode;

/// Leaf hashes in memory. Each proof hashes all of them: for small trees.
impl Subtrees for [Hash] {
    type Error = MissingNode;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        let width = 1u64.checked_shl(u32::from(level)).ok_or(MissingNode)?;
        let start = index.checked_mul(width).ok_or(MissingNode)?;
        let end = start.checked_add(width).ok_or(MissingNode)?;
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let (start, end) = range.ok_or(MissingNode)?;
        self.get(start..end)
            .and_then(perfect_root)
            .ok_or(MissingNode)
    }
}

/// The reason why there is no proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProveError<E> {
    /// The entry's index is not below the tree size.
    #[error("the entry is outside of the tree")]
    IndexOutsideTree,
    /// The old tree is empty (every tree begins with it) or larger than the new one.
    #[error("the old tree is empty or larger than the new one")]
    OldSize,
    /// The tree is larger than [`MAX_TREE_SIZE`].
    #[error("the tree size is beyond the limit")]
    TooLarge,
    /// A hash of the tree is not available.
    #[error("{0}")]
    Tree(E),
}

/// The proof that the entry at `index` is in the tree of `size`: the siblings on the way from its
/// leaf up to the root (RFC 9162 section 2.1.3.1).
///
/// # Errors
/// [`ProveError`] if the tree has no such entry or one of its hashes is not available.
pub fn inclusion<T: Subtrees + ?Sized>(
    tree: &T,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<T::Error>> {
    if size > MAX_TREE_SIZE {
        return Err(ProveError::TooLarge);
    }
    if index >= size {
        return Err(ProveError::IndexOutsideTree);
    }
    // PATH(m, D_n) from the root down; it is listed from the leaf up.
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        let sibling = if index < middle {
            let sibling = (middle, end);
            end = middle;
            sibling
        } else {
            let sibling = (start, middle);
            start = middle;
            sibling
        };
        path.push(range_root(tree, sibling.0, sibling.1).map_err(ProveError::Tree)?);
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `new_size` begins with the tree of `old_size` (RFC 9162 section 2.1.4.1); empty if both
/// are the same.
///
/// # Errors
/// [`ProveError`] if the sizes allow none or a hash of the tree is not available.
pub fn consistency<T: Subtrees + ?Sized>(
    tree: &T,
    old_size: u64,
    new_size: u64,
) -> Result<Vec<Hash>, ProveError<T::Error>> {
    if new_size > MAX_TREE_SIZE {
        return Err(ProveError::TooLarge);
    }
    if old_size == 0 || old_size > new_size {
        return Err(ProveError::OldSize);
    }
    // SUBPROOF(m, D_n, b) from the root down. `start` is 0 as long as b is true.
    let mut path = Vec::new();
    let (mut start, mut end) = (0, new_size);
    while end != old_size {
        let middle = start + split(end - start);
        let part = if old_size <= middle {
            let part = (middle, end);
            end = middle;
            part
        } else {
            let part = (start, middle);
            start = middle;
            part
        };
        path.push(range_root(tree, part.0, part.1).map_err(ProveError::Tree)?);
    }
    if start != 0 {
        path.push(range_root(tree, start, end).map_err(ProveError::Tree)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two below `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over the entries from `start` to before `end`, where `start` is a multiple of a power of two not smaller
/// than the range, as in all ranges of [`split`].
fn range_root<T: Subtrees + ?Sized>(tree: &T, start: u64, end: u64) -> Result<Hash, T::Error> {
    let mut roots = Vec::new();
    let mut from = start;
    while from < end {
        let level = (end - from).ilog2();
        let level_byte = u8::try_from(level).unwrap_or(u8::MAX);
        roots.push(tree.subtree(level_byte, from >> level)?);
        from += 1 << level;
    }
    Ok(root_of_subtrees(&roots))
}
