//! Writing a log: from new entries to the tiles to store.

use super::bundle::push_entry;
use super::path::{TILE_WIDTH, TileKind, TilePath, hashes_at};
use super::reader::{subtree_roots, to_bytes};
use super::{EntryTooLong, TileError, TileSource, TileTree, encode_entries};
use crate::hash::{perfect_root, root_of_subtrees};
use crate::{Hash, hash_leaf};

/// Grows a log and returns the files to write.
///
/// It holds the right edge only: at most 255 hashes per level and the entries of the last partial bundle.
/// [`TileBuilder::append`] the entries of a batch, then store the files of [`TileBuilder::take_files`], in order, and
/// sign the checkpoint last: a reader who sees a checkpoint MUST find its tiles.
#[derive(Debug, Default)]
pub struct TileBuilder {
    size: u64,
    edges: Vec<Edge>,
    bundle: Vec<u8>,
    bundle_given: u64,
    done: Vec<TileFile>,
}

/// A file of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TileFile {
    /// Its path, relative to the log's prefix.
    pub path: TilePath,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The last, partial tile of one level.
#[derive(Debug, Default)]
struct Edge {
    hashes: Vec<Hash>,
    /// The width of the partial tile that was last returned.
    given: usize,
}

impl TileBuilder {
    /// A builder for an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder that continues the log in `source`, with this size and root.
    ///
    /// # Errors
    /// [`TileError`] if the right edge cannot be read or does not have this root.
    pub fn resume(source: impl TileSource, size: u64, root: Hash) -> Result<Self, TileError> {
        let tree = TileTree::open(source, size, root)?;
        let entries = match size % u64::from(TILE_WIDTH) {
            0 => Vec::new(),
            _ => tree.bundle(size / u64::from(TILE_WIDTH))?,
        };
        let first = size - size % u64::from(TILE_WIDTH);
        // An entry of a bundle has at most 65535 bytes, so this cannot refuse one.
        let bundle =
            encode_entries(entries).map_err(|_| TileError::EntryMismatch { index: first })?;
        let edges = tree.edges().iter().map(|hashes| Edge {
            hashes: hashes.to_vec(),
            given: hashes.len(),
        });
        Ok(Self {
            size,
            edges: edges.collect(),
            bundle,
            bundle_given: size % u64::from(TILE_WIDTH),
            done: Vec::new(),
        })
    }

    /// Appends an entry and returns the hash of its leaf; its index is the previous size.
    ///
    /// # Errors
    /// [`EntryTooLong`] beyond 65535 bytes; the log is unchanged.
    pub fn append(&mut self, entry: &[u8]) -> Result<Hash, EntryTooLong> {
        push_entry(&mut self.bundle, entry)?;
        let leaf = hash_leaf(entry);
        self.size += 1;
        if self.size.is_multiple_of(u64::from(TILE_WIDTH)) {
            let bytes = std::mem::take(&mut self.bundle);
            self.bundle_given = 0;
            self.complete(TileKind::Entries, bytes);
        }
        self.push_leaf(leaf);
        Ok(leaf)
    }

    /// The files that changed since the last call: the new full tiles, then the partial ones of the present size.
    /// Bundles come before the hashes over them.
    ///
    /// Full tiles wait in memory until this is called, so call it at least every few thousand entries. Partial tiles
    /// get a new path at each size: old ones stay, until [`super::edge_paths`] allows their removal. If storing fails,
    /// drop the builder and [`TileBuilder::resume`]: the same entries make the same files.
    pub fn take_files(&mut self) -> Vec<TileFile> {
        let mut files = std::mem::take(&mut self.done);
        let entries = self.size % u64::from(TILE_WIDTH);
        if entries != self.bundle_given {
            let bytes = self.bundle.clone();
            files.extend(
                self.last(TileKind::Entries)
                    .map(|path| TileFile { path, bytes }),
            );
            self.bundle_given = entries;
        }
        for level in 0..8u8 {
            let path = self.last(TileKind::Hashes(level));
            let Some(edge) = self.edges.get_mut(usize::from(level)) else {
                break;
            };
            if edge.hashes.len() != edge.given {
                let bytes = to_bytes(&edge.hashes);
                files.extend(path.map(|path| TileFile { path, bytes }));
                edge.given = edge.hashes.len();
            }
        }
        files
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root, hashed again from the edge tiles: a second computation of the root of [`crate::Frontier`].
    #[must_use]
    pub fn root(&self) -> Hash {
        let edges = self.edges.iter().rev();
        let roots: Vec<Hash> = edges.flat_map(|edge| subtree_roots(&edge.hashes)).collect();
        root_of_subtrees(&roots)
    }

    fn push_leaf(&mut self, leaf: Hash) {
        let mut carry = Some(leaf);
        for level in 0..8u8 {
            let Some(hash) = carry.take() else { return };
            let slot = usize::from(level);
            if self.edges.len() == slot {
                self.edges.push(Edge::default());
            }
            let Some(edge) = self.edges.get_mut(slot) else {
                return;
            };
            edge.hashes.push(hash);
            if edge.hashes.len() == usize::from(TILE_WIDTH) {
                let full = std::mem::take(edge);
                carry = perfect_root(&full.hashes);
                self.complete(TileKind::Hashes(level), to_bytes(&full.hashes));
            }
        }
    }

    /// The last tile of that kind at the present size.
    fn last(&self, kind: TileKind) -> Option<TilePath> {
        let index = hashes_at(kind, self.size).checked_sub(1)? / u64::from(TILE_WIDTH);
        TilePath::at(kind, index, self.size)
    }

    fn complete(&mut self, kind: TileKind, bytes: Vec<u8>) {
        let file = self.last(kind).map(|path| TileFile { path, bytes });
        self.done.extend(file);
    }
}
