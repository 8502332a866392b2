//! Reading a log: data count only once they hash up to the root of a checkpoint.

use super::path::{TILE_WIDTH, TileKind, TilePath, hashes_at};
use super::{BundleError, SourceError, TileSource, decode_entries};
use crate::hash::{perfect_root, root_of_subtrees};
use crate::proof::Subtrees;
use crate::{Frontier, Hash, MAX_TREE_SIZE, hash_leaf};
use std::sync::{Arc, Mutex, PoisonError};

/// Number of tile levels of a tree up to [`MAX_TREE_SIZE`].
const LEVELS: u8 = 8;

/// A log of one size and root over the tiles of a source.
///
/// INVARIANT (authentic): every returned hash was hashed up to the root given at opening, which the caller MUST have
/// taken from a verified checkpoint.
///
/// Memory is bounded: the edge tiles and the last full tile read of each level.
#[derive(Debug)]
pub struct TileTree<S> {
    source: S,
    size: u64,
    root: Hash,
    edges: Vec<Arc<[Hash]>>,
    recent: Mutex<[Option<Recent>; LEVELS as usize]>,
}

#[derive(Clone, Debug)]
struct Recent {
    index: u64,
    hashes: Arc<[Hash]>,
}

/// The reason why a tile, or data under it, is not available.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TileError {
    /// The source returned no bytes.
    #[error("{path}: {error}")]
    Source {
        /// The tile.
        path: TilePath,
        /// The error of the source.
        error: SourceError,
    },
    /// A tile has the wrong number of bytes.
    #[error("{path}: {found} bytes instead of {expected}")]
    Length {
        /// The tile.
        path: TilePath,
        /// The number of bytes for its width.
        expected: usize,
        /// The number of bytes found.
        found: usize,
    },
    /// A full tile does not hash to the value in the tile above it.
    #[error("{path}: does not hash to what the tile above says")]
    NotAuthentic {
        /// The tile.
        path: TilePath,
    },
    /// The edge tiles do not hash to the root: one of them was changed, or the root belongs to another log.
    #[error("the tiles at the right edge do not hash to the root")]
    RootMismatch,
    /// An entry bundle does not consist of whole entries.
    #[error("{path}: {error}")]
    Bundle {
        /// The bundle.
        path: TilePath,
        /// The fault.
        error: BundleError,
    },
    /// The number of entries of a bundle differs from its width.
    #[error("{path}: {found} entries instead of {expected}")]
    Entries {
        /// The bundle.
        path: TilePath,
        /// The number of entries for its width.
        expected: usize,
        /// The number of entries found.
        found: usize,
    },
    /// An entry does not have the hash of its leaf.
    #[error("entry {index} does not hash to its leaf")]
    EntryMismatch {
        /// The index of the entry.
        index: u64,
    },
    /// The tree does not reach that far.
    #[error("outside of the tree")]
    OutsideTree,
}

impl<S: TileSource> TileTree<S> {
    /// Opens the tree of `size` with this root: reads its edge tiles and checks them.
    ///
    /// # Errors
    /// [`TileError`] if an edge tile cannot be read or the root differs.
    pub fn open(source: S, size: u64, root: Hash) -> Result<Self, TileError> {
        if size > MAX_TREE_SIZE {
            return Err(TileError::OutsideTree);
        }
        let edges = (0..LEVELS)
            .map(|level| {
                let kind = TileKind::Hashes(level);
                let index = hashes_at(kind, size) / u64::from(TILE_WIDTH);
                match TilePath::at(kind, index, size) {
                    Some(path) => read_hashes(&source, path).map(Arc::from),
                    None => Ok(Arc::from([])),
                }
            })
            .collect::<Result<Vec<Arc<[Hash]>>, TileError>>()?;
        let recent = Mutex::default();
        let tree = Self {
            source,
            size,
            root,
            edges,
            recent,
        };
        if root_of_subtrees(&tree.subtree_roots()) == root {
            Ok(tree)
        } else {
            Err(TileError::RootMismatch)
        }
    }

    /// Number of entries.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root that everything is checked against.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Number of bundles, counting a last partial one.
    pub const fn bundles(&self) -> u64 {
        self.size.div_ceil(TILE_WIDTH as u64)
    }

    /// The compact range of the tree, to append to it.
    pub fn frontier(&self) -> Frontier {
        // Size and roots match by construction; a default would be an empty log, so build it whole.
        Frontier::of_subtrees(self.size, self.subtree_roots())
    }

    /// The hash of the leaf at `index`.
    ///
    /// # Errors
    /// [`TileError`] if its tile is not available or not authentic.
    pub fn leaf(&self, index: u64) -> Result<Hash, TileError> {
        self.subtree(0, index)
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// [`TileError`] if its bundle is not available, or the entry does not match its leaf.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, TileError> {
        let leaf = self.leaf(index)?;
        let bundle = self.read_bundle(index / u64::from(TILE_WIDTH))?;
        let entries = bundle.entries()?;
        let place = usize::try_from(index % u64::from(TILE_WIDTH)).ok();
        match place.and_then(|place| entries.get(place)) {
            Some(entry) if hash_leaf(entry) == leaf => Ok(entry.to_vec()),
            _ => Err(TileError::EntryMismatch { index }),
        }
    }

