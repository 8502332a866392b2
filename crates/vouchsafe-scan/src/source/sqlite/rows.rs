//! Rows, handed on value by value, and the bytes that belong to none.

use std::io::Write;
use std::rc::Rc;

use super::super::feed::Source;
use super::super::meter::Meter;
use super::super::reader::{Chain, Reader};
use super::super::text::{LINE, Window, cut};
use super::super::utf16::{ByteOrder, Turn};
use super::super::{Sink, runs};
use super::deleted;
use super::number::signed;
use super::packed::{Out, Unpacking, packed};
use super::pages::{Encoding, Pages};
use super::payload::{Payload, Serial, header};
use super::schema::Column;
use super::tree::{Cell as RowCell, Kind, Node};

/// How many shapes of rows are tried on a page that no table has.
const SHAPES: usize = 8;

/// A table to which rows belong.
#[derive(Clone, Debug)]
pub(super) struct Table<'t> {
    pub(super) name: &'t str,
    pub(super) columns: Vec<Column>,
}

/// Hands on rows and bytes.
pub(super) struct Rows<'r, 'b, S> {
    pub(super) pages: Pages<'b>,
    sink: &'r mut S,
    window: &'r mut Window,
    /// Whether something was not as it should be.
    pub(super) damaged: bool,
    /// The shapes of the rows of all tables.
    shapes: Vec<deleted::Shape>,
    pub(super) unpacking: Unpacking<'r>,
    buffers: Buffers,
}

/// Buffers that each row would make anew.
#[derive(Default)]
struct Buffers {
    /// A page of a chain.
    chain: Vec<u8>,
    header: Vec<u8>,
    types: Vec<Serial>,
    places: Vec<(usize, usize)>,
    text: Vec<u8>,
}

impl<'r, 'b, S: Sink> Rows<'r, 'b, S> {
    /// Rows of these pages, for the sink of a reader.
    pub(super) fn new(pages: Pages<'b>, reader: &'r mut Reader<'_, S>) -> Self {
        let meter = Meter::new(Rc::clone(&pages.taken), reader.options);
        Self {
            pages,
            sink: reader.sink,
            window: &mut reader.window,
            damaged: false,
            shapes: Vec::new(),
            unpacking: Unpacking::new(reader.memory, meter),
            buffers: Buffers::default(),
        }
    }

    /// Hands on a page of a tree, which begins here in the file: its rows, unless it belongs to an index, and what lies
    /// between them.
    pub(super) fn node(&mut self, node: Node<'_>, at: u64, table: Option<&Table<'_>>) {
        let mut places = std::mem::take(&mut self.buffers.places);
        places.clear();
        // INVARIANT (cells-fit): cells of a page do not overlap, so a page holds no more than its size.
        let mut room = node.bytes.len();
        for cell in node.cells() {
            let left = cell.and_then(|cell| Some((cell, room.checked_sub(cell.end - cell.start)?)));
            let Some((cell, left)) = left else {
                self.damaged = true;
                continue;
            };
            room = left;
            places.push((cell.start, cell.end));
            if node.kind != Kind::TableInterior {
                self.row(&cell, at, table);
            }
        }
        let has_rows = matches!(node.kind, Kind::TableInterior | Kind::TableLeaf);
        for (start, end) in node.gaps(&mut places) {
            let gap = node.bytes.get(start..end).unwrap_or_default();
            match table {
                Some(table) => self.gap(gap, at + start as u64, table, has_rows),
                None => self.raw(gap, at + start as u64),
            }
        }
        self.buffers.places = places;
    }

    /// Hands on a page that no tree has: one that was freed, or got lost.
    pub(super) fn lost(&mut self, number: u32, page: &[u8], at: u64) {
        let damaged = self.damaged;
        let node = Node::read(number, page, self.pages.shape.usable);
        let leaf = node.filter(|node| node.kind == Kind::TableLeaf);
        let leaf = leaf.filter(|node| node.cells().all(|cell| cell.is_some()));
        let table = Table {
            name: "",
            columns: Vec::new(),
        };
        let usable = page.len().min(self.pages.shape.usable);
        match leaf {
            Some(node) => self.node(node, at, Some(&table)),
            None => self.gap(page.get(..usable).unwrap_or_default(), at, &table, true),
        }
        self.raw(page.get(usable..).unwrap_or_default(), at + usable as u64);
        // It need not be whole.
        self.damaged = damaged;
    }

    /// Remembers the shape of the rows of a table, for pages that no table has.
    pub(super) fn remember(&mut self, columns: &[Column]) {
        let shape = deleted::Shape::of(columns).filter(|shape| !self.shapes.contains(shape));
        if self.shapes.len() < SHAPES {
            self.shapes.extend(shape);
        }
    }

