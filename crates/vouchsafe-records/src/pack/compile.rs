//! From a pack's texts to its table of places.
//!
//! A place is a state: the lines that speak of an element (those of the record type's table
//! first, then those of the datatypes around it), and the slot that it has inherited. Equal
//! states are one place, so recursive datatypes end by themselves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use vouchsafe::class::DataClass;
use vouchsafe::document::{Place, Slot};
use vouchsafe::ids::RecordType;

use super::declaration::{self, OfPack};
use super::manifest::{Form, Manifest, SubjectWord, TypeManifest};
use super::places::{Holds, Items, Member, PlaceData, Places, UNKNOWN};
use super::table::{self, Discriminator, Element, ElementKind};
use super::trie::{Found, NodeId, Trie};
use super::{Pack, PackError, PackText, stricter};
use crate::values::{Primitive, Values};

/// More discriminators than this on one element would make too many places: all combinations
/// of them can hold.
const MAX_TESTS: usize = 6;

pub(super) fn compile(text: &PackText<'_>, values: &'static dyn Values) -> Result<Pack, PackError> {
    let mut manifest: Manifest = toml::from_str(text.manifest).map_err(|_| PackError::Manifest)?;
    let trie = read_tables(&manifest, text, values)?;
    let mut compiler = Compiler::new(trie, std::mem::take(&mut manifest.form));
    let mut types: BTreeMap<Box<str>, Compiled> = BTreeMap::new();
    for (name, of_type) in &manifest.types {
        types.insert(name.as_str().into(), compiler.record_type(name, of_type)?);
    }
    for compiled in types.values() {
        compiler.host(compiled, &types)?;
    }
    let places = Arc::new(Places {
        all: compiler.places,
        record_type: compiler.form.record_type,
        sibling: compiler.form.sibling,
    });
    let of_pack = OfPack {
        values,
        common: Arc::new(manifest.parameters),
        places: &places,
        trie: &compiler.trie,
    };
    let mut pack = Pack {
        name: manifest.name.into(),
        version: manifest.version.into(),
        types: BTreeMap::new(),
        names: Vec::new(),
    };
    for (name, of_type) in manifest.types {
        let Some(compiled) = types.remove(name.as_str()) else {
            continue;
        };
        if of_type.contained_only {
            continue;
        }
        let decl = declaration::declare(&name, of_type, &compiled, &of_pack)?;
        pack.types.insert(name.into(), Arc::new(decl));
    }
    pack.names = names(&pack, &places);
    Ok(pack)
}

fn read_tables(
    manifest: &Manifest,
    text: &PackText<'_>,
    values: &dyn Values,
) -> Result<Trie, PackError> {
    let mut trie = Trie::default();
    let of_types = manifest.types.keys().map(|name| format!("{name}.tsv"));
    for file in of_types.chain([manifest.datatypes.clone()]) {
        let (_, table) = text
            .tables
            .iter()
            .find(|(name, _)| *name == file)
            .ok_or_else(|| PackError::MissingTable {
                file: file.as_str().into(),
            })?;
        trie.add(table::parse(&file, table, &manifest.form, values)?)?;
    }
    Ok(trie)
}

