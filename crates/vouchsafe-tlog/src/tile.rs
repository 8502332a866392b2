//! Tiles and entry bundles (C2SP tlog-tiles).
//!
//! The tree is stored as files that never change: hash tiles of 256 hashes, entry bundles of 256 entries, and narrower
//! ones at the right edge. Write with [`TileBuilder`], read with [`TileTree`], which accepts only data that hash up to
//! the root of a checkpoint.

mod builder;
mod bundle;
mod path;
mod reader;
mod source;

pub use builder::{TileBuilder, TileFile};
pub use bundle::{BundleError, EntryTooLong, MAX_ENTRY_BYTES, decode_entries, encode_entries};
pub use path::{TILE_WIDTH, TileKind, TilePath, TilePathError, edge_paths};
pub use reader::{TileError, TileTree};
pub use source::{SourceError, TileSource};
