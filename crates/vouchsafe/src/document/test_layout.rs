//! Layouts for tests.

use super::{Layout, Node, Object, Place, Slot};
use crate::class::DataClass;
use crate::ids::RecordType;

struct Row {
    slot: Slot,
    uniform: bool,
    children: Vec<(Box<str>, usize)>,
}

/// A layout of `path slot` lines. Steps may have a bracket, `identifier[system=ssn]`, for items that have such a
/// member. Paths without a line are `restricted`.
pub(crate) struct TestLayout {
    record_type: RecordType,
    rows: Vec<Row>,
}

/// The place of paths without a line.
const UNKNOWN: usize = 0;
const ROOT: usize = 1;

impl TestLayout {
    pub(crate) fn new(record_type: &str, lines: &[(&str, &str)]) -> Self {
        let mut layout = Self {
            record_type: record_type.parse().unwrap(),
            rows: Vec::new(),
        };
        layout.rows.push(row(DataClass::Restricted.into(), true));
        layout.rows.push(row(DataClass::Operational.into(), false));
        for (path, slot) in lines {
            let mut at = ROOT;
            for step in path.replace('[', ".[").split('.') {
                at = layout.child(at, step);
            }
            layout.rows[at].slot = slot.parse().unwrap();
        }
        layout
    }

    fn child(&mut self, at: usize, step: &str) -> usize {
        self.rows[at].uniform = false;
        if let Some(child) = self.find(at, step) {
            return child;
        }
        let slot = self.rows[at].slot.clone();
        self.rows.push(row(slot, true));
        let child = self.rows.len() - 1;
        self.rows[at].children.push((step.into(), child));
        child
    }

    fn find(&self, at: usize, step: &str) -> Option<usize> {
        let mut children = self.rows[at].children.iter();
        children
            .find(|(name, _)| **name == *step)
            .map(|(_, child)| *child)
    }
}

const fn row(slot: Slot, uniform: bool) -> Row {
    Row {
        slot,
        uniform,
        children: Vec::new(),
    }
}

fn index(at: Place) -> usize {
    usize::try_from(at.0).unwrap()
}

fn place(at: usize) -> Place {
    Place(u32::try_from(at).unwrap())
}

impl Layout for TestLayout {
    fn record_type(&self) -> &RecordType {
        &self.record_type
    }

    fn root(&self, _: &Node) -> Place {
        place(ROOT)
    }

    fn member(&self, at: Place, _: &Object, name: &str) -> Place {
        place(self.find(index(at), name).unwrap_or(UNKNOWN))
    }

    fn item(&self, at: Place, item: &Node) -> Place {
        let children = self.rows[index(at)].children.iter();
        let mut told = children.filter(|(step, _)| {
            let condition = step
                .strip_prefix('[')
                .and_then(|step| step.strip_suffix(']'));
            condition
                .and_then(|condition| condition.split_once('='))
                .is_some_and(|(name, value)| item.get(name).and_then(Node::as_str) == Some(value))
        });
        told.next().map_or(at, |(_, child)| place(*child))
    }

    fn slot(&self, at: Place) -> &Slot {
        &self.rows[index(at)].slot
    }

    fn uniform(&self, at: Place) -> bool {
        self.rows[index(at)].uniform
    }
}

/// A layout without a table: the slot of every place follows from the path and a seed.
pub(crate) struct SeededLayout {
    record_type: RecordType,
    seed: u32,
    slots: Vec<Slot>,
    /// Whether the class of items depends on their content.
    tells: bool,
}

impl SeededLayout {
    pub(crate) fn new(seed: u32, tells: bool) -> Self {
        Self {
            record_type: "Thing".parse().unwrap(),
            seed,
            slots: ["scheduling", "clinical", "identifier", "identifier+ssn"]
                .into_iter()
                .map(|name| name.parse().unwrap())
                .collect(),
            tells,
        }
    }
}

fn mix(at: u32, bytes: &[u8]) -> Place {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = bytes.iter().fold(at ^ 0x811c_9dc5, step);
    Place(hash ^ (hash >> 15))
}

impl Layout for SeededLayout {
    fn record_type(&self) -> &RecordType {
        &self.record_type
    }

    fn root(&self, _: &Node) -> Place {
        mix(self.seed, b"root")
    }

    fn member(&self, at: Place, _: &Object, name: &str) -> Place {
        mix(at.0, name.as_bytes())
    }

    fn item(&self, at: Place, item: &Node) -> Place {
        match item
            .as_str()
            .or_else(|| item.get("a").and_then(Node::as_str))
        {
            Some(text) if self.tells => mix(at.0, text.as_bytes()),
            _ => at,
        }
    }

    fn slot(&self, at: Place) -> &Slot {
        &self.slots[index(at) % self.slots.len()]
    }

    fn uniform(&self, at: Place) -> bool {
        (at.0 >> 8).is_multiple_of(3)
    }
}
