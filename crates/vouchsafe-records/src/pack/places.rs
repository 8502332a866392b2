//! The compiled table: every place that an element of a record can be in.

use std::collections::HashMap;

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Node, Object, Place, Slot};

use super::table::Discriminator;
use crate::values::Primitive;

/// The places of a whole pack; they refer to one another by number.
#[derive(Default)]
pub(super) struct Places {
    pub(super) all: Vec<PlaceData>,
    /// The member that names a record's type.
    pub(super) record_type: Option<Box<str>>,
    /// What a name begins with that speaks of the primitive beside it.
    pub(super) sibling: Option<char>,
}

/// One place.
pub(super) struct PlaceData {
    pub(super) slot: Slot,
    pub(super) uniform: bool,
    pub(super) holds: Holds,
    pub(super) members: HashMap<Box<str>, Member>,
    /// Where members go that are not among these.
    pub(super) others: Place,
    /// Elements that must be there: alternatives, of which one.
    pub(super) required: Vec<Vec<Box<str>>>,
    /// Elements of which at most one may be there.
    pub(super) choices: Vec<Vec<Box<str>>>,
    /// Tells the items of an array at this place apart.
    pub(super) items: Option<Items>,
}

/// What a place holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    /// Anything: nothing is known of it.
    Anything,
    Primitive(Primitive),
    /// An object with these members.
    Object,
}

/// An element of an object.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) place: Place,
    /// An array.
    pub(super) many: bool,
    /// The place of what may stand beside it and speak of it.
    pub(super) beside: Option<Place>,
}

/// How items of one array go to different places.
pub(super) enum Items {
    /// By the value of one member.
    By {
        member: Box<str>,
        places: HashMap<Box<str>, Place>,
        otherwise: Place,
    },
    /// By discriminators: the place at the number whose bits say which of them hold.
    Tests {
        tests: Vec<Discriminator>,
        places: Vec<Place>,
    },
}

impl Items {
    fn place(&self, item: &Node) -> Option<Place> {
        match self {
            Self::By {
                member,
                places,
                otherwise,
            } => {
                let value = item.get(member).and_then(Node::as_str);
                Some(
                    value
                        .and_then(|value| places.get(value))
                        .copied()
                        .unwrap_or(*otherwise),
                )
            }
            Self::Tests { tests, places } => {
                let held = tests
                    .iter()
                    .enumerate()
                    .filter(|(_, test)| test.holds(item))
                    .fold(0_usize, |held, (bit, _)| held | 1 << bit);
                places.get(held).copied()
            }
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        match self {
            Self::By {
                places, otherwise, ..
            } => places.values().copied().chain([*otherwise]).collect(),
            Self::Tests { places, .. } => places.clone(),
        }
    }
}

/// INVARIANT (unknown-first): place 0 is that of elements that nobody declared.
pub(super) const UNKNOWN: Place = Place(0);

static RESTRICTED: Slot = Slot::new(DataClass::Restricted);

impl PlaceData {
    /// A place about which nothing is known but its slot.
    pub(super) fn opaque(slot: Slot) -> Self {
        Self {
            slot,
            uniform: true,
            holds: Holds::Anything,
            members: HashMap::new(),
            others: UNKNOWN,
            required: Vec::new(),
            choices: Vec::new(),
            items: None,
        }
    }
}

impl Places {
    pub(super) fn get(&self, place: Place) -> Option<&PlaceData> {
        self.all.get(place.0 as usize)
    }

    /// The place of an object's member.
    pub(super) fn member(&self, at: Place, object: &Object, name: &str) -> Place {
        let Some(data) = self.get(at) else {
            return UNKNOWN;
        };
        if data.uniform {
            return at;
        }
        if let Some(member) = data.members.get(name) {
            // A single object is told apart right here, the items of an array one by one.
            return match object.get(name) {
                Some(value @ Node::Object(_)) => self.item(member.place, value),
                _ => member.place,
            };
        }
        self.sibling
            .and_then(|sibling| data.members.get(name.strip_prefix(sibling)?)?.beside)
            .unwrap_or(data.others)
    }