    /// Hands on bytes between cells: rows that were deleted, as far as they can be made out, and runs of text. The shapes
    /// are those of the table, where it is known.
    fn gap(&mut self, gap: &[u8], at: u64, table: &Table<'_>, has_rows: bool) {
        let own: Vec<_> = deleted::Shape::of(&table.columns).into_iter().collect();
        let shapes = if own.is_empty() {
            std::mem::take(&mut self.shapes)
        } else {
            own
        };
        let (encoding, page) = (self.pages.shape.encoding, self.pages.shape.page);
        let mut places = deleted::Places::new(gap, &shapes, has_rows, encoding, page);
        let mut done = 0;
        while let Some(place) = places.next(&mut self.buffers.types) {
            let before = gap.get(done..place.start).unwrap_or_default();
            self.raw(before, at + done as u64);
            let body = gap.get(place.body..place.end).unwrap_or_default();
            self.deleted(body, table);
            done = place.end;
        }
        self.raw(gap.get(done..).unwrap_or_default(), at + done as u64);
        if table.columns.is_empty() {
            self.shapes = shapes;
        }
    }

    /// Hands on the values of a row that was deleted, whose types are at hand.
    fn deleted(&mut self, body: &[u8], table: &Table<'_>) {
        let cell = RowCell::of_bytes(body);
        let Buffers {
            chain, types, text, ..
        } = &mut self.buffers;
        let encoding = self.pages.shape.encoding;
        let mut payload = Payload::new(&cell, &mut self.pages, chain);
        let mut values = Values {
            out: Out::new(self.sink, table.name),
            window: self.window,
            unpacking: &mut self.unpacking,
            text,
            encoding,
        };
        for (index, serial) in types.iter().enumerate() {
            values.column(table.columns.get(index), &mut payload, *serial);
        }
    }

    /// Hands on the runs of text in bytes that stand here in the file.
    pub(super) fn raw(&mut self, bytes: &[u8], at: u64) {
        runs::binary_block(bytes, at, self.sink);
    }

    fn row(&mut self, cell: &RowCell<'_>, at: u64, table: Option<&Table<'_>>) {
        let Buffers {
            chain,
            header: front,
            types,
            text,
            ..
        } = &mut self.buffers;
        let encoding = self.pages.shape.encoding;
        let mut payload = Payload::new(cell, &mut self.pages, chain);
        let mut whole = true;
        if let Some(table) = table {
            whole = header(&mut payload, front, types);
            let mut values = Values {
                out: Out::new(self.sink, table.name),
                window: self.window,
                unpacking: &mut self.unpacking,
                text,
                encoding,
            };
            values.out.row = cell.row;
            for (index, serial) in types.iter().enumerate() {
                whole = whole && values.column(table.columns.get(index), &mut payload, *serial);
            }
        }
        let (complete, tail) = payload.finish();
        if let Some((page, start)) = tail {
            let usable = self.pages.shape.usable;
            let rest = self.buffers.chain.get(start..usable).unwrap_or_default();
            runs::binary_block(rest, page + start as u64, self.sink);
        }
        if !whole {
            runs::binary_block(cell.local, at + cell.start as u64, self.sink);
        }
        self.damaged |= !whole || !complete;
    }

    /// The values of a row as texts, up to a size; for the schema.
    pub(super) fn values(&mut self, cell: &RowCell<'_>, most: usize) -> Vec<String> {
        let Buffers {
            chain,
            header: front,
            types,
            ..
        } = &mut self.buffers;
        let encoding = self.pages.shape.encoding;
        let mut payload = Payload::new(cell, &mut self.pages, chain);
        let mut values = Vec::new();
        if cell.length > most as u64 || !header(&mut payload, front, types) {
            return values;
        }
        for serial in types {
            let mut bytes = vec![
                0;
                usize::try_from(serial.length())
                    .unwrap_or_default()
                    .min(most)
            ];
            if payload.pull(&mut bytes) < bytes.len() {
                break;
            }
            values.push(match (*serial, order(encoding)) {
                (Serial::Text(_), Some(order)) => {
                    let mut turn = Turn::new(order);
                    turn.bytes(&bytes);
                    turn.end();
                    String::from_utf8_lossy(&turn.text).into_owned()
                }
                (Serial::Text(_), None) => String::from_utf8_lossy(&bytes).into_owned(),
                (Serial::Integer(_), _) => signed(&bytes).to_string(),
                _ => String::new(),
            });
        }
        values
    }
}

