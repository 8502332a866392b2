//! The check `alerts.runbook`: each alert names a runbook that is there.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RUNBOOKS;
use super::rules::{self, Alert};
use crate::digest::Digest;
use crate::files;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Unobservable};

/// The largest runbook.
const LIMIT: u64 = 16 << 20;

/// The content of `alerts.runbooks/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runbooks {
    folder: String,
    files: Vec<Runbook>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Runbook {
    path: String,
    sha256: String,
    size: u64,
}

/// Lists the runbooks of a folder.
pub(super) fn list(root: &Path, folder: &str) -> Result<(String, Runbooks), String> {
    let folder = folder.trim_end_matches('/').to_owned();
    if !fs::exists(root.join(&folder)).unwrap_or(false) {
        return Err(format!("{folder} is not there"));
    }
    let mut found = Vec::new();
    for path in files::expand(root, std::slice::from_ref(&folder), &[""])? {
        let content = files::read(root, &path, LIMIT)?;
        found.push(Runbook {
            sha256: Digest::of(&content).to_string(),
            size: content.len() as u64,
            path,
        });
    }
    let runbooks = Runbooks {
        folder: folder.clone(),
        files: found,
    };
    Ok((folder, runbooks))
}

/// Judges.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let alerts = rules::all(context)?;
    let [known] = files::collected(context, RUNBOOKS)?
        .try_into()
        .map_err(|_| "runbooks were listed more than once at one moment".to_owned())?;
    let runbooks: Runbooks = serde_json::from_slice(&context.content(known)?)
        .map_err(|error| format!("the list of runbooks: {error}"))?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    for alert in alerts.iter().flat_map(|(alerts, _)| alerts) {
        let (code, text) = match look(&runbooks, alert) {
            Ok(None) => continue,
            Ok(Some(fault)) => fault,
            Err(what) => {
                unobservable.push(Unobservable {
                    item: alert.item(),
                    what,
                });
                continue;
            }
        };
        deviations.push(Deviation::new(code, alert.item(), text).at(alert.place()));
    }
    let count = runbooks.files.len();
    Ok(Judgement::of(deviations, unobservable)
        .noting(format!("{count} runbooks in {}", runbooks.folder)))
}

type Fault = (&'static str, String);

fn look(runbooks: &Runbooks, alert: &Alert) -> Result<Option<Fault>, String> {
    let named = ["runbook_url", "runbook"]
        .iter()
        .find_map(|key| alert.annotations.get(*key));
    let Some(named) = named.filter(|named| !named.trim().is_empty()) else {
        return Ok(Some((
            "RUNBOOK_MISSING",
            "it has no annotation runbook_url".to_owned(),
        )));
    };
    let mut named = named.clone();
    for template in [
        "{{ $labels.alertname }}",
        "{{$labels.alertname}}",
        "{{ .Labels.alertname }}",
    ] {
        named = named.replace(template, &alert.name);
    }
    if named.contains("{{") {
        return Err("its runbook_url is a template: write the name of the file".to_owned());
    }
    let path = named.split(['#', '?']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let path = path.trim_matches('/').trim_start_matches("./");
    match runbooks
        .files
        .iter()
        .find(|file| is(path, &file.path, &runbooks.folder))
    {
        None => Ok(Some((
            "RUNBOOK_NOT_FOUND",
            format!("{path} is not among the runbooks"),
        ))),
        Some(file) if file.size == 0 => {
            Ok(Some(("RUNBOOK_EMPTY", format!("{} is empty", file.path))))
        }
        Some(_) => Ok(None),
    }
}

/// Whether a path or the path of a page ends in the path of a file, below the project or below the folder.
fn is(path: &str, file: &str, folder: &str) -> bool {
    let below = file
        .strip_prefix(folder)
        .map_or(file, |rest| rest.trim_start_matches('/'));
    let bare = |name: &str| -> String {
        let (folders, last) = name
            .rsplit_once('/')
            .map_or(("", name), |(folders, last)| (folders, last));
        let stem = last.split_once('.').map_or(last, |(stem, _)| stem);
        if folders.is_empty() {
            stem.to_owned()
        } else {
            format!("{folders}/{stem}")
        }
    };
    let names = [file.to_owned(), below.to_owned(), bare(file), bare(below)];
    names.iter().filter(|name| !name.is_empty()).any(|name| {
        path == name
            || path
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.ends_with('/'))
    })
}
