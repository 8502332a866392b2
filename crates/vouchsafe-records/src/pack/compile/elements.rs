//! The elements of a place: those of an object, of extensions, of items that are told apart.

use std::collections::{BTreeMap, HashMap};

use vouchsafe::class::DataClass;
use vouchsafe::document::{Place, Slot};

use super::{Compiler, Key, MAX_TESTS, State};
use crate::pack::places::{Items, Member, PlaceData, UNKNOWN};
use crate::pack::table::{Discriminator, Element, ElementKind};
use crate::pack::trie::{Found, NodeId};
use crate::pack::{PackError, stricter};

impl Compiler {
    /// Compiles the members of an object.
    pub(super) fn object(&mut self, place: Place, state: &State) -> Result<(), PackError> {
        let names: Vec<Box<str>> = self
            .trie
            .child_names(&state.nodes)
            .into_iter()
            .map(Into::into)
            .collect();
        let mut members = HashMap::new();
        let mut required = Vec::new();
        let mut choices: BTreeMap<Box<str>, (bool, Vec<Box<str>>)> = BTreeMap::new();
        for name in names {
            let Some((member, element)) = self.member(state, &name)? else {
                continue;
            };
            if let Some(stem) = element.choice_of(&name) {
                let choice = choices.entry(stem.into()).or_default();
                choice.0 |= element.required;
                choice.1.push(name.clone());
            } else if element.required {
                required.push(vec![name.clone()]);
            }
            members.insert(name, member);
        }
        for (name, nested) in self.any_extensions(state)? {
            members.entry(name).or_insert(nested);
        }
        // Inside a listed extension everything is known.
        let others = match state.in_extension {
            true => self.place(Key::Opaque(state.slot.clone())),
            false => UNKNOWN,
        };
        required.extend(choices.values().filter(|c| c.0).map(|c| c.1.clone()));
        if let Some(data) = self.places.get_mut(place.0 as usize) {
            data.members.extend(members);
            data.others = others;
            data.required = required;
            data.choices = choices.into_values().map(|(_, names)| names).collect();
        }
        Ok(())
    }

