//! Files of a crate that import one another in a ring.
//!
//! Paths count from `crate::`, `self::` and `super::`, and from the name of a module below the file's own. The root of a crate
//! declares everything, and is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::{sources::Source, tokens::Token};

type Module = Vec<String>;

/// The rings of a crate, each as a fault.
pub(super) fn faults(name: &str, sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<Module> = sources.iter().map(module).collect();
    let arrows: BTreeMap<Module, BTreeSet<Module>> = sources
        .iter()
        .map(|source| (module(source), used(source, &modules)))
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = arrows
        .keys()
        .map(|from| (from, reachable(from, &arrows)))
        .collect();
    let mut rings: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, to) in &reached {
        let ring = to
            .iter()
            .filter(|module| reached.get(*module).is_some_and(|back| back.contains(from)));
        let ring: Vec<String> = ring.map(|module| module.join("/")).collect();
        if !ring.is_empty() {
            rings.insert(ring);
        }
    }
    rings
        .into_iter()
        .map(|ring| {
            format!(
                "{name}: these files import one another: {}",
                ring.join(", ")
            )
        })
        .collect()
}

fn module(source: &Source) -> Module {
    let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
    match stem {
        "lib" | "main" => Vec::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

/// Every module that can be come to from this one.
fn reachable<'a>(
    from: &Module,
    arrows: &'a BTreeMap<Module, BTreeSet<Module>>,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = arrows.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(arrows.get(next).into_iter().flatten());
        }
    }
    reached
}

/// The modules that a source names.
fn used(source: &Source, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let own = module(source);
    let mut used = BTreeSet::new();
    if own.is_empty() {
        return used;
    }
    let mut rest = source.tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let word = first.word().unwrap_or_default();
        let below = || own.iter().cloned().chain([word.to_owned()]).collect();
        let start: Option<Module> = match word {
            "crate" => Some(Vec::new()),
            "self" => Some(own.clone()),
            "super" => Some(parent(&own)),
            _ => Some(below()).filter(|below| modules.contains(below)),
        };
        let mut paths = Vec::new();
        rest = match start {
            // A word alone, as in `pub(super)` and `mod below;`, is no path.
            Some(start) if matches!(after, [a, b, ..] if a.is(':') && b.is(':')) => {
                follow(after, start, &mut paths)
            }
            _ => after,
        };
        let targets = paths.iter().filter_map(|path| file_of(path, modules));
        used.extend(targets.filter(|target| *target != own));
    }
    used
}

fn parent(module: &[String]) -> Module {
    module
        .split_last()
        .map_or(Vec::new(), |(_, parent)| parent.to_vec())
}

/// The file that a path leads into: the longest part of it that is a module.
fn file_of(path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let starts = (1..=path.len())
        .rev()
        .filter_map(|length| path.get(..length));
    starts
        .map(<[String]>::to_vec)
        .find(|start| modules.contains(start))
}

/// Reads what follows the first name of a path, with every element of a braced list.
fn follow<'t>(rest: &'t [Token], path: Module, paths: &mut Vec<Module>) -> &'t [Token] {
    let [a, b, next, after @ ..] = rest else {
        paths.push(path);
        return rest;
    };
    if !(a.is(':') && b.is(':')) {
        paths.push(path);
        return rest;
    }
    match next {
        Token::Word(word) if word == "super" => follow(after, parent(&path), paths),
        Token::Word(word) => follow(after, [path, vec![word.clone()]].concat(), paths),
        Token::Sign('{') => list(after, &path, paths),
        _ => {
            paths.push(path);
            after
        }
    }
}

/// Reads the elements of a braced list, up to its closing brace.
fn list<'t>(mut rest: &'t [Token], path: &Module, paths: &mut Vec<Module>) -> &'t [Token] {
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            Token::Sign('}') => return after,
            Token::Word(word) if word == "self" => {
                paths.push(path.clone());
                after
            }
            Token::Word(word) => {
                let path = [path.clone(), vec![word.clone()]].concat();
                follow(after, path, paths)
            }
            Token::Sign(_) => after,
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new(path, text))
            .collect();
        faults("c", &sources)
    }

    #[test]
    fn a_ring_is_named_once_with_all_of_its_files() {
        let found = faults_of(&[
            ("lib.rs", "mod a; mod b; mod d;"),
            ("a.rs", "use crate::{d::X, b::{Y, Z}};"),
            ("b.rs", "fn f() { crate::b::c::g() }"),
            ("b/c.rs", "use super::super::a::T;"),
            ("d.rs", "use std::fmt;"),
        ]);
        assert_eq!(found, ["c: these files import one another: a, b, b/c"]);
    }

    #[test]
    fn a_file_and_one_below_it_are_a_ring_only_if_both_name_the_other() {
        let one_way = [
            ("a.rs", "mod b; use b::X;"),
            ("a/b.rs", "use crate::d::Y;"),
            ("d.rs", ""),
        ];
        assert_eq!(faults_of(&one_way), Vec::<String>::new());
        let both = [("a.rs", "mod b; use b::X;"), ("a/b.rs", "use super::Y;")];
        assert_eq!(
            faults_of(&both),
            ["c: these files import one another: a, a/b"]
        );
    }
}
