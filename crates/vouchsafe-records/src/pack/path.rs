//! Values at the paths of a document.

use vouchsafe::document::Node;

/// Calls `found` with each value at a path below a node; arrays on the way are walked, also the
/// last one.
pub(crate) fn walk<'n>(node: &'n Node, path: &[Box<str>], found: &mut dyn FnMut(&'n Node)) {
    if let Some(items) = node.as_array() {
        for item in items {
            walk(item, path, found);
        }
        return;
    }
    match path.split_first() {
        None => found(node),
        Some((first, rest)) => {
            if let Some(value) = node.get(first) {
                walk(value, rest, found);
            }
        }
    }
}

/// Calls `found` with each value at a path below a node, and with where it is: `at` and the steps, those into arrays with
/// their numbers.
pub(super) fn walk_numbered<'n>(
    node: &'n Node,
    path: &[Box<str>],
    at: &str,
    found: &mut dyn FnMut(&'n Node, String),
) {
    if let Some(items) = node.as_array() {
        for (number, item) in items.iter().enumerate() {
            walk_numbered(item, path, &format!("{at}[{number}]"), found);
        }
        return;
    }
    match path.split_first() {
        None => found(node, at.to_owned()),
        Some((first, rest)) => {
            if let Some(value) = node.get(first) {
                walk_numbered(value, rest, &format!("{at}.{first}"), found);
            }
        }
    }
}

/// Calls `found` with each value at `path`, and with the values at each of `beside` that speak
/// of the same item: of the array items that both paths go through, the one that this value is in.
pub(crate) fn walk_with<'n>(
    root: &'n Node,
    path: &[Box<str>],
    beside: &[Vec<Box<str>>],
    found: &mut dyn FnMut(&'n Node, &[Vec<&'n Node>]),
) {
    descend(&mut vec![root], path, path, beside, found);
}

/// `trail`: the node at each step that was taken so far, the item of an array instead of the
/// array.
fn descend<'n>(
    trail: &mut Vec<&'n Node>,
    whole: &[Box<str>],
    rest: &[Box<str>],
    beside: &[Vec<Box<str>>],
    found: &mut dyn FnMut(&'n Node, &[Vec<&'n Node>]),
) {
    let Some(node) = trail.pop() else { return };
    if let Some(items) = node.as_array() {
        for item in items {
            trail.push(item);
            descend(trail, whole, rest, beside, found);
            trail.pop();
        }
        trail.push(node);
        return;
    }
    trail.push(node);
    match rest.split_first() {
        Some((first, rest)) => {
            if let Some(value) = node.get(first) {
                trail.push(value);
                descend(trail, whole, rest, beside, found);
                trail.pop();
            }
        }
        None => {
            let values: Vec<Vec<&'n Node>> = beside
                .iter()
                .map(|path| from_trail(trail, whole, path))
                .collect();
            found(node, &values);
        }
    }
}

fn from_trail<'n>(trail: &[&'n Node], whole: &[Box<str>], path: &[Box<str>]) -> Vec<&'n Node> {
    let shared = whole.iter().zip(path).take_while(|(a, b)| a == b).count();
    let mut values = Vec::new();
    if let (Some(node), Some(rest)) = (trail.get(shared), path.get(shared..)) {
        walk(node, rest, &mut |value| values.push(value));
    }
    values
}

/// The steps of a dotted path below its type: `Type.a.b` is `a`, `b`.
pub(crate) fn below_type(path: &str, record_type: &str) -> Option<Vec<Box<str>>> {
    let mut steps = path.split('.');
    if steps.next() != Some(record_type) {
        return None;
    }
    let steps: Vec<Box<str>> = steps.map(Into::into).collect();
    let sound = !steps.is_empty() && steps.iter().all(|step| !step.is_empty());
    sound.then_some(steps)
}
