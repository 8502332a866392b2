//! The lines of all tables as one tree of steps.

use std::collections::HashMap;

use super::PackError;
use super::table::{Discriminator, Element, ElementKind, Line, Step};

/// A node of the tree.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct NodeId(u32);

/// A step of a path.
#[derive(Default)]
pub(super) struct TrieNode {
    /// What the line that ends here says; a step that is only on the way to others has none.
    pub(super) element: Option<Element>,
    /// In the order of the file.
    pub(super) children: Vec<Child>,
    /// Where the elements are that a `#` type refers to.
    pub(super) same: Option<NodeId>,
}

pub(super) struct Child {
    pub(super) step: Step,
    pub(super) node: NodeId,
}

/// All tables of a pack.
#[derive(Default)]
pub(super) struct Trie {
    nodes: Vec<TrieNode>,
    roots: HashMap<Box<str>, NodeId>,
}

impl Trie {
    /// Adds the lines of a table.
    pub(super) fn add(&mut self, lines: Vec<Line>) -> Result<(), PackError> {
        let mut references = Vec::new();
        for line in lines {
            let path = dotted(&line.steps);
            let mut steps = line.steps.into_iter();
            let Some(root) = steps.next().filter(|root| root.only.is_none()) else {
                return Err(PackError::Element {
                    path,
                    reason: "no type",
                });
            };
            let mut at = self.root_named(&root.name);
            for step in steps {
                at = self.child(at, step);
            }
            if let ElementKind::Same(target) = &line.element.kind {
                references.push((at, target.clone()));
            }
            let Some(node) = self.nodes.get_mut(at.0 as usize) else {
                continue;
            };
            if node.element.replace(line.element).is_some() {
                return Err(PackError::Element {
                    path,
                    reason: "stated twice",
                });
            }
        }
        for (from, target) in references {
            let to = self.find(&target).ok_or(PackError::Element {
                path: target,
                reason: "a type refers to it, and it is not in the tables",
            })?;
            if let Some(node) = self.nodes.get_mut(from.0 as usize) {
                node.same = Some(to);
            }
        }
        Ok(())
    }

    fn root_named(&mut self, name: &str) -> NodeId {
        if let Some(root) = self.roots.get(name) {
            return *root;
        }
        let root = self.push();
        self.roots.insert(name.into(), root);
        root
    }

    fn push(&mut self) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(TrieNode::default());
        id
    }

    fn child(&mut self, parent: NodeId, step: Step) -> NodeId {
        let known = self.node(parent).and_then(|node| {
            node.children
                .iter()
                .find(|child| child.step == step)
                .map(|child| child.node)
        });
        if let Some(known) = known {
            return known;
        }
        let node = self.push();
        if let Some(parent) = self.nodes.get_mut(parent.0 as usize) {
            parent.children.push(Child { step, node });
        }
        node
    }

    /// The root of a record type or datatype.
    pub(super) fn root(&self, name: &str) -> Option<NodeId> {
        self.roots.get(name).copied()
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&TrieNode> {
        self.nodes.get(id.0 as usize)
    }

    pub(super) fn element(&self, id: NodeId) -> Option<&Element> {
        self.node(id)?.element.as_ref()
    }

    /// The step at a plain dotted path.
    fn find(&self, path: &str) -> Option<NodeId> {
        let mut steps = path.split('.');
        let root = self.root(steps.next()?)?;
        steps.try_fold(root, |at, name| {
            let children = &self.node(at)?.children;
            let plain = |child: &&Child| *child.step.name == *name && child.step.only.is_none();
            children.iter().find(plain).map(|child| child.node)
        })
    }

    /// The children of several nodes that have this name: of each node those for certain items
    /// first, as the file has them, then the plain one.
    pub(super) fn children<'t>(&'t self, nodes: &[NodeId], name: &str) -> Vec<Found<'t>> {
        let mut found = Vec::new();
        for node in nodes.iter().filter_map(|id| self.node(*id)) {
            let named = || {
                node.children
                    .iter()
                    .filter(|child| *child.step.name == *name)
            };
            let as_found = |child: &'t Child| Found {
                node: child.node,
                only: child.step.only.as_ref(),
            };
            found.extend(named().filter(|c| c.step.only.is_some()).map(as_found));
            found.extend(named().filter(|c| c.step.only.is_none()).map(as_found));
        }
        found
    }

    /// The paths of a record type that feed an index, and the index's name.
    pub(super) fn indexed(&self, record_type: &str) -> Vec<(Vec<Box<str>>, Box<str>)> {
        let mut indexed = Vec::new();
        let mut todo: Vec<(NodeId, Vec<Box<str>>)> = self
            .root(record_type)
            .map(|root| (root, Vec::new()))
            .into_iter()
            .collect();
        while let Some((node, path)) = todo.pop() {
            let Some(node) = self.node(node) else {
                continue;
            };
            if let Some(index) = node
                .element
                .as_ref()
                .and_then(|element| element.index.clone())
            {
                indexed.push((path.clone(), index));
            }
            for child in &node.children {
                let mut path = path.clone();
                path.push(child.step.name.clone());
                todo.push((child.node, path));
            }
        }
        indexed.sort();
        indexed.dedup();
        indexed
    }

    /// The names of the children of several nodes, each once.
    pub(super) fn child_names(&self, nodes: &[NodeId]) -> Vec<&str> {
        let mut names = Vec::new();
        for node in nodes.iter().filter_map(|id| self.node(*id)) {
            for child in &node.children {
                if !names.contains(&&*child.step.name) {
                    names.push(&*child.step.name);
                }
            }
        }
        names
    }
}

/// A child, and for which items it is.
#[derive(Clone, Copy)]
pub(super) struct Found<'t> {
    pub(super) node: NodeId,
    pub(super) only: Option<&'t Discriminator>,
}

fn dotted(steps: &[Step]) -> Box<str> {
    let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
    names.join(".").into()
}
