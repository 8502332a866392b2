//! Layers inside the core, from the paths that its sources name.
//!
//! The sources are read as tokens, not resolved: a path counts when it is written from `crate::` or through `super::`.
//! The root re-exports no module's items, so no other way leads from one module to another.

use std::collections::BTreeSet;

use crate::{sources::Source, tokens::Token};

/// Where a module of the core stands. Whatever is not named here is a foundation, so a new module cannot reach up.
fn rank(module: &str) -> u8 {
    match module {
        "trusted" => 3,
        "gate" | "keys" => 2,
        "access" | "audit" | "seal" => 1,
        _ => 0,
    }
}

fn may_use(user: &str, used: &str) -> bool {
    user == used || rank(used) < rank(user) || (rank(user) == 0 && rank(used) == 0)
}

/// Module path: `access/facts.rs` is `["access", "facts"]`, the root is empty.
fn module(source: &Source) -> Vec<&str> {
    let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
    match stem {
        "lib" | "main" => Vec::new(),
        _ => stem.split('/').collect(),
    }
}

/// Arrows between the core's modules that do not point down.
pub(super) fn faults(sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| module(source).first().copied())
        .collect();
    let mut faults = Vec::new();
    for source in sources {
        let Some(&user) = module(source).first() else {
            continue;
        };
        for used in root_names(source) {
            if used == "*" {
                faults.push(format!("{} imports all of the root", source.path));
            } else if modules.contains(used.as_str()) && !may_use(user, &used) {
                faults.push(format!("{}: {user} must not use {used}", source.path));
            }
        }
    }
    faults
}

/// Names directly under the crate's root that a source names by path.
fn root_names(source: &Source) -> BTreeSet<String> {
    let depth = module(source).len();
    let mut names = BTreeSet::new();
    let mut rest = source.tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = match first.word() {
            Some("crate") => heads(after, &mut names),
            Some("super") => climb(after, depth, &mut names),
            _ => after,
        };
    }
    names
}

/// Follows `super::super::...`; what comes after as many as the module is deep stands under the root.
fn climb<'t>(mut rest: &'t [Token], depth: usize, names: &mut BTreeSet<String>) -> &'t [Token] {
    let mut left = depth.saturating_sub(1);
    while let [a, b, next, after @ ..] = rest
        && a.is(':')
        && b.is(':')
        && next.word() == Some("super")
    {
        left = left.saturating_sub(1);
        rest = after;
    }
    if left == 0 { heads(rest, names) } else { rest }
}

/// The names after `::`, one or a braced list.
fn heads<'t>(rest: &'t [Token], names: &mut BTreeSet<String>) -> &'t [Token] {
    let [a, b, after @ ..] = rest else {
        return rest;
    };
    if !(a.is(':') && b.is(':')) {
        return rest;
    }
    match after.split_first() {
        Some((Token::Word(name), after)) => {
            names.insert(name.clone());
            after
        }
        Some((Token::Sign('*'), after)) => {
            names.insert("*".to_owned());
            after
        }
        Some((Token::Sign('{'), after)) => {
            names.extend(list_heads(after));
            after
        }
        _ => after,
    }
}

