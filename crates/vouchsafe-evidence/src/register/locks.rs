//! Lock files: which packages of which ecosystems they name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where packages come from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ecosystem {
    Cargo,
    Go,
    Npm,
    Python,
}

impl Ecosystem {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Go => "go",
            Self::Npm => "npm",
            Self::Python => "python",
        }
    }
}

/// A package in a lock file.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    pub(crate) ecosystem: Ecosystem,
    /// `package` in evidence: beside `name`, names of packages look like names of people.
    #[serde(rename = "package")]
    pub(crate) name: String,
    pub(crate) version: String,
    /// The registry or address that it is from, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// Whether the project itself asks for it; unknown where the file does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) direct: Option<bool>,
}

impl Package {
    /// The same, with no more of its source than where that is: no user, no token, no query.
    pub(crate) fn without_credentials(mut self) -> Self {
        self.source = self.source.map(|source| {
            let place = source.split(['?', '#']).next().unwrap_or_default();
            let Some((scheme, rest)) = place.split_once("://") else {
                return place.to_owned();
            };
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        });
        self
    }
}

/// A reader of lock files.
pub(crate) type Reader = fn(&str) -> Result<Vec<Package>, String>;

/// The reader of a file, by its name; none when it is no lock file.
pub(crate) fn reader(path: &str) -> Option<Reader> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let reader: Reader = match name {
        "Cargo.lock" => cargo,
        "go.mod" => go,
        "package-lock.json" | "npm-shrinkwrap.json" => npm,
        "yarn.lock" => yarn,
        "pnpm-lock.yaml" => pnpm,
        "poetry.lock" | "uv.lock" | "pdm.lock" => python_lock,
        "Pipfile.lock" => pipfile,
        _ if name.starts_with("requirements") && name.ends_with(".txt") => requirements,
        _ => return None,
    };
    Some(reader)
}

fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    Package {
        ecosystem,
        name: name.to_owned(),
        version: version.to_owned(),
        source: None,
        direct: None,
    }
}

#[derive(Deserialize)]
struct TomlLock {
    #[serde(default)]
    package: Vec<TomlPackage>,
}

#[derive(Deserialize)]
struct TomlPackage {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    source: Option<toml::Value>,
    #[serde(default)]
    dependencies: Option<toml::Value>,
}

fn toml_lock(text: &str) -> Result<TomlLock, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

/// A package without a source is the project's own; what it names is asked for by the project.
fn cargo(text: &str) -> Result<Vec<Package>, String> {
    let lock = toml_lock(text)?;
    let own = lock
        .package
        .iter()
        .filter(|package| package.source.is_none());
    let asked: std::collections::BTreeSet<String> = own
        .filter_map(|package| package.dependencies.as_ref()?.as_array())
        .flatten()
        .filter_map(|name| Some(name.as_str()?.split(' ').next()?.to_owned()))
        .collect();
    let packages = lock.package.iter().filter_map(|locked| {
        let source = locked.source.as_ref()?.as_str()?;
        let mut found = package(
            Ecosystem::Cargo,
            &locked.name,
            locked.version.as_deref().unwrap_or_default(),
        );
        found.source = Some(source.to_owned());
        found.direct = Some(asked.contains(&locked.name));
        Some(found)
    });
    Ok(packages.collect())
}

fn python_lock(text: &str) -> Result<Vec<Package>, String> {
    let lock = toml_lock(text)?;
    let packages = lock.package.iter().map(|locked| {
        let name = python_name(&locked.name);
        package(
            Ecosystem::Python,
            &name,
            locked.version.as_deref().unwrap_or_default(),
        )
    });
    Ok(packages.collect())
}

/// Names that differ in case, `-`, `_` and `.` are one name.
pub(crate) fn python_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words = lower.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// `require` lines of `go.mod`. A `replace` counts too: what is put in place is what is built.
fn go(text: &str) -> Result<Vec<Package>, String> {
    let mut found = Vec::new();
    let mut block = "";
    for line in text.lines() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let words: Vec<&str> = code.split_whitespace().collect();
        let (verb, rest) = match (block, words.as_slice()) {
            ("", [verb, "("]) => {
                block = verb;
                continue;
            }
            ("", [verb, rest @ ..]) => (*verb, rest),
            (_, [")"]) => {
                block = "";
                continue;
            }
            (verb, rest) => (verb, rest),
        };
        let (name, version, direct) = match (verb, rest) {
            ("require", [name, version, ..]) => {
                (name, *version, Some(comment.trim() != "indirect"))
            }
            ("replace", [.., "=>", name, version]) => (name, *version, None),
            _ => continue,
        };
        let mut one = package(Ecosystem::Go, name.trim_matches('"'), version);
        one.direct = direct;
        found.push(one);
    }
    if !text
        .lines()
        .any(|line| line.trim_start().starts_with("module"))
    {
        return Err("it names no module".to_owned());
    }
    Ok(found)
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("line {}: it is no JSON", error.line()))
}