    /// The members that hold extensions where every extension is known: inside one that is, and in records without a
    /// subject, whose extensions are as operational as they are.
    fn any_extensions(&mut self, state: &State) -> Result<Vec<(Box<str>, Member)>, PackError> {
        let Some(form) = &self.form.extension else {
            return Ok(Vec::new());
        };
        let count = match (state.in_extension, state.operational) {
            (true, _) => 1,
            (false, true) => form.members.len(),
            (false, false) => 0,
        };
        let names: Vec<Box<str>> = form.members.iter().take(count).cloned().collect();
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let place = self.any_extension(state)?;
            let member = Member {
                place,
                many: true,
                beside: None,
            };
            members.push((name, member));
        }
        Ok(members)
    }

    /// The place of an extension that no line names, where it is known all the same.
    fn any_extension(&mut self, state: &State) -> Result<Place, PackError> {
        let Some(form) = &self.form.extension else {
            return Ok(UNKNOWN);
        };
        let root = self.datatype(&form.datatype)?;
        Ok(self.place(Key::Object(State {
            nodes: vec![root],
            in_extension: true,
            ..state.clone()
        })))
    }

    pub(super) fn datatype(&self, name: &str) -> Result<NodeId, PackError> {
        self.trie.root(name).ok_or_else(|| PackError::Element {
            path: name.into(),
            reason: "a type of this name is used, and it is not in the tables",
        })
    }

    /// The member of a name; none if no line knows it.
    fn member(
        &mut self,
        state: &State,
        name: &str,
    ) -> Result<Option<(Member, Element)>, PackError> {
        let found: Vec<(NodeId, Option<Discriminator>)> = self
            .trie
            .children(&state.nodes, name)
            .into_iter()
            .map(|Found { node, only }| (node, only.cloned()))
            .collect();
        let Some(element) = found
            .iter()
            .find_map(|(node, _)| self.trie.element(*node))
            .cloned()
        else {
            return Ok(None);
        };
        let mut tests: Vec<Discriminator> = Vec::new();
        for test in found.iter().filter_map(|(_, only)| only.as_ref()) {
            if !tests.contains(test) {
                tests.push(test.clone());
            }
        }
        let place = if tests.is_empty() {
            self.element(state, &found, &|_| true)?
        } else if let Some(key) = self.extension_key(&tests) {
            self.by_key(state, &found, &tests, key)?
        } else {
            self.by_tests(state, name, &found, tests)?
        };
        let beside = match element.kind {
            ElementKind::Primitive(_) => {
                let slot = self.slot(place);
                Some(self.place(Key::Opaque(slot)))
            }
            _ => None,
        };
        let extension = self.form.extension.as_ref();
        let holds = extension.is_some_and(|form| form.members.iter().any(|own| **own == *name));
        let many = element.many || holds;
        Ok(Some((
            Member {
                place,
                many,
                beside,
            },
            element,
        )))
    }

    fn slot(&self, place: Place) -> Slot {
        self.places
            .get(place.0 as usize)
            .map_or(Slot::new(DataClass::Restricted), |data| data.slot.clone())
    }

    /// The member that says of which kind an extension is, if all lines are told apart by it.
    fn extension_key(&self, tests: &[Discriminator]) -> Option<Box<str>> {
        let key = &self.form.extension.as_ref()?.key;
        let all = tests.iter().all(|test| test.values_of(key).is_some());
        all.then(|| key.clone())
    }

    /// Extensions: one of those that the lines name, or unknown.
    fn by_key(
        &mut self,
        state: &State,
        found: &[(NodeId, Option<Discriminator>)],
        tests: &[Discriminator],
        key: Box<str>,
    ) -> Result<Place, PackError> {
        let mut places = HashMap::new();
        for kind in tests
            .iter()
            .filter_map(|test| test.values_of(&key))
            .flatten()
        {
            let of_kind =
                |test: &Discriminator| test.values_of(&key).is_some_and(|v| v.contains(&kind));
            places.insert(Box::from(kind), self.element(state, found, &of_kind)?);
        }
        let plain = found.iter().any(|(_, only)| only.is_none());
        let otherwise = if plain {
            self.element(state, found, &|_| false)?
        } else if state.in_extension || state.operational {
            self.any_extension(state)?
        } else {
            UNKNOWN
        };
        let slot = self.slot(otherwise);
        let items = Some(Items::By {
            member: key,
            places,
            otherwise,
        });
        Ok(self.push(PlaceData {
            uniform: false,
            items,
            ..PlaceData::opaque(slot)
        }))
    }

    /// Items that several discriminators can hold for: a place for each combination.
    fn by_tests(
        &mut self,
        state: &State,
        name: &str,
        found: &[(NodeId, Option<Discriminator>)],
        tests: Vec<Discriminator>,
    ) -> Result<Place, PackError> {
        if tests.len() > MAX_TESTS {
            let reason = "too many discriminators on one element";
            return Err(PackError::Element {
                path: name.into(),
                reason,
            });
        }
        let mut places = Vec::new();
        for held in 0..1_usize << tests.len() {
            let holds = |test: &Discriminator| {
                tests
                    .iter()
                    .position(|t| t == test)
                    .is_some_and(|bit| held & (1 << bit) != 0)
            };
            places.push(self.element(state, found, &holds)?);
        }
        let slot = self.slot(places.first().copied().unwrap_or(UNKNOWN));
        let items = Some(Items::Tests { tests, places });
        Ok(self.push(PlaceData {
            uniform: false,
            items,
            ..PlaceData::opaque(slot)
        }))
    }

    /// The place of an element for which these discriminators hold.
    fn element(
        &mut self,
        parent: &State,
        found: &[(NodeId, Option<Discriminator>)],
        holds: &dyn Fn(&Discriminator) -> bool,
    ) -> Result<Place, PackError> {
        let mut nodes: Vec<NodeId> = found
            .iter()
            .filter(|(_, only)| only.as_ref().is_none_or(holds))
            .map(|(node, _)| *node)
            .collect();
        let Some(kind) = nodes
            .iter()
            .find_map(|node| self.trie.element(*node))
            .map(|e| e.kind.clone())
        else {
            return Ok(UNKNOWN);
        };
        let same = nodes.iter().find_map(|node| self.trie.node(*node)?.same);
        nodes.extend(same.filter(|same| !nodes.contains(same)));
        let mut in_extension = parent.in_extension;
        if let ElementKind::Datatype(name) = &kind {
            let root = self.datatype(name)?;
            nodes.extend(Some(root).filter(|root| !nodes.contains(root)));
            let extension = self.form.extension.as_ref();
            in_extension |= extension.is_some_and(|form| form.datatype == *name);
        }
        let slot = self.inherited(parent, &nodes)?;
        Ok(match kind {
            ElementKind::Primitive(primitive) => self.leaf(primitive, slot),
            ElementKind::AnyRecord | ElementKind::Root => UNKNOWN,
            ElementKind::Datatype(_) | ElementKind::Nested | ElementKind::Same(_) => {
                self.place(Key::Object(State {
                    nodes,
                    slot,
                    in_extension,
                    ..parent.clone()
                }))
            }
        })
    }

    /// The slot of an element: that of the strongest line that states one, else its parent's.
    fn inherited(&self, parent: &State, nodes: &[NodeId]) -> Result<Slot, PackError> {
        if parent.slot.name() != parent.slot.class().name() {
            // An envelope of its own covers all that is below.
            return Ok(parent.slot.clone());
        }
        let elements = || nodes.iter().filter_map(|node| self.trie.element(*node));
        let stated = elements()
            .find_map(|e| e.class)
            .unwrap_or_else(|| parent.slot.class());
        let class = match parent.floor {
            _ if parent.operational && stated != DataClass::Restricted => DataClass::Operational,
            Some(floor) => stricter(stated, floor),
            None => stated,
        };
        match elements().find_map(|element| element.own.as_deref()) {
            None => Ok(Slot::new(class)),
            Some(own) => Slot::own(class, own).map_err(|_| PackError::Element {
                path: own.into(),
                reason: "not a name of an envelope",
            }),
        }
    }
}
