//! `evidence/checks/*.toml`: the checks of a team, beside those that this program brings.

use std::fs;
use std::path::Path;

use crate::catalogue;
use crate::check::{Check, CheckError};
use crate::project::FOLDER;
use crate::register::nearest;

/// How the ids of a team's checks begin, so that none stands in for one of ours.
pub(crate) const PREFIX: &str = "own.";
/// A definition has no more than this.
const LIMIT: u64 = 1 << 20;

/// Why the checks of a team do not load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnError {
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("the catalogue of controls: {0}")]
    Catalogue(#[from] toml::de::Error),
    #[error("{path}: {problem}")]
    File { path: String, problem: String },
}

/// The checks of this program, then those of a project, in the order of their files.
///
/// # Errors
/// At the first that does not load: a check that is passed over would be a gap that nobody sees.
pub(crate) fn all_of(root: &Path) -> Result<Vec<Check>, OwnError> {
    let mut checks = Check::all()?;
    let folder = root.join(FOLDER).join("checks");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(checks),
        Err(error) => return Err(fault("", error.to_string())),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| fault("", error.to_string()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let controls = catalogue::controls()?;
    for name in names {
        let text = read(&folder, &name).map_err(|problem| fault(&name, problem))?;
        let check = Check::load(&text).map_err(|error| fault(&name, error.to_string()))?;
        if !check.id.starts_with(PREFIX) {
            let problem = format!("the id must begin with {PREFIX}, {} does not", check.id);
            return Err(fault(&name, problem));
        }
        if checks.iter().any(|known| known.id == check.id) {
            let problem = format!("another file has the check {} too", check.id);
            return Err(fault(&name, problem));
        }
        let ids = || controls.iter().map(|control| control.id.as_str());
        if let Some(unknown) = check
            .controls
            .iter()
            .find(|id| !ids().any(|known| known == *id))
        {
            let hint = nearest(unknown, ids()).map(|near| format!(": is {near} meant?"));
            let problem = format!("there is no control {unknown}{}", hint.unwrap_or_default());
            return Err(fault(&name, problem));
        }
        checks.push(check);
    }
    Ok(checks)
}

fn fault(name: &str, problem: String) -> OwnError {
    OwnError::File {
        path: format!("{FOLDER}/checks/{name}"),
        problem,
    }
}

fn read(folder: &Path, name: &str) -> Result<String, String> {
    let path = folder.join(name);
    let about = fs::symlink_metadata(&path).map_err(|error| error.to_string())?;
    if !about.is_file() || path.extension().is_none_or(|ending| ending != "toml") {
        return Err("only files that end in .toml belong here".to_owned());
    }
    if about.len() > LIMIT {
        return Err("the file is too large for a definition".to_owned());
    }
    fs::read_to_string(&path).map_err(|error| error.to_string())
}