fn names(pack: &Pack, places: &Places) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = places
        .all
        .iter()
        .map(|place| place.slot.name().into())
        .collect();
    for decl in pack.types.values() {
        names.push(decl.record_type().as_str().into());
        names.extend(decl.indexes().iter().map(|index| index.name.clone()));
        names.extend(decl.relation_kinds());
        names.extend(decl.beneficiary_types());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A type whose places are compiled.
pub(super) struct Compiled {
    pub(super) record_type: RecordType,
    pub(super) root: Place,
    pub(super) root_class: DataClass,
    pub(super) strictest: DataClass,
    pub(super) declared: vouchsafe::class::ClassSet,
    node: NodeId,
}

/// What a place is made from.
#[derive(Clone, Eq, Hash, PartialEq)]
enum Key {
    Opaque(Slot),
    /// A primitive, by its number.
    Leaf(u8, Slot),
    Object(State),
}

#[derive(Clone, Eq, Hash, PartialEq)]
struct State {
    /// The lines that speak of it, strongest first.
    nodes: Vec<NodeId>,
    slot: Slot,
    /// Contained records: no class below this.
    floor: Option<DataClass>,
    /// Records without a subject have operational elements only.
    operational: bool,
    /// Inside a known extension every extension is known.
    in_extension: bool,
}

struct Compiler {
    trie: Trie,
    form: Form,
    places: Vec<PlaceData>,
    known: HashMap<Key, Place>,
    todo: Vec<(Place, State)>,
}

impl Compiler {
    fn new(trie: Trie, form: Form) -> Self {
        let unknown = PlaceData::opaque(Slot::new(DataClass::Restricted));
        Self {
            trie,
            form,
            places: vec![unknown],
            known: HashMap::new(),
            todo: Vec::new(),
        }
    }

    /// Compiles a type's places, narrative and contained records aside.
    fn record_type(&mut self, name: &str, of: &TypeManifest) -> Result<Compiled, PackError> {
        let wrong = |reason| PackError::Element {
            path: name.into(),
            reason,
        };
        let record_type = name.parse().map_err(|_| wrong("not a type's name"))?;
        let node = self
            .trie
            .root(name)
            .ok_or_else(|| wrong("its table has no root"))?;
        let root_class = self
            .trie
            .element(node)
            .and_then(|element| element.class)
            .ok_or_else(|| wrong("the root states no class"))?;
        let operational = of.subject.kind == SubjectWord::None && !of.contained_only;
        if operational && root_class != DataClass::Operational {
            return Err(wrong("no subject, but not operational"));
        }
        let slot = Slot::new(root_class);
        let state = State {
            nodes: vec![node],
            slot,
            floor: None,
            operational,
            in_extension: false,
        };
        let root = self.root(state)?;
        let places = Places {
            all: std::mem::take(&mut self.places),
            ..Places::default()
        };
        let declared = places.declared(root);
        self.places = places.all;
        let strictest = declared
            .iter()
            .filter(|class| *class != DataClass::Restricted)
            .fold(root_class, stricter);
        Ok(Compiled {
            record_type,
            root,
            root_class,
            strictest,
            declared,
            node,
        })
    }

    /// The root of a record: its elements, and the member that names its type.
    fn root(&mut self, state: State) -> Result<Place, PackError> {
        let class = state.floor.unwrap_or(DataClass::Operational);
        let root = self.place(Key::Object(state));
        self.compile_all()?;
        if let Some(name) = self.form.record_type.clone() {
            let kind = self.place(Key::Opaque(Slot::new(class)));
            self.add_member(root, &name, kind, false);
        }
        Ok(root)
    }

    /// Adds to a root what depends on the classes of all its elements and of other types: narrative and contained records.
    fn host(
        &mut self,
        host: &Compiled,
        types: &BTreeMap<Box<str>, Compiled>,
    ) -> Result<(), PackError> {
        self.narrative(host.root, host.strictest);
        let Some((contained, key)) = self
            .form
            .contained
            .clone()
            .zip(self.form.record_type.clone())
        else {
            return Ok(());
        };
        let mut places = HashMap::new();
        for (name, inner) in types {
            let floor = stricter(inner.strictest, host.root_class);
            let root = self.root(State {
                nodes: vec![inner.node],
                slot: Slot::new(floor),
                floor: Some(floor),
                operational: false,
                in_extension: false,
            })?;
            self.narrative(root, floor);
            places.insert(name.clone(), root);
        }
        let items = Items::By {
            member: key,
            places,
            otherwise: UNKNOWN,
        };
        let place = self.push(PlaceData {
            uniform: false,
            items: Some(items),
            ..PlaceData::opaque(Slot::new(host.strictest))
        });
        self.add_member(host.root, &contained, place, true);
        Ok(())
    }

    /// What is said again for people is as strict as what it is said of.
    fn narrative(&mut self, root: Place, class: DataClass) {
        if let Some(name) = self.form.narrative.clone() {
            let place = self.place(Key::Opaque(Slot::new(class)));
            self.add_member(root, &name, place, false);
        }
    }

    fn add_member(&mut self, to: Place, name: &str, place: Place, many: bool) {
        if let Some(data) = self.places.get_mut(to.0 as usize) {
            let member = Member {
                place,
                many,
                beside: None,
            };
            data.members.insert(name.into(), member);
        }
    }

    fn push(&mut self, data: PlaceData) -> Place {
        let place = Place(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.places.push(data);
        place
    }

    /// The place that a key means; new ones are compiled later.
    fn place(&mut self, key: Key) -> Place {
        if let Some(place) = self.known.get(&key) {
            return *place;
        }
        let data = match &key {
            Key::Opaque(slot) => PlaceData::opaque(slot.clone()),
            Key::Leaf(_, slot) => PlaceData {
                uniform: false,
                ..PlaceData::opaque(slot.clone())
            },
            Key::Object(state) => PlaceData {
                uniform: false,
                holds: Holds::Object,
                ..PlaceData::opaque(state.slot.clone())
            },
        };
        let place = self.push(data);
        if let Key::Object(state) = &key {
            self.todo.push((place, state.clone()));
        }
        self.known.insert(key, place);
        place
    }

    fn leaf(&mut self, primitive: Primitive, slot: Slot) -> Place {
        let place = self.place(Key::Leaf(primitive.number, slot));
        if let Some(data) = self.places.get_mut(place.0 as usize) {
            data.holds = Holds::Primitive(primitive);
        }
        place
    }

    fn compile_all(&mut self) -> Result<(), PackError> {
        while let Some((place, state)) = self.todo.pop() {
            self.object(place, &state)?;
        }
        Ok(())
    }

    /// Compiles the members of an object.
    fn object(&mut self, place: Place, state: &State) -> Result<(), PackError> {
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
        if state.in_extension
            && let Some((name, nested)) = self.nested_extension(state)?
            && !members.contains_key(&name)
        {
            members.insert(name, nested);
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

    /// The member of an extension that has others inside, and its name.
    fn nested_extension(&mut self, state: &State) -> Result<Option<(Box<str>, Member)>, PackError> {
        let Some(form) = &self.form.extension else {
            return Ok(None);
        };
        let Some(name) = form.members.first().cloned() else {
            return Ok(None);
        };
        let root = self.datatype(&form.datatype)?;
        let place = self.place(Key::Object(State {
            nodes: vec![root],
            ..state.clone()
        }));
        let member = Member {
            place,
            many: true,
            beside: None,
        };
        Ok(Some((name, member)))
    }

    fn datatype(&self, name: &str) -> Result<NodeId, PackError> {
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
        } else if state.in_extension {
            self.nested_extension(state)?
                .map_or(UNKNOWN, |(_, nested)| nested.place)
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
