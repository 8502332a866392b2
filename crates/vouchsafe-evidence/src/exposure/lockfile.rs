//! Lock files: which packages, in which versions, a tree is built from.

mod cargo;
mod go;
mod npm;
mod python;

use crate::exposure::version::Ecosystem;

/// The formats that are read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Format {
    /// `Cargo.lock`.
    Cargo,
    /// `go.mod`: what is in the tree are its versions; `go.sum` also lists what is not.
    Go,
    /// `package-lock.json`, `npm-shrinkwrap.json`.
    Npm,
    /// `yarn.lock`.
    Yarn,
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `Pipfile.lock`.
    Pipfile,
    /// `poetry.lock`, `uv.lock`, `pdm.lock`.
    PythonToml,
    /// `requirements*.txt`.
    Requirements,
}

/// What git is asked for, as patterns of paths.
pub(crate) const PATTERNS: [&str; 11] = [
    ":(top,glob)**/Cargo.lock",
    ":(top,glob)**/go.mod",
    ":(top,glob)**/package-lock.json",
    ":(top,glob)**/npm-shrinkwrap.json",
    ":(top,glob)**/yarn.lock",
    ":(top,glob)**/pnpm-lock.yaml",
    ":(top,glob)**/Pipfile.lock",
    ":(top,glob)**/poetry.lock",
    ":(top,glob)**/uv.lock",
    ":(top,glob)**/pdm.lock",
    ":(top,glob)**/requirements*.txt",
];

impl Format {
    /// The format of the lock file at a path, if it is one.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        Some(match name {
            "Cargo.lock" => Self::Cargo,
            "go.mod" => Self::Go,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::Npm,
            "yarn.lock" => Self::Yarn,
            "pnpm-lock.yaml" => Self::Pnpm,
            "Pipfile.lock" => Self::Pipfile,
            "poetry.lock" | "uv.lock" | "pdm.lock" => Self::PythonToml,
            _ if name.starts_with("requirements") && name.ends_with(".txt") => Self::Requirements,
            _ => return None,
        })
    }

    /// The ecosystem of its packages.
    pub(crate) const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Cargo => Ecosystem::Crates,
            Self::Go => Ecosystem::Go,
            Self::Npm | Self::Yarn | Self::Pnpm => Ecosystem::Npm,
            Self::Pipfile | Self::PythonToml | Self::Requirements => Ecosystem::PyPi,
        }
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// In words, when it is not one: nothing can be said of the revision then.
    pub(crate) fn read(self, content: &[u8]) -> Result<Locked, String> {
        let text = std::str::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
        no_conflict(text)?;
        let mut locked = match self {
            Self::Cargo => cargo::read(text),
            Self::Go => go::read(text),
            Self::Npm => npm::read(text),
            Self::Yarn => npm::read_yarn(text),
            Self::Pnpm => npm::read_pnpm(text),
            Self::Pipfile => python::read_pipfile(text),
            Self::PythonToml => python::read_toml(text),
            Self::Requirements => python::read_requirements(text),
        }?;
        locked.packages.sort();
        locked.packages.dedup();
        Ok(locked)
    }
}

/// What a lock file says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Locked {
    /// Its packages, sorted.
    pub(crate) packages: Vec<Package>,
    /// What is in the tree and does not stand in the file.
    pub(crate) hidden: Option<&'static str>,
}

/// A package in one version.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Package {
    /// Its name, as its ecosystem compares names.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: Pinned,
}

/// A version in a lock file.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Pinned {
    /// This one.
    To(String),
    /// The file does not say which: why not.
    Unknown(&'static str),
}

impl Package {
    fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: Pinned::To(version.into()),
        }
    }

    fn unknown(name: impl Into<String>, why: &'static str) -> Self {
        Self {
            name: name.into(),
            version: Pinned::Unknown(why),
        }
    }
}

/// Refuses what a merge left behind.
fn no_conflict(text: &str) -> Result<(), String> {
    let marked = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    if text.lines().any(marked) {
        return Err("it holds the marks of an unfinished merge".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