pub(super) const fn order(encoding: Encoding) -> Option<ByteOrder> {
    match encoding {
        Encoding::Utf8 => None,
        Encoding::Utf16Le => Some(ByteOrder::Little),
        Encoding::Utf16Be => Some(ByteOrder::Big),
    }
}

/// Hands on the values of a row.
struct Values<'v, 'u, S> {
    out: Out<'v, S>,
    window: &'v mut Window,
    unpacking: &'v mut Unpacking<'u>,
    text: &'v mut Vec<u8>,
    encoding: Encoding,
}

impl<'v, S: Sink> Values<'v, '_, S> {
    /// Hands on the value of a column. Returns whether it was whole.
    fn column(
        &mut self,
        column: Option<&'v Column>,
        payload: &mut Payload<'_, '_>,
        serial: Serial,
    ) -> bool {
        self.out.column = column.map_or("", |column| &column.name);
        self.value(payload, serial, column.is_some_and(|column| column.is_row))
    }

    /// Hands on a value. Returns whether it was whole.
    fn value(&mut self, payload: &mut Payload<'_, '_>, serial: Serial, is_row: bool) -> bool {
        let mut eight = [0; 8];
        let length = serial.length();
        if payload.left() < length {
            return false;
        }
        match serial {
            Serial::Text(_) => return self.long(payload, length, order(self.encoding)),
            Serial::Blob(_) => return self.long(payload, length, None),
            Serial::Null => {
                if let (true, Some(row)) = (is_row, self.out.row) {
                    self.number(|text| write!(text, "{row}"));
                }
            }
            Serial::Constant(bit) => self.number(|text| write!(text, "{bit}")),
            Serial::Integer(_) | Serial::Real => {
                let bytes = usize::try_from(length).unwrap_or_default();
                let bytes = eight.get_mut(..bytes).unwrap_or_default();
                if payload.pull(bytes) < bytes.len() {
                    return false;
                }
                let whole = signed(bytes);
                if serial == Serial::Real {
                    self.number(|text| write!(text, "{:?}", f64::from_bits(whole.cast_unsigned())));
                } else {
                    self.number(|text| write!(text, "{whole}"));
                }
            }
        }
        true
    }

    fn number(&mut self, format: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) {
        self.text.clear();
        // Writing to memory cannot fail.
        let _ = format(self.text);
        self.out.piece(0, self.text);
    }

    /// Hands on text or bytes of any length, in pieces.
    fn long(
        &mut self,
        payload: &mut Payload<'_, '_>,
        length: u64,
        order: Option<ByteOrder>,
    ) -> bool {
        let mut value = Part {
            payload,
            left: length,
        };
        if let Some(order) = order {
            return self.wide(&mut value, order);
        }
        self.window.clear();
        let mut count = self.window.fill(&mut value);
        if let Some(format) = packed(self.window.held()) {
            let mut value_again = Chain(self.window.held(), &mut value);
            self.unpacking
                .unpack(format, &mut value_again, &mut self.out);
            return true;
        }
        let mut offset = 0;
        loop {
            let last = count == 0 || value.left == 0;
            while self.window.held().len() > LINE || last && !self.window.held().is_empty() {
                let piece = self.window.held();
                let end = if piece.len() > LINE {
                    cut(piece, LINE)
                } else {
                    piece.len()
                };
                self.out.piece(offset, piece.get(..end).unwrap_or_default());
                offset += end as u64;
                self.window.release(end);
            }
            if last {
                return value.left == 0;
            }
            count = self.window.fill(&mut value);
        }
    }

    fn wide(&mut self, value: &mut Part<'_, '_, '_>, order: ByteOrder) -> bool {
        let mut turn = Turn::new(order);
        turn.text = std::mem::take(self.text);
        turn.text.clear();
        let mut offset = 0;
        self.window.clear();
        loop {
            let count = self.window.fill(value);
            let last = count == 0 || value.left == 0;
            turn.bytes(self.window.held());
            self.window.clear();
            if last {
                turn.end();
            }
            while turn.text.len() > LINE || last && !turn.text.is_empty() {
                let end = if turn.text.len() > LINE {
                    cut(&turn.text, LINE)
                } else {
                    turn.text.len()
                };
                self.out
                    .piece(offset, turn.text.get(..end).unwrap_or_default());
                offset += end as u64;
                turn.text.drain(..end);
            }
            if last {
                *self.text = turn.text;
                return value.left == 0;
            }
        }
    }
}

/// A value as a part of what a row holds.
struct Part<'v, 'p, 'b> {
    payload: &'v mut Payload<'p, 'b>,
    left: u64,
}

impl Source for Part<'_, '_, '_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let count = self.payload.pull(into.get_mut(..room).unwrap_or_default());
        self.left -= count as u64;
        count
    }
}
