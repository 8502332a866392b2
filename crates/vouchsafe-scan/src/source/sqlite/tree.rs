//! B-trees: pages, their cells, and what lies between the cells.

use super::number::{long, short, variable};
use super::pages::{HEADER, Pages};

/// The deepest tree. Real ones have five levels at most.
const LEVELS: usize = 32;

/// What a page of a tree is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Leads to pages of rows.
    TableInterior,
    /// Rows, by their number.
    TableLeaf,
    /// Rows by their key, and pages between them.
    IndexInterior,
    /// Rows by their key.
    IndexLeaf,
}

/// A page of a tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'p> {
    pub(super) kind: Kind,
    /// The usable bytes of the page.
    pub(super) bytes: &'p [u8],
    header: usize,
    cells: usize,
}

/// One cell of a page.
#[derive(Clone, Copy)]
pub(super) struct Cell<'p> {
    /// Where it stands in the page.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The page on its left, in inner pages.
    pub(super) left: Option<u32>,
    /// The number of the row, in tables.
    pub(super) row: Option<i64>,
    /// What the row holds, and how much of it is on this page.
    pub(super) length: u64,
    pub(super) local: &'p [u8],
    /// The page on which the rest begins.
    pub(super) overflow: u32,
}

impl<'p> Cell<'p> {
    /// A cell whose payload is these bytes.
    pub(super) const fn of_bytes(bytes: &'p [u8]) -> Self {
        Self {
            start: 0,
            end: bytes.len(),
            left: None,
            row: None,
            length: bytes.len() as u64,
            local: bytes,
            overflow: 0,
        }
    }
}

impl<'p> Node<'p> {
    /// Reads a page. None when it is no page of a tree.
    pub(super) fn read(number: u32, page: &'p [u8], usable: usize) -> Option<Self> {
        let header = if number == 1 { HEADER } else { 0 };
        let bytes = page.get(..usable)?;
        let kind = match bytes.get(header)? {
            2 => Kind::IndexInterior,
            5 => Kind::TableInterior,
            10 => Kind::IndexLeaf,
            13 => Kind::TableLeaf,
            _ => return None,
        };
        let cells = short(bytes, header + 3)?;
        let node = Self {
            kind,
            bytes,
            header,
            cells,
        };
        (node.pointers() + cells * 2 <= usable).then_some(node)
    }

    pub(super) const fn is_interior(&self) -> bool {
        matches!(self.kind, Kind::TableInterior | Kind::IndexInterior)
    }

    /// Where the places of the cells are listed.
    const fn pointers(&self) -> usize {
        self.header + if self.is_interior() { 12 } else { 8 }
    }

    /// The page on the right of all cells.
    pub(super) fn right(&self) -> Option<u32> {
        self.is_interior()
            .then(|| long(self.bytes, self.header + 8))
            .flatten()
    }

    /// The cells, as far as they can be read: a damaged one is None.
    pub(super) fn cells(self) -> impl Iterator<Item = Option<Cell<'p>>> {
        (0..self.cells).map(move |index| {
            let start = short(self.bytes, self.pointers() + index * 2)?;
            (start >= self.pointers() + self.cells * 2)
                .then(|| self.cell(start))
                .flatten()
        })
    }

    fn cell(&self, start: usize) -> Option<Cell<'p>> {
        let mut rest = self.bytes.get(start..)?;
        let mut left = None;
        if self.is_interior() {
            left = Some(long(rest, 0)?);
            rest = rest.get(4..)?;
        }
        let mut cell = Cell {
            start,
            end: 0,
            left,
            row: None,
            length: 0,
            local: &[],
            overflow: 0,
        };
        if self.kind != Kind::TableInterior {
            (cell.length, rest) = variable(rest)?;
        }
        if matches!(self.kind, Kind::TableInterior | Kind::TableLeaf) {
            let (row, after) = variable(rest)?;
            rest = after;
            cell.row = Some(row.cast_signed());
        }
        let local = self.local(cell.length);
        (cell.local, rest) = rest.split_at_checked(local)?;
        if (local as u64) < cell.length {
            cell.overflow = long(rest, 0)?;
            rest = rest.get(4..)?;
        }
        cell.end = self.bytes.len() - rest.len();
        Some(cell)
    }

    /// How much of a payload of this length is on the page itself (section 1.6 of the file format).
    fn local(&self, length: u64) -> usize {
        let usable = self.bytes.len();
        let most = match self.kind {
            Kind::TableLeaf | Kind::TableInterior => usable - 35,
            Kind::IndexLeaf | Kind::IndexInterior => (usable - 12) * 64 / 255 - 23,
        };
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        if whole <= most {
            return whole;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let some = least + (whole - least) % (usable - 4);
        if some <= most { some } else { least }
    }

    /// The parts of the page that no cell covers; behind the list of cells, and between them. Of the places of cells it
    /// makes a sorted list.
    pub(super) fn gaps(&self, cells: &mut [(usize, usize)]) -> Vec<(usize, usize)> {
        cells.sort_unstable();
        let mut gaps = Vec::new();
        let mut at = self.pointers() + self.cells * 2;
        for (start, end) in cells.iter().chain([&(self.bytes.len(), self.bytes.len())]) {
            if *start > at {
                gaps.push((at, *start));
            }
            at = at.max(*end);
        }
        gaps
    }
}

/// Walks the pages of a tree, from the left to the right.
pub(super) struct Tree {
    /// For each level, the pages that are still to be read, the next one last.
    levels: Vec<Vec<u32>>,
    /// Whether pages could not be reached as they should.
    pub(super) damaged: bool,
}

impl Tree {
    pub(super) fn new(root: u32) -> Self {
        Self {
            levels: vec![vec![root]],
            damaged: false,
        }
    }

    /// Loads the next page, and returns its number.
    pub(super) fn next(&mut self, pages: &mut Pages<'_>, page: &mut Vec<u8>) -> Option<u32> {
        loop {
            let level = self.levels.last_mut()?;
            let Some(number) = level.pop() else {
                self.levels.pop();
                continue;
            };
            let usable = pages.shape.usable;
            let loaded = pages.reach(number) && pages.load(number, page);
            let Some(node) = loaded.then(|| Node::read(number, page, usable)).flatten() else {
                self.damaged = true;
                continue;
            };
            if node.is_interior() && self.levels.len() < LEVELS {
                let mut below: Vec<u32> = node
                    .cells()
                    .flatten()
                    .filter_map(|cell| cell.left)
                    .collect();
                below.extend(node.right());
                below.reverse();
                self.levels.push(below);
            } else {
                self.damaged |= node.is_interior();
            }
            return Some(number);
        }
    }
}
