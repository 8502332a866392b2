//! Splits a document into one part per slot.
//!
//! A part is the document without the elements of other slots, as JSON text. Arrays that the layout may split are
//! written as `{"~":[[id, place, version, part], ...]}`: their items are merged by id, and ordered by their places.
//! Member names that begin with `~` get one more in front.

use std::io::Write as _;

use super::items::{Rank, matched, ranked};
use super::merge::Tree;
use super::{Layout, Node, Object, Place, Slot, write};
use crate::class::ClassSet;
use crate::ids::Version;

/// The elements of a document that belong to one slot.
pub(crate) struct Part<'a> {
    slot: &'a Slot,
    sketch: Sketch<'a>,
}

/// A part of a value, borrowed from it.
enum Sketch<'a> {
    Whole(&'a Node),
    Object(Vec<(&'a str, Self)>),
    Items(Vec<(u64, Rank, Self)>),
}

impl Part<'_> {
    /// The slot.
    pub(crate) const fn slot(&self) -> &Slot {
        self.slot
    }

    /// Appends the part's text.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.sketch.write(out);
    }
}

impl Sketch<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Whole(node) => write::escaped(node, out),
            Self::Object(members) => {
                out.push(b'{');
                for (at, (name, sketch)) in members.iter().enumerate() {
                    write::comma(at, out);
                    write::name(name, out);
                    sketch.write(out);
                }
                out.push(b'}');
            }
            Self::Items(items) => {
                out.extend_from_slice(b"{\"~\":[");
                for (at, (id, rank, sketch)) in items.iter().enumerate() {
                    write::comma(at, out);
                    // Writing to a vector does not fail.
                    let _ = write!(out, "[\"{id:016x}\",{},{},", rank.place, rank.version);
                    sketch.write(out);
                    out.push(b']');
                }
                out.extend_from_slice(b"]}");
            }
        }
    }
}

/// Splits a document. `previous` is the part of the version before that the writer could see: its items keep their ids.
/// `ids` makes new ones.
pub(crate) fn split<'a>(
    root: &'a Node,
    layout: &'a dyn Layout,
    previous: Option<&Tree>,
    version: Version,
    ids: &mut dyn FnMut() -> u64,
) -> Vec<Part<'a>> {
    if root.as_object().is_some_and(Object::is_empty) {
        return Vec::new();
    }
    let version = version.number();
    let mut splitter = Splitter {
        layout,
        version,
        ids,
    };
    splitter
        .node(root, layout.root(root), previous)
        .into_iter()
        .map(|(slot, sketch)| Part { slot, sketch })
        .collect()
}

/// The classes of a document's elements.
pub(super) fn classes(root: &Node, layout: &dyn Layout) -> ClassSet {
    if root.as_object().is_some_and(Object::is_empty) {
        return ClassSet::NONE;
    }
    let mut classes = ClassSet::NONE;
    collect(root, layout.root(root), layout, &mut classes);
    classes
}

fn collect(node: &Node, at: Place, layout: &dyn Layout, classes: &mut ClassSet) {
    match node {
        Node::Object(object) if !object.is_empty() && !layout.uniform(at) => {
            for (name, value) in object.iter() {
                collect(value, layout.member(at, object, name), layout, classes);
            }
        }
        Node::Array(items) if !items.is_empty() && !layout.uniform(at) => {
            for item in items {
                collect(item, layout.item(at, item), layout, classes);
            }
        }
        _ => *classes = classes.with(layout.slot(at).class()),
    }
}

struct Splitter<'a, 'i> {
    layout: &'a dyn Layout,
    version: u32,
    ids: &'i mut dyn FnMut() -> u64,
}

/// The elements of one value, by slot.
type Shares<'a, T> = Vec<(&'a Slot, T)>;

impl<'a> Splitter<'a, '_> {
    fn node(&mut self, node: &'a Node, at: Place, old: Option<&Tree>) -> Shares<'a, Sketch<'a>> {
        match node {
            Node::Object(object) if !object.is_empty() && !self.layout.uniform(at) => {
                self.object(object, at, old)
            }
            Node::Array(items) if !self.layout.uniform(at) => self.array(items, at, old),
            _ => vec![(self.layout.slot(at), Sketch::Whole(node))],
        }
    }

    fn object(
        &mut self,
        object: &'a Object,
        at: Place,
        old: Option<&Tree>,
    ) -> Shares<'a, Sketch<'a>> {
        let mut shares: Shares<'a, Vec<_>> = Vec::new();
        for (name, value) in object.iter() {
            let place = self.layout.member(at, object, name);
            if self.layout.uniform(place) {
                share(&mut shares, self.layout.slot(place)).push((name, Sketch::Whole(value)));
                continue;
            }
            let old = old.and_then(|old| old.get(name));
            for (slot, sketch) in self.node(value, place, old) {
                share(&mut shares, slot).push((name, sketch));
            }
        }
        shares
            .into_iter()
            .map(|(slot, members)| (slot, Sketch::Object(members)))
            .collect()
    }

    fn array(
        &mut self,
        items: &'a [Node],
        at: Place,
        old: Option<&Tree>,
    ) -> Shares<'a, Sketch<'a>> {
        if items.is_empty() {
            return vec![(self.layout.slot(at), Sketch::Items(Vec::new()))];
        }
        let known = matched(items, old.map_or(&[], Tree::items));
        let ranks: Vec<_> = known
            .iter()
            .map(|item| item.map(|item| item.rank))
            .collect();
        let ranks = ranked(&ranks, self.version);
        let mut shares: Shares<'a, Vec<_>> = Vec::new();
        for ((node, known), rank) in items.iter().zip(known).zip(ranks) {
            let id = known.map_or_else(|| (self.ids)(), |item| item.id);
            let place = self.layout.item(at, node);
            for (slot, sketch) in self.node(node, place, known.map(|item| &item.tree)) {
                share(&mut shares, slot).push((id, rank, sketch));
            }
        }
        shares
            .into_iter()
            .map(|(slot, items)| (slot, Sketch::Items(items)))
            .collect()
    }
}

/// The share of a slot: a record has few slots, so a linear search is enough.
fn share<'s, 'a, T>(shares: &'s mut Shares<'a, Vec<T>>, slot: &'a Slot) -> &'s mut Vec<T> {
    let known = shares
        .iter()
        .position(|(other, _)| std::ptr::eq(*other, slot) || *other == slot);
    let at = known.unwrap_or(shares.len());
    if known.is_none() {
        shares.push((slot, Vec::new()));
    }
    #[expect(clippy::indexing_slicing, reason = "found or pushed just now")]
    &mut shares[at].1
}