    /// The entries of one bundle: those from `256 * bundle` on, 256 of them except in the last one.
    ///
    /// # Errors
    /// [`TileError`] if it is not available, or an entry does not match its leaf.
    pub fn bundle(&self, bundle: u64) -> Result<Vec<Vec<u8>>, TileError> {
        let leaves = self.tile(0, bundle)?;
        let bytes = self.read_bundle(bundle)?;
        let entries = bytes.entries()?;
        let first = bundle * u64::from(TILE_WIDTH);
        for (index, (entry, leaf)) in (first..).zip(entries.iter().zip(leaves.iter())) {
            if hash_leaf(entry) != *leaf {
                return Err(TileError::EntryMismatch { index });
            }
        }
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The hashes of the partial tile of each level; none if the last tile is full.
    pub(super) fn edges(&self) -> &[Arc<[Hash]>] {
        &self.edges
    }

    fn subtree_roots(&self) -> Vec<Hash> {
        let edges = self.edges.iter().rev();
        edges.flat_map(|hashes| subtree_roots(hashes)).collect()
    }

    /// The hashes of one tile, authenticated.
    fn tile(&self, level: u8, index: u64) -> Result<Arc<[Hash]>, TileError> {
        let path = TilePath::at(TileKind::Hashes(level), index, self.size)
            .ok_or(TileError::OutsideTree)?;
        let slot = usize::from(level);
        if !path.is_full() {
            return self.edges.get(slot).cloned().ok_or(TileError::OutsideTree);
        }
        if let Some(hashes) = self.recent(slot, index) {
            return Ok(hashes);
        }
        let hashes: Arc<[Hash]> = read_hashes(&self.source, path)?.into();
        // A full tile has its hash in the tile above, up to one at the edge: eight steps at most.
        let above = self.tile(level + 1, index / u64::from(TILE_WIDTH))?;
        let place = usize::try_from(index % u64::from(TILE_WIDTH)).ok();
        let expected = place.and_then(|place| above.get(place)).copied();
        if expected.is_none() || perfect_root(&hashes) != expected {
            return Err(TileError::NotAuthentic { path });
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = recent.get_mut(slot) {
            *slot = Some(Recent {
                index,
                hashes: Arc::clone(&hashes),
            });
        }
        Ok(hashes)
    }

    fn recent(&self, slot: usize, index: u64) -> Option<Arc<[Hash]>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let tile = recent.get(slot)?.as_ref()?;
        (tile.index == index).then(|| Arc::clone(&tile.hashes))
    }

    fn read_bundle(&self, bundle: u64) -> Result<Bundle, TileError> {
        let path =
            TilePath::at(TileKind::Entries, bundle, self.size).ok_or(TileError::OutsideTree)?;
        let (width, bytes) = read_tile(&self.source, path)?;
        Ok(Bundle { path, width, bytes })
    }
}

/// The bytes of a bundle, not yet authenticated.
struct Bundle {
    path: TilePath,
    /// Wider than in the path if the full bundle replaces a partial one.
    width: u16,
    bytes: Vec<u8>,
}

impl Bundle {
    fn entries(&self) -> Result<Vec<&[u8]>, TileError> {
        let path = self.path;
        let mut entries =
            decode_entries(&self.bytes).map_err(|error| TileError::Bundle { path, error })?;
        let (expected, found) = (usize::from(self.width), entries.len());
        if found != expected {
            return Err(TileError::Entries {
                path,
                expected,
                found,
            });
        }
        entries.truncate(usize::from(path.width()));
        Ok(entries)
    }
}

impl<S: TileSource> Subtrees for TileTree<S> {
    type Error = TileError;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let within = u32::from(level % 8);
        let first = index
            .checked_mul(1 << within)
            .ok_or(TileError::OutsideTree)?;
        let tile = self.tile(level / 8, first / u64::from(TILE_WIDTH))?;
        let start = usize::try_from(first % u64::from(TILE_WIDTH)).ok();
        start
            .and_then(|start| tile.get(start..start + (1 << within)))
            .and_then(perfect_root)
            .ok_or(TileError::OutsideTree)
    }
}

/// The roots of the perfect subtrees over the hashes of one partial tile, the largest first.
pub(super) fn subtree_roots(hashes: &[Hash]) -> Vec<Hash> {
    let mut roots = Vec::new();
    let mut rest = hashes;
    for bit in (0..8).rev() {
        if rest.len() & (1 << bit) != 0
            && let Some((subtree, after)) = rest.split_at_checked(1 << bit)
        {
            roots.extend(perfect_root(subtree));
            rest = after;
        }
    }
    roots
}

/// The bytes of a hash tile.
pub(super) fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The bytes at `path`, or those of the full tile that replaced it, and its width.
fn read_tile(source: &impl TileSource, path: TilePath) -> Result<(u16, Vec<u8>), TileError> {
    let read = |path: TilePath| {
        let bytes = source.read(&path.to_string());
        bytes.map(|bytes| (path.width(), bytes))
    };
    let result = match read(path) {
        Err(SourceError::Missing) if !path.is_full() => read(path.full()),
        result => result,
    };
    result.map_err(|error| TileError::Source { path, error })
}

fn read_hashes(source: &impl TileSource, path: TilePath) -> Result<Vec<Hash>, TileError> {
    let (width, bytes) = read_tile(source, path)?;
    let expected = usize::from(width) * Hash::LEN;
    if bytes.len() != expected {
        return Err(TileError::Length {
            path,
            expected,
            found: bytes.len(),
        });
    }
    let (hashes, _) = bytes.as_chunks();
    Ok(hashes
        .iter()
        .take(usize::from(path.width()))
        .copied()
        .map(Hash::from_bytes)
        .collect())
}
