//! Items of split arrays: their identity after a change, and their order.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};

use super::merge::Tree;
use super::{Node, Object};

/// An item of an array, or one part of it.
pub(crate) struct Item {
    /// The id that its parts share. Random, unique in its array.
    pub(super) id: u64,
    /// Its rank in the array.
    pub(super) rank: Rank,
    /// Its content.
    pub(super) tree: Tree,
}

impl Item {
    /// Adds a part of the item that was sealed later, or at the same time.
    pub(super) fn merge(&mut self, newer: Self) {
        if newer.rank.version >= self.rank.version {
            self.rank = newer.rank;
        }
        self.tree.merge(newer.tree);
    }
}

/// The rank of an item among others, and the version of the record that set it.
///
/// Parts of an item may disagree if a writer moved it who could not see all of them: the latest rank wins.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rank {
    /// Items are ordered by their places.
    pub(super) place: u64,
    /// The version that set this place.
    pub(super) version: u32,
}

/// The distance between places of new items, so that other items fit between them.
const SPACING: u64 = 1 << 20;

/// The old item of each new one: the one with the same content, else the one with the same element `id`. Never by
/// position: a hidden part must not become part of another item.
pub(super) fn matched<'t>(new: &[Node], old: &'t [Item]) -> Vec<Option<&'t Item>> {
    let mut result = vec![None; new.len()];
    if old.is_empty() {
        return result;
    }
    let prints = Prints::default();
    let mut by_print: HashMap<u64, VecDeque<&Item>> = HashMap::new();
    for item in old {
        by_print
            .entry(prints.of_tree(&item.tree))
            .or_default()
            .push_back(item);
    }
    for (found, node) in result.iter_mut().zip(new) {
        let Some(queue) = by_print.get_mut(&prints.of_node(node)) else {
            continue;
        };
        if queue.front().is_some_and(|item| item.tree.same_as(node)) {
            *found = queue.pop_front();
        }
    }
    let mut by_id: HashMap<&str, &Item> = HashMap::new();
    for item in by_print.into_values().flatten() {
        if let Some(Tree::Leaf(Node::String(id))) = item.tree.get("id") {
            by_id.insert(id, item);
        }
    }
    for (found, node) in result
        .iter_mut()
        .zip(new)
        .filter(|(found, _)| found.is_none())
    {
        *found = node
            .get("id")
            .and_then(Node::as_str)
            .and_then(|id| by_id.remove(id));
    }
    result
}

/// Ranks for items in this order, of which some already have a rank: items that are still in order keep theirs.
pub(super) fn ranked(old: &[Option<Rank>], version: u32) -> Vec<Rank> {
    let mut ranks: Vec<Rank> = Vec::with_capacity(old.len());
    // The index of the next rank that is kept: the ranks before it are absent or too low, and stay so.
    let mut kept_at = 0;
    while ranks.len() < old.len() {
        let last = ranks.last().map_or(0, |rank| rank.place);
        let kept = old.iter().enumerate().skip(kept_at);
        let kept = kept
            .filter_map(|(at, rank)| rank.map(|rank| (at, rank)))
            .find(|(_, rank)| rank.place > last);
        kept_at = kept.map_or(old.len(), |(at, _)| at);
        let run = kept_at - ranks.len();
        let (run, step, kept) = match kept {
            None => (run, SPACING, None),
            Some((_, kept)) => {
                let parts = u64::try_from(run).map_or(u64::MAX, |run| run + 1);
                match (kept.place - last) / parts {
                    // No room before the kept one: this item gets a higher place, and so may the next.
                    0 => (1, SPACING, None),
                    step => (run, step, Some(kept)),
                }
            }
        };
        let mut place = last;
        for _ in 0..run {
            place = place.saturating_add(step);
            ranks.push(Rank { place, version });
        }
        ranks.extend(kept);
    }
    ranks
}

/// Fingerprints of content, equal if [`Tree::same_as`] is true.
#[derive(Default)]
struct Prints(RandomState);

