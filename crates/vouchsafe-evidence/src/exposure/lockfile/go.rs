//! `go.mod`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Locked, Package};

/// Directives other than those that are read, which say nothing of versions.
const OTHER: [&str; 5] = ["module", "godebug", "retract", "tool", "ignore"];

const INDIRECT: &str =
    "below go 1.17 go.mod does not list the modules that others need; go 1.17 or later lists them";
const LOCAL: &str = "it is replaced by a folder, of which go.mod names no version";
const EXCLUDED: &str =
    "this version is excluded, and go.mod does not say which is used in its place";
const OLD_GO: &str =
    "before go 1.21 the go line of go.mod does not say which release builds; a toolchain line does";

#[derive(Default)]
struct File {
    go: Option<String>,
    toolchain: Option<String>,
    require: Vec<(String, String)>,
    exclude: BTreeSet<(String, String)>,
    /// Module and version (or none, for all) to what stands in its place.
    replace: BTreeMap<(String, Option<String>), (String, Option<String>)>,
}

/// Reads it.
pub(super) fn read(text: &str) -> Result<Locked, String> {
    let mut file = File::default();
    let mut block: Option<String> = None;
    for (line, number) in text.lines().zip(1..) {
        let fault = |what: &str| format!("line {number} of it {what}");
        let words = words(line).ok_or_else(|| fault("has a quote without an end"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let whole = match (&block, words.as_slice()) {
            (_, []) => continue,
            (Some(_), [")"]) => {
                block = None;
                continue;
            }
            (None, [verb, "()"]) => {
                known_verb(verb).ok_or_else(|| fault("is no directive"))?;
                continue;
            }
            (None, [verb, "("]) => {
                block = Some((*verb).to_owned());
                known_verb(verb).ok_or_else(|| fault("is no directive"))?;
                continue;
            }
            (Some(verb), rest) => (verb.as_str(), rest),
            (None, [verb, rest @ ..]) => (*verb, rest),
        };
        directive(&mut file, whole.0, whole.1).ok_or_else(|| fault("is no directive"))?;
    }
    if block.is_some() {
        return Err("it ends within a block".to_owned());
    }
    Ok(resolve(&file))
}

fn known_verb(verb: &str) -> Option<()> {
    let read = ["require", "replace", "exclude", "go", "toolchain"];
    (read.contains(&verb) || OTHER.contains(&verb)).then_some(())
}

/// Takes a directive; nothing when it is none.
fn directive(file: &mut File, verb: &str, arguments: &[&str]) -> Option<()> {
    match (verb, arguments) {
        ("go", [version]) => file.go = Some((*version).to_owned()),
        ("toolchain", [version]) => file.toolchain = Some((*version).to_owned()),
        ("require", [path, version]) => {
            file.require
                .push(((*path).to_owned(), (*version).to_owned()));
        }
        ("exclude", [path, version]) => {
            file.exclude
                .insert(((*path).to_owned(), (*version).to_owned()));
        }
        ("replace", _) => {
            let arrow = arguments.iter().position(|word| *word == "=>")?;
            let (from, to) = arguments.split_at_checked(arrow)?;
            let of = match from {
                [path] => ((*path).to_owned(), None),
                [path, version] => ((*path).to_owned(), Some((*version).to_owned())),
                _ => return None,
            };
            let by = match to {
                [_, path] => ((*path).to_owned(), None),
                [_, path, version] => ((*path).to_owned(), Some((*version).to_owned())),
                _ => return None,
            };
            file.replace.insert(of, by);
        }
        _ if OTHER.contains(&verb) && !arguments.is_empty() => {}
        _ => return None,
    }
    Some(())
}

/// The modules that are built, after replacements and exclusions.
fn resolve(file: &File) -> Locked {
    let mut packages = Vec::new();
    for (path, version) in &file.require {
        let exact = (path.clone(), Some(version.clone()));
        let all = (path.clone(), None);
        let by = file.replace.get(&exact).or_else(|| file.replace.get(&all));
        packages.push(match by {
            Some((by, Some(version))) => Package::new(by, version),
            Some((_, None)) => Package::unknown(path, LOCAL),
            None if file.exclude.contains(&(path.clone(), version.clone())) => {
                Package::unknown(path, EXCLUDED)
            }
            None => Package::new(path, version),
        });
    }
    let go = file.go.as_deref().unwrap_or("1.0");
    let release = file
        .toolchain
        .as_deref()
        .and_then(|named| named.strip_prefix("go"));
    let release = release.or_else(|| at_least(go, 21).then_some(go));
    for name in ["stdlib", "toolchain"] {
        packages.push(match release {
            Some(release) => Package::new(name, semantic(release)),
            None => Package::unknown(name, OLD_GO),
        });
    }
    Locked {
        packages,
        hidden: (!at_least(go, 17)).then_some(INDIRECT),
    }
}

/// Whether a version of the language is 1.N or later.
fn at_least(go: &str, minor: u32) -> bool {
    let mut parts = go.split('.');
    let major: Option<u32> = parts.next().and_then(|part| part.parse().ok());
    let digits = parts.next().unwrap_or_default();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let digits = digits.get(..end.unwrap_or(digits.len()));
    let has: u32 = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    major.is_some_and(|major| major > 1 || (major == 1 && has >= minor))
}

/// A release of Go as a semantic version: `1.21` is `1.21.0`, `1.22rc1` is `1.22.0-rc.1`. Suffixes of vendors go.
fn semantic(release: &str) -> String {
    let release = release.split(['-', '+']).next().unwrap_or(release);
    for stage in ["rc", "beta"] {
        if let Some((numbers, number)) = release.split_once(stage) {
            return format!("{numbers}.0-{stage}.{number}");
        }
    }
    release.to_owned()
}

/// The words of a line, without its comment.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with("//") {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '`'));
        let (word, after) = if let Some(quote) = quote {
            let inner = rest.strip_prefix(quote)?;
            inner.split_once(quote)?
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let word = rest.split_at_checked(end)?;
            word.0
                .find("//")
                .map_or(Some(word), |at| rest.split_at_checked(at))?
        };
        // A bracket may touch the word before it.
        match word
            .strip_suffix('(')
            .filter(|verb| !verb.is_empty() && quote.is_none())
        {
            Some(verb) => words.extend([verb.to_owned(), "(".to_owned()]),
            None => words.push(word.to_owned()),
        }
        rest = after.trim_start();
    }
    Some(words)
}