    /// What stands beside a member and speaks of it.
    pub(super) fn beside<'o>(&self, object: &'o Object, name: &str) -> Option<&'o Node> {
        object.get(&format!("{}{name}", self.sibling?))
    }

    /// The place of an array's item.
    pub(super) fn item(&self, at: Place, item: &Node) -> Place {
        self.get(at)
            .and_then(|data| data.items.as_ref())
            .map_or(at, |items| items.place(item).unwrap_or(UNKNOWN))
    }

    pub(super) fn slot(&self, at: Place) -> &Slot {
        self.get(at).map_or(&RESTRICTED, |data| &data.slot)
    }

    pub(super) fn uniform(&self, at: Place) -> bool {
        self.get(at).is_none_or(|data| data.uniform)
    }

    /// The path of the first value whose class is none of these; of one that nobody declared, that of what holds it:
    /// its own name is the caller's.
    pub(super) fn outside(
        &self,
        node: &Node,
        at: Place,
        classes: ClassSet,
        path: &str,
    ) -> Option<String> {
        let leaf = !matches!(node, Node::Object(_) | Node::Array(_));
        if leaf || self.uniform(at) {
            let fits = classes.includes(ClassSet::of(self.slot(at).class()));
            return (!fits).then(|| path.to_owned());
        }
        match node {
            Node::Array(items) => items.iter().enumerate().find_map(|(number, item)| {
                let place = self.item(at, item);
                self.outside(item, place, classes, &format!("{path}[{number}]"))
            }),
            Node::Object(object) => object.iter().find_map(|(name, value)| {
                let place = self.member(at, object, name);
                let declared = self
                    .get(at)
                    .is_some_and(|data| data.members.contains_key(name));
                match declared {
                    true => self.outside(value, place, classes, &format!("{path}.{name}")),
                    false => self
                        .outside(value, place, classes, path)
                        .map(|_| path.to_owned()),
                }
            }),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => None,
        }
    }

    /// All places that can be reached from one, itself included.
    pub(super) fn reachable(&self, from: Place) -> Vec<Place> {
        let mut seen = vec![false; self.all.len()];
        let mut todo = vec![from];
        let mut reached = Vec::new();
        while let Some(place) = todo.pop() {
            match seen.get_mut(place.0 as usize) {
                Some(seen) if !*seen => *seen = true,
                Some(_) | None => continue,
            }
            reached.push(place);
            let Some(data) = self.get(place) else {
                continue;
            };
            todo.extend(data.members.values().map(|member| member.place));
            todo.extend(data.members.values().filter_map(|member| member.beside));
            todo.push(data.others);
            todo.extend(data.items.iter().flat_map(Items::places));
        }
        reached
    }

    /// The classes that are declared for a place and below.
    pub(super) fn declared(&self, from: Place) -> ClassSet {
        // An array whose items are told apart holds nothing itself.
        let declares = |place: &Place| {
            *place != UNKNOWN && self.get(*place).is_some_and(|d| d.items.is_none())
        };
        self.reachable(from)
            .into_iter()
            .filter(declares)
            .map(|p| self.slot(p).class())
            .collect()
    }

    /// The places at a path below a place, whatever its items are.
    pub(super) fn at_path(&self, from: Place, path: &[Box<str>]) -> Vec<Place> {
        let alternatives = |place: Place| {
            let items = self.get(place).and_then(|data| data.items.as_ref());
            items.map_or_else(|| vec![place], Items::places)
        };
        path.iter().fold(vec![from], |places, name| {
            places
                .into_iter()
                .filter_map(|place| self.get(place)?.members.get(name))
                .flat_map(|member| alternatives(member.place))
                .collect()
        })
    }
}