impl Prints {
    fn of_node(&self, node: &Node) -> u64 {
        match node {
            Node::Null => self.0.hash_one(0_u8),
            Node::Bool(value) => self.0.hash_one((1_u8, value)),
            Node::Number(text) => self.0.hash_one((2_u8, text)),
            Node::String(text) => self.0.hash_one((3_u8, text)),
            Node::Array(items) => self.array(items.iter().map(|item| self.of_node(item))),
            Node::Object(object) => self.object(
                object
                    .iter()
                    .map(|(name, value)| (name, self.of_node(value))),
            ),
        }
    }

    fn of_tree(&self, tree: &Tree) -> u64 {
        match tree {
            Tree::Leaf(node) => self.of_node(node),
            Tree::Object(members) => self.object(
                members
                    .iter()
                    .map(|(name, value)| (&**name, self.of_tree(value))),
            ),
            Tree::Items(items) => self.array(items.iter().map(|item| self.of_tree(&item.tree))),
        }
    }

    fn array(&self, items: impl Iterator<Item = u64>) -> u64 {
        self.0.hash_one((4_u8, items.collect::<Vec<_>>()))
    }

    /// Independent of the order of the members.
    fn object<'a>(&self, members: impl Iterator<Item = (&'a str, u64)>) -> u64 {
        let sum = members.fold(0_u64, |sum, member| {
            sum.wrapping_add(self.0.hash_one(member))
        });
        self.0.hash_one((5_u8, sum))
    }
}

impl Tree {
    /// Whether it is equal to a value; see [`Node::same_as`].
    fn same_as(&self, node: &Node) -> bool {
        match (self, node) {
            (Self::Leaf(leaf), node) => leaf.same_as(node),
            (Self::Object(members), Node::Object(Object(other))) => {
                same_members(members, other, Self::same_as)
            }
            (Self::Items(items), Node::Array(other)) => {
                items.len() == other.len()
                    && items
                        .iter()
                        .zip(other)
                        .all(|(item, other)| item.tree.same_as(other))
            }
            (Self::Object(_) | Self::Items(_), _) => false,
        }
    }
}

/// Whether two lists of members without duplicates are equal, whatever their order.
pub(super) fn same_members<A, B>(
    a: &[(Box<str>, A)],
    b: &[(Box<str>, B)],
    same: impl Fn(&A, &B) -> bool,
) -> bool {
    fn sorted<T>(members: &[(Box<str>, T)]) -> Vec<&(Box<str>, T)> {
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        sorted
    }
    a.len() == b.len()
        && sorted(a)
            .into_iter()
            .zip(sorted(b))
            .all(|((name, a), (other, b))| name == other && same(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(old: &[Option<u64>]) -> Vec<u64> {
        let old: Vec<_> = old
            .iter()
            .map(|place| place.map(|place| Rank { place, version: 1 }))
            .collect();
        ranked(&old, 2).into_iter().map(|rank| rank.place).collect()
    }

    #[test]
    fn new_items_stand_apart() {
        assert_eq!(places(&[None, None]), [SPACING, 2 * SPACING]);
    }

    #[test]
    fn an_item_between_two_takes_the_middle() {
        assert_eq!(places(&[Some(10), None, Some(20)]), [10, 15, 20]);
    }

    #[test]
    fn without_room_those_behind_make_way() {
        let got = places(&[Some(1), None, Some(2), Some(3)]);
        assert!(got.is_sorted_by(|a, b| a < b), "{got:?}");
        assert_eq!(got.first(), Some(&1));
    }

    /// A search for the next kept rank before each item would take 10^12 steps.
    #[test]
    fn a_million_items_that_all_make_way_are_ranked() {
        let kept = (1..=1 << 20).map(|at| Some(at * SPACING));
        let old: Vec<_> = std::iter::repeat_n(None, 1 << 20).chain(kept).collect();
        let got = places(&old);
        assert!(got.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_item_that_was_moved_gets_a_new_place() {
        let got = places(&[Some(30), Some(10), Some(20), Some(40)]);
        assert!(got.is_sorted_by(|a, b| a < b), "{got:?}");
        assert_eq!((got[0], got[3]), (30, 40));
    }
}
