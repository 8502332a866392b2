//! Tile coordinates and their paths: `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.

use crate::encoding::from_decimal;
use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The highest level that a path can name. Trees up to `MAX_TREE_SIZE` reach level 7.
const MAX_LEVEL: u8 = 63;

/// The content of a tile.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum TileKind {
    /// Hashes of this level: each spans `256^level` entries.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The coordinates of a tile or bundle; prints as its path.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// The reason why a text is not a tile's path.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TilePathError {
    /// It is not of the form `tile/<level or entries>/<index>[.p/<width>]`.
    #[error("not a tile path")]
    Form,
    /// The level is not a number from 0 to 63 without leading zeroes.
    #[error("the tile's level is not a number from 0 to 63")]
    Level,
    /// The index is not in groups of three digits, all but the last after an `x`, or is not in
    /// its shortest form, or is beyond 2^64 - 1.
    #[error("the tile's index is not in its one form")]
    Index,
    /// The width is not a number from 1 to 255 (256 for a full tile, which has no suffix).
    #[error("the tile's width is out of range")]
    Width,
}

impl TilePath {
    /// A tile from its coordinates; `width` is 256 for a full one.
    ///
    /// # Errors
    /// [`TilePathError::Level`] or [`TilePathError::Width`] if out of range.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TilePathError> {
        if matches!(kind, TileKind::Hashes(level) if level > MAX_LEVEL) {
            return Err(TilePathError::Level);
        }
        if !(1..=TILE_WIDTH).contains(&width) {
            return Err(TilePathError::Width);
        }
        Ok(Self { kind, index, width })
    }

    /// The tile at `index` in a tree of `size`: full, partial, or none.
    #[must_use]
    pub fn at(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let hashes = hashes_at(kind, size);
        let before = index.checked_mul(u64::from(TILE_WIDTH))?;
        let width = hashes.checked_sub(before)?.min(u64::from(TILE_WIDTH));
        Self::new(kind, index, u16::try_from(width).ok()?).ok()
    }

    /// The content of the tile.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its index within the level, from zero.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of hashes or entries in it: 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it holds 256, so that no wider one will replace it.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile at the same index.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..*self
        }
    }
}

/// The number of hashes of that kind in a tree of `size`: `floor(size / 256^level)`.
pub(super) fn hashes_at(kind: TileKind, size: u64) -> u64 {
    let level = match kind {
        TileKind::Hashes(level) => level,
        TileKind::Entries => 0,
    };
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

/// The partial tiles and the partial bundle of a tree of `size`, the bundle first.
///
/// A log may delete one of them once the full tile at its place ([`TilePath::full`]) is stored.
pub fn edge_paths(size: u64) -> impl Iterator<Item = TilePath> {
    let levels = (0..8).map(TileKind::Hashes);
    std::iter::once(TileKind::Entries)
        .chain(levels)
        .filter_map(move |kind| {
            TilePath::at(kind, hashes_at(kind, size) / u64::from(TILE_WIDTH), size)
        })
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        // 1000^6 is the largest power of a thousand that an index reaches.
        for group in (1..=6).rev() {
            let high = self.index / 1000u64.pow(group);
            if high > 0 {
                write!(f, "x{:03}/", high % 1000)?;
            }
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let rest = path.strip_prefix("tile/").ok_or(TilePathError::Form)?;
        let (kind, rest) = rest.split_once('/').ok_or(TilePathError::Form)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(number(level).ok_or(TilePathError::Level)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((index, width)) => {
                let width: u8 = number(width).ok_or(TilePathError::Width)?;
                (index, u16::from(width))
            }
        };
        let tile = Self::new(kind, index_of(index)?, width)?;
        // Leading zero groups parse, but have a shorter form.
        if tile.to_string() == path {
            Ok(tile)
        } else {
            Err(TilePathError::Index)
        }
    }
}

fn number(text: &str) -> Option<u8> {
    from_decimal(text)?.try_into().ok()
}

fn index_of(text: &str) -> Result<u64, TilePathError> {
    let mut index = 0u64;
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = match groups.peek() {
            Some(_) => group.strip_prefix('x').ok_or(TilePathError::Index)?,
            None => group,
        };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TilePathError::Index);
        }
        let value: u64 = digits.parse().map_err(|_| TilePathError::Index)?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(value))
            .ok_or(TilePathError::Index)?;
    }
    Ok(index)
}
