//! From a pack's texts to its table of places.
//!
//! A place is a state: the lines that speak of an element (those of the record type's table
//! first, then those of the datatypes around it), and the slot that it has inherited. Equal
//! states are one place, so recursive datatypes end by themselves.

mod elements;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use vouchsafe::class::DataClass;
use vouchsafe::document::{Place, Slot};
use vouchsafe::ids::RecordType;

use super::declaration::{self, OfPack};
use super::manifest::{Form, Manifest, SubjectWord, TypeManifest};
use super::places::{Holds, Items, Member, PlaceData, Places, UNKNOWN};
use super::table;
use super::trie::{NodeId, Trie};
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
    compiler.compile_all()?;
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
        indexes: manifest.indexes,
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
        self.narrative(host.root, host.strictest)?;
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
            self.narrative(root, floor)?;
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
    fn narrative(&mut self, root: Place, class: DataClass) -> Result<(), PackError> {
        let Some(name) = self.form.narrative.clone() else {
            return Ok(());
        };
        let slot = Slot::new(class);
        let key = match self.form.narrative_type.clone() {
            None => Key::Opaque(slot),
            Some(datatype) => Key::Object(State {
                nodes: vec![self.datatype(&datatype)?],
                slot,
                floor: Some(class),
                operational: false,
                // All that is inside is as strict as the whole, known or not.
                in_extension: true,
            }),
        };
        let place = self.place(key);
        self.add_member(root, &name, place, false);
        Ok(())
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
}
