//! Merging opened parts into one document.

use std::collections::HashMap;

use super::items::{Item, Rank};
use super::{Document, MAX_DEPTH, Node, Object, parse, write};

/// A sealed text that is not a part of a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MalformedPart;

/// Maximum nesting of a part: the wrapper of an array is three levels deep where the array is one.
const PART_DEPTH: usize = 3 * MAX_DEPTH;
/// Of what we wrote ourselves nothing else needs a bound.
const PART_LIMITS: parse::Limits = parse::Limits {
    depth: PART_DEPTH,
    members: usize::MAX,
    values: usize::MAX,
    number: usize::MAX,
    power: usize::MAX,
};

/// Up to this number of pairs of members are compared one by one.
const PAIRS: usize = 1024;

type Members = Vec<(Box<str>, Tree)>;

/// A document, or a part of one, that still holds the ids and ranks of array items.
pub(crate) enum Tree {
    /// A value that belongs to one slot as a whole: a scalar, or an array that is never split.
    Leaf(Node),
    /// An object, split or not.
    Object(Members),
    /// An array whose items may be split.
    Items(Vec<Item>),
}

impl Tree {
    /// A document without any known content.
    pub(crate) const fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// Parses a part that [`super::split()`] wrote.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, MalformedPart> {
        let node = parse::parse(text, PART_LIMITS).map_err(|_| MalformedPart)?;
        Self::from_part(node)
    }

    /// Adds a part that was sealed later, or at the same time.
    ///
    /// Objects are merged by member and arrays by item id. If two parts contradict each other (a value changed its
    /// class, and the writer could not see the old one), the later one wins.
    pub(crate) fn merge(&mut self, newer: Self) {
        match (self, newer) {
            (Self::Object(members), Self::Object(newer)) => merge_members(members, newer),
            (Self::Items(items), Self::Items(newer)) => {
                let places: HashMap<u64, usize> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| (item.id, at))
                    .collect();
                for item in newer {
                    match places.get(&item.id).and_then(|at| items.get_mut(*at)) {
                        Some(old) => old.merge(item),
                        None => items.push(item),
                    }
                }
            }
            (old, newer) => *old = newer,
        }
    }

    /// Sorts the items of all arrays, after all parts are merged.
    pub(crate) fn settle(&mut self) {
        match self {
            Self::Leaf(_) => {}
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.settle()),
            Self::Items(items) => {
                items.sort_by_key(|item| (item.rank.place, item.id));
                items.iter_mut().for_each(|item| item.tree.settle());
            }
        }
    }

    /// The document.
    pub(crate) fn into_document(self) -> Result<Document, MalformedPart> {
        Document::from_node(self.into_node()).map_err(|_| MalformedPart)
    }

    /// The member with that name, if it is an object that has one.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(member, _)| **member == *name)
                .map(|(_, value)| value),
            Self::Leaf(_) | Self::Items(_) => None,
        }
    }

    /// The items, if it is an array that may be split.
    pub(super) fn items(&self) -> &[Item] {
        match self {
            Self::Items(items) => items,
            Self::Leaf(_) | Self::Object(_) => &[],
        }
    }

    fn into_node(self) -> Node {
        match self {
            Self::Leaf(node) => node,
            Self::Object(members) => Node::Object(Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, value.into_node()))
                    .collect(),
            )),
            Self::Items(items) => Node::Array(
                items
                    .into_iter()
                    .map(|item| item.tree.into_node())
                    .collect(),
            ),
        }
    }

    fn from_part(node: Node) -> Result<Self, MalformedPart> {
        match node {
            Node::Object(Object(members)) => match <[_; 1]>::try_from(members) {
                Ok([(name, items)]) if *name == *write::ESCAPE => Self::from_wrapper(items),
                Ok(member) => Self::from_members(member.into()),
                Err(members) => Self::from_members(members),
            },
            node => plain(node).map(Self::Leaf),
        }
    }

    fn from_members(members: Vec<(Box<str>, Node)>) -> Result<Self, MalformedPart> {
        members
            .into_iter()
            .map(|(name, value)| Ok((unescape(name)?, Self::from_part(value)?)))
            .collect::<Result<_, _>>()
            .map(Self::Object)
    }

    fn from_wrapper(items: Node) -> Result<Self, MalformedPart> {
        let Node::Array(items) = items else {
            return Err(MalformedPart);
        };
        items
            .into_iter()
            .map(Self::from_item)
            .collect::<Result<_, _>>()
            .map(Self::Items)
    }

    /// `[id, rank, version that set the rank, part]`.
    fn from_item(item: Node) -> Result<Item, MalformedPart> {
        let Node::Array(item) = item else {
            return Err(MalformedPart);
        };
        let [id, place, version, part] = <[Node; 4]>::try_from(item).map_err(|_| MalformedPart)?;
        let id = id
            .as_str()
            .filter(|id| id.len() == 16)
            .ok_or(MalformedPart)?;
        Ok(Item {
            id: u64::from_str_radix(id, 16).map_err(|_| MalformedPart)?,
            rank: Rank {
                place: number(&place)?,
                version: number(&version)?,
            },
            tree: Self::from_part(part)?,
        })
    }
}

/// Merges the members of two objects, each without duplicates.
///
/// Pairwise for the few members of ordinary objects, else by a table: a hostile document has a million.
fn merge_members(members: &mut Members, newer: Members) {
    let before = members.len();
    let table: Option<HashMap<Box<str>, usize>> = (before.saturating_mul(newer.len()) > PAIRS)
        .then(|| {
            let names = members.iter().map(|(name, _)| name.clone());
            names.zip(0..).collect()
        });
    for (name, value) in newer {
        let known = match &table {
            Some(table) => table.get(&name).copied(),
            None => members
                .iter()
                .take(before)
                .position(|(member, _)| *member == name),
        };
        match known.and_then(|at| members.get_mut(at)) {
            Some((_, old)) => old.merge(value),
            None => members.push((name, value)),
        }
    }
}

fn number<T: std::str::FromStr>(node: &Node) -> Result<T, MalformedPart> {
    node.as_number()
        .and_then(|text| text.parse().ok())
        .ok_or(MalformedPart)
}

/// A value that has no wrapper inside.
fn plain(node: Node) -> Result<Node, MalformedPart> {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => Ok(node),
        Node::Array(items) => items
            .into_iter()
            .map(plain)
            .collect::<Result<_, _>>()
            .map(Node::Array),
        Node::Object(Object(members)) => members
            .into_iter()
            .map(|(name, value)| Ok((unescape(name)?, plain(value)?)))
            .collect::<Result<_, _>>()
            .map(|members| Node::Object(Object(members))),
    }
}

fn unescape(name: Box<str>) -> Result<Box<str>, MalformedPart> {
    match name.strip_prefix(write::ESCAPE) {
        None => Ok(name),
        Some(rest) if rest.starts_with(write::ESCAPE) => Ok(rest.into()),
        Some(_) => Err(MalformedPart),
    }
}
