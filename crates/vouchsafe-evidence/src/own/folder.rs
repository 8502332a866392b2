//! `evidence/checks/*.toml`: the checks of a team, beside those that this program brings.

use std::fs;
use std::path::Path;

use vouchsafe_scan::detect::Detector;

use super::FACTS;
use crate::catalogue;
use crate::check::{Check, CheckError};
use crate::collect::look_for_phi;
use crate::project::FOLDER;
use crate::register::nearest;

/// How the ids of a team's checks begin, so that none stands in for one of ours.
pub(crate) const PREFIX: &str = "own.";
/// Characters of an id after the prefix: it becomes the name of a file in each pack.
const LONGEST: usize = 64;
/// Hours after which nothing speaks any more.
const HOURS_OF_A_YEAR: u32 = 8_784;
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
    let detector = Detector::new();
    for name in names {
        let text = read(&folder, &name).map_err(|problem| fault(&name, problem))?;
        // The definition stands in the log and in each pack.
        look_for_phi(&detector, FACTS, text.as_bytes()).map_err(|why| fault(&name, why))?;
        let check = Check::load(&text).map_err(|error| fault(&name, error.to_string()))?;
        if !is_own(&check.id) {
            let problem = format!(
                "the id must be {PREFIX} and then at most {LONGEST} of a-z, 0-9, - and point; {:?} is not",
                check.id
            );
            return Err(fault(&name, problem));
        }
        if check.title.contains(char::is_control)
            || check.remedy.contains(|c: char| c.is_control() && c != '\n')
        {
            return Err(fault(
                &name,
                "title and remedy hold control characters".to_owned(),
            ));
        }
        if check.controls.is_empty() {
            return Err(fault(&name, "it is for no control".to_owned()));
        }
        if check.cadence_hours.max(check.grace_hours) > HOURS_OF_A_YEAR {
            return Err(fault(
                &name,
                "cadence and grace are a year at most".to_owned(),
            ));
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

fn is_own(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    id.strip_prefix(PREFIX).is_some_and(|rest| {
        (1..=LONGEST).contains(&rest.len())
            && rest.chars().all(plain)
            && rest.split('.').all(|part| !part.is_empty())
    })
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