/// The first word of each element of a braced list, up to its closing brace.
fn list_heads(tokens: &[Token]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut depth = 1_usize;
    let mut is_head = true;
    for token in tokens {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth -= 1,
            Token::Sign(',') if depth == 1 => is_head = true,
            Token::Sign('*') if depth == 1 && is_head => {
                names.insert("*".to_owned());
            }
            Token::Word(word) if depth == 1 && is_head => {
                names.insert(word.clone());
                is_head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Paths that a pure crate has no business with: files, network, environment, clock.
const IMPURE: [(&str, &str); 10] = [
    ("std", "fs"),
    ("std", "net"),
    ("std", "env"),
    ("std", "process"),
    ("SystemTime", "now"),
    ("Instant", "now"),
    ("Timestamp", "now"),
    ("Zoned", "now"),
    ("Uuid", "now_v6"),
    ("Uuid", "now_v7"),
];

/// Places where a pure crate reaches outside.
pub(super) fn impurities(name: &str, sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for (head, tail) in IMPURE {
            if names_after(&source.tokens, head).contains(tail) {
                let file = &source.path;
                faults.push(format!("{name} is pure, but {file} uses {head}::{tail}"));
            }
        }
    }
    faults
}

/// Every name that follows `head::`.
fn names_after(tokens: &[Token], head: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = if first.word() == Some(head) {
            heads(after, &mut names)
        } else {
            after
        };
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of a made-up core; `path` has `text`, the rest is empty.
    fn core_with(path: &str, text: &str) -> Vec<Source> {
        let mut sources: Vec<Source> = [
            "lib", "gate", "keys", "access", "audit", "seal", "session", "phi", "ids",
        ]
        .iter()
        .map(|name| Source::new(&format!("{name}.rs"), ""))
        .collect();
        sources.push(Source::new(path, text));
        sources
    }

    fn faults_in(path: &str, text: &str) -> Vec<String> {
        faults(&core_with(path, text))
    }

    #[test]
    fn the_gate_may_use_everything_below() {
        let text = "use crate::{access::Decision, audit, seal::*, session::Session, ids}; use crate::phi::Phi;";
        assert_eq!(faults_in("gate/permit.rs", text), Vec::<String>::new());
    }

    #[test]
    fn siblings_do_not_know_one_another() {
        assert_eq!(
            faults_in("access/facts.rs", "use crate::audit::Entry;"),
            ["access/facts.rs: access must not use audit"]
        );
        assert_eq!(
            faults_in("seal.rs", "fn f(x: &crate::access::Decision) {}"),
            ["seal.rs: seal must not use access"]
        );
    }

    #[test]
    fn a_foundation_reaches_nothing_above_it() {
        assert_eq!(
            faults_in(
                "phi.rs",
                "use crate::{ids::RecordId, gate::{Permit, Receipt}};"
            ),
            ["phi.rs: phi must not use gate"]
        );
        assert_eq!(
            faults_in("phi.rs", "use crate::ids::RecordId;"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_module_that_the_table_does_not_name_is_a_foundation() {
        assert_eq!(
            faults_in("new.rs", "use crate::seal::Suite;"),
            ["new.rs: new must not use seal"]
        );
    }

    #[test]
    fn climbing_by_super_is_seen() {
        assert_eq!(
            faults_in("audit/entry.rs", "use super::super::seal::Suite;"),
            ["audit/entry.rs: audit must not use seal"]
        );
        assert_eq!(
            faults_in("audit.rs", "use super::seal;"),
            ["audit.rs: audit must not use seal"]
        );
        assert_eq!(
            faults_in("audit/entry.rs", "use super::seal;"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn importing_all_of_the_root_is_refused() {
        assert_eq!(
            faults_in("audit.rs", "use crate::*;"),
            ["audit.rs imports all of the root"]
        );
    }

    #[test]
    fn names_in_comments_strings_and_tests_do_not_count() {
        let text = "// crate::seal\nconst S: &str = \"crate::seal\"; #[cfg(test)] mod tests { use crate::seal; }";
        assert_eq!(faults_in("access.rs", text), Vec::<String>::new());
    }

    #[test]
    fn a_pure_crate_reads_no_clock_and_no_file() {
        let sources = core_with(
            "seal.rs",
            "fn f() { let now = jiff::Timestamp::now(); use std::{fmt, fs}; }",
        );
        assert_eq!(
            impurities("core", &sources),
            [
                "core is pure, but seal.rs uses std::fs",
                "core is pure, but seal.rs uses Timestamp::now"
            ]
        );
        assert!(impurities("core", &core_with("seal.rs", "use jiff::Timestamp;")).is_empty());
    }
}
