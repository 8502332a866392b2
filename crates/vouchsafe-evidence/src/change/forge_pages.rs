//! The collector `forge`: saved pages of a forge, each file once.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use vouchsafe_scan::detect::Detector;

use super::{PAGES, gitlab, screen};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::digest::Digest;
use crate::project::Project;
use crate::store::WriteError;

/// Stores saved pages.
#[derive(Debug)]
pub(super) struct SavedPages;

/// How a text begins that stands for one that looks like PHI.
pub(super) const WITHHELD: &str = "[withheld: ";

/// Fields of a forge that hold free text of people.
const FREE_TEXT: &[&str] = &[
    "title",
    "body",
    "body_text",
    "body_html",
    "message",
    "description",
    "summary",
    "text",
    "name",
];

impl Collector for SavedPages {
    fn name(&self) -> &'static str {
        "forge"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let folders = &project.settings.change.pages;
        folders
            .iter()
            .map(|folder| Call::new(format!("read saved pages in {folder}"), "none"))
            .collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let stored = sink.index().of_type(PAGES).iter();
        let mut known: HashSet<Digest> = stored
            .filter(|known| known.evidence.failed.is_none())
            .map(|known| known.content)
            .collect();
        for folder in &project.settings.change.pages {
            let files = match files(&project.root().join(folder)) {
                Ok(files) => files,
                Err(error) => {
                    sink.failed(PAGES, "file", folder, format!("{folder}: {error}"))?;
                    continue;
                }
            };
            for path in files {
                store(&path, &mut known, sink)?;
            }
        }
        Ok(())
    }
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn store(path: &Path, known: &mut HashSet<Digest>, sink: &mut Sink<'_>) -> Result<(), WriteError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let raw = match fs::read(path) {
        Ok(raw) => raw,
        Err(error) => return sink.failed(PAGES, "file", &name, error.to_string()),
    };
    if known.contains(&Digest::of(&raw)) {
        return Ok(());
    }
    let screened = match screened(sink.detector(), &raw) {
        Ok(screened) => screened,
        Err(why) => return sink.failed(PAGES, "file", &name, why),
    };
    if !known.insert(Digest::of(&screened.content)) {
        return Ok(());
    }
    sink.put_screened(&Collected {
        schema: PAGES,
        source: &screened.source,
        request: &name,
        collected_at: screened.last,
        effective: None,
        content: &screened.content,
    })
}

/// A file of pages without what looks like PHI.
struct Screened {
    content: Vec<u8>,
    source: String,
    last: Option<Timestamp>,
}

/// Looks at the free text of each page. Text that looks like PHI is replaced by its classes, and the page says so.
fn screened(detector: &Detector, raw: &[u8]) -> Result<Screened, String> {
    let mut out = Screened {
        content: Vec::with_capacity(raw.len()),
        source: "file".to_owned(),
        last: None,
    };
    let lines = raw.split(|byte| *byte == b'\n').zip(1_u64..);
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let mut page: Value = serde_json::from_slice(line)
            .map_err(|_| format!("line {number} is not JSON: was the file cut?"))?;
        let at = page.get("at").and_then(Value::as_str);
        if let Some(at) = at.and_then(|at| at.parse::<Timestamp>().ok()) {
            out.last = out.last.max(Some(at));
        }
        let path = page.get("path").and_then(Value::as_str).unwrap_or_default();
        if let Some(repository) = repository(path) {
            out.source = format!("github:{repository}");
        } else if let Some((project, _)) = gitlab::place(path) {
            out.source = format!("gitlab:{project}");
        }
        let withheld = page
            .get_mut("body")
            .is_some_and(|body| withhold(detector, body, false));
        if withheld {
            if let Some(page) = page.as_object_mut() {
                page.insert("withheld".to_owned(), Value::Bool(true));
            }
            let line = serde_json::to_vec(&page).map_err(|error| error.to_string())?;
            out.content.extend_from_slice(&line);
        } else {
            out.content.extend_from_slice(line);
        }
        out.content.push(b'\n');
    }
    Ok(out)
}

/// `owner/name` of `/repos/owner/name/...`.
pub(super) fn repository(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix("/repos/")?.split('/');
    let (owner, name) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{name}"))
}

/// Replaces free text that looks like PHI, and says whether there was any.
fn withhold(detector: &Detector, value: &mut Value, free: bool) -> bool {
    match value {
        Value::String(text) if free => {
            let classes = screen::classes(detector, text.as_bytes());
            if classes.is_empty() {
                return false;
            }
            let named: Vec<String> = classes.iter().map(ToString::to_string).collect();
            *text = format!("{WITHHELD}{}]", named.join(","));
            true
        }
        Value::Array(values) => {
            let mut any = false;
            for value in values {
                any |= withhold(detector, value, free);
            }
            any
        }
        Value::Object(fields) => {
            let mut any = false;
            for (key, value) in fields {
                any |= withhold(detector, value, FREE_TEXT.contains(&key.as_str()));
            }
            any
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_in_a_page_is_withheld_and_the_rest_is_kept() {
        let page = r#"{"page":1,"path":"/repos/a/b/pulls/5","at":"2026-01-02T00:00:00Z","body":{"id":4155550134,"title":"SSN 219-09-9999","user":{"login":"ann"}}}"#;
        let out = screened(&Detector::new(), format!("{page}\n").as_bytes()).unwrap();
        let text = String::from_utf8(out.content).unwrap();
        assert!(!text.contains("219-09"));
        assert!(text.contains("[withheld: ssn]") && text.contains("4155550134"));
        assert_eq!(out.source, "github:a/b");
    }

    #[test]
    fn a_clean_page_stays_as_it_came_and_a_cut_file_is_refused() {
        let page = "{\"page\":1, \"path\":\"/repos/a/b\",\"body\":{\"id\":1}}\n";
        let out = screened(&Detector::new(), page.as_bytes()).unwrap();
        assert_eq!(out.content, page.as_bytes());
        assert!(screened(&Detector::new(), &page.as_bytes()[..20]).is_err());
    }
}