fn npm(text: &str) -> Result<Vec<Package>, String> {
    let lock = json(text)?;
    let mut found = Vec::new();
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        let root = packages.get("");
        for (path, locked) in packages {
            let Some((_, name)) = path.rsplit_once("node_modules/") else {
                continue;
            };
            // An alias: the package has another name than its folder.
            let name = locked.get("name").and_then(Value::as_str).unwrap_or(name);
            let mut one = npm_package(name, locked);
            let top = path.matches("node_modules/").count() == 1;
            one.direct = root.map(|root| top && asks_for(root, name));
            found.push(one);
        }
        return Ok(found);
    }
    let dependencies = lock
        .get("dependencies")
        .ok_or("it has neither packages nor dependencies")?;
    nested(dependencies, &mut found);
    Ok(found)
}

fn asks_for(root: &Value, name: &str) -> bool {
    [
        "dependencies",
        "devDependencies",
        "optionalDependencies",
        "peerDependencies",
    ]
    .into_iter()
    .any(|kind| {
        root.get(kind)
            .and_then(|of_kind| of_kind.get(name))
            .is_some()
    })
}

fn npm_package(name: &str, locked: &Value) -> Package {
    let text = |key| locked.get(key).and_then(Value::as_str);
    let mut one = package(Ecosystem::Npm, name, text("version").unwrap_or_default());
    one.source = text("resolved").map(ToOwned::to_owned);
    one
}

/// The format of npm 6 and older.
fn nested(dependencies: &Value, found: &mut Vec<Package>) {
    for (name, locked) in dependencies.as_object().into_iter().flatten() {
        found.push(npm_package(name, locked));
        if let Some(below) = locked.get("dependencies") {
            nested(below, found);
        }
    }
}

/// Headings such as `"@sentry/node@^7.0.0", "@sentry/node@npm:^7":`, then the version.
fn yarn(text: &str) -> Result<Vec<Package>, String> {
    let mut found: Vec<Package> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        if !line.starts_with(char::is_whitespace) {
            let first = line
                .trim_end_matches(':')
                .split(',')
                .next()
                .unwrap_or_default();
            let first = first.trim().trim_matches('"');
            if let Some(name) = npm_name(first) {
                found.push(package(Ecosystem::Npm, name, ""));
            }
        } else if let (Some(version), Some(last)) =
            (line.trim_start().strip_prefix("version"), found.last_mut())
            && last.version.is_empty()
        {
            version
                .trim_matches([' ', ':', '"'])
                .clone_into(&mut last.version);
        }
    }
    found.retain(|package| package.name != "__metadata");
    Ok(found)
}

/// The name before the `@` of a version.
fn npm_name(text: &str) -> Option<&str> {
    let scope = usize::from(text.starts_with('@'));
    let at = text.get(scope..)?.find('@')? + scope;
    text.get(..at).filter(|name| !name.is_empty())
}

/// Keys below `packages:`, such as `/@sentry/node@7.0.0:`, `'@sentry/node@7.0.0':` or, before 2021, `/@sentry/node/7.0.0:`.
fn pnpm(text: &str) -> Result<Vec<Package>, String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            inside = line.starts_with("packages:") || line.starts_with("snapshots:");
            continue;
        }
        let is_key = inside && line.starts_with("  ") && !line.starts_with("   ");
        let line = line.trim();
        let key = line.strip_suffix(':').or_else(|| line.strip_suffix(": {}"));
        let Some(key) = key.filter(|_| is_key) else {
            continue;
        };
        let key = key.trim_matches(['\'', '"']).trim_start_matches('/');
        // What it was resolved beside stands in brackets.
        let key = key.split('(').next().unwrap_or(key);
        let split = npm_name(key).map(|name| (name, key.get(name.len() + 1..).unwrap_or_default()));
        if let Some((name, version)) = split.or_else(|| key.rsplit_once('/')) {
            found.push(package(Ecosystem::Npm, name, version));
        }
    }
    Ok(found)
}

fn pipfile(text: &str) -> Result<Vec<Package>, String> {
    let lock = json(text)?;
    let sections = ["default", "develop"]
        .into_iter()
        .filter_map(|section| lock.get(section)?.as_object());
    let packages = sections.flatten().map(|(name, locked)| {
        let version = locked
            .get("version")
            .and_then(Value::as_str)
            .unwrap_or_default();
        package(
            Ecosystem::Python,
            &python_name(name),
            version.trim_start_matches("=="),
        )
    });
    Ok(packages.collect())
}

fn requirements(text: &str) -> Result<Vec<Package>, String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('-') {
            continue;
        }
        let end = line
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(end).unwrap_or((line, ""));
        let version = rest.split_once("==").map_or("", |(_, version)| {
            version.split([';', ' ', '\\']).next().unwrap_or_default()
        });
        if !name.is_empty() {
            let mut one = package(Ecosystem::Python, &python_name(name), version.trim());
            one.direct = None;
            found.push(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
