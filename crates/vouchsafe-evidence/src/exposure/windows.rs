//! All windows of all branches, from the evidence: computed once for all checks.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::digest::{Digest, Hasher};
use crate::exposure::databases::Database;
use crate::exposure::history::{HISTORY, source_of};
use crate::exposure::known::Known;
use crate::exposure::ledger::{Ledger, Moment, Window};
use crate::exposure::patch::{self, Commit, Files, Lines};
use crate::exposure::version::Ecosystem;
use crate::inputs::{Context, Known as Evidence};

/// What became of all branches.
#[derive(Debug)]
pub(crate) struct Windows {
    /// What is known of vulnerabilities.
    pub(crate) known: Arc<Known>,
    /// Each protected branch.
    pub(crate) branches: Vec<Branch>,
}

/// A branch.
#[derive(Debug)]
pub(crate) struct Branch {
    /// Its name.
    pub(crate) name: String,
    /// The commit that was collected last, and when.
    pub(crate) head: Option<(String, Timestamp)>,
    /// Why the last collection gave nothing.
    pub(crate) failed: Option<String>,
    /// Its windows, of histories that were rewritten too; sorted.
    pub(crate) windows: Vec<Window>,
    /// Ecosystems of its lock files.
    pub(crate) ecosystems: BTreeSet<Ecosystem>,
    /// Revisions of lock files that were read.
    pub(crate) revisions: u64,
    /// Commits whose date is before that of their parent.
    pub(crate) backwards: u64,
    /// How often its history was replaced by another.
    pub(crate) rewritten: u64,
}

/// A history without a rewrite, as the evidence has it.
struct Chain<'a> {
    pieces: Vec<&'a Evidence>,
}

/// All windows.
///
/// # Errors
/// When evidence is damaged, or there is no protected branch.
pub(crate) fn all(context: &Context<'_>, databases: &[Database]) -> Result<Arc<Windows>, String> {
    let settings = context.settings()?;
    let branches = &settings.change.branches;
    if branches.is_empty() {
        return Err("[change] branches of evidence.toml names no protected branch".to_owned());
    }
    let of = name_of(context, databases, branches);
    context.computed(of, || {
        let advisories = databases.iter().filter_map(|one| one.advisories.as_ref());
        let known = Arc::new(Known::of(
            advisories.map(|(_, advisories)| advisories.as_ref()),
        ));
        let each = branches.iter().map(|name| branch(context, &known, name));
        let branches = each.collect::<Result<_, _>>()?;
        Ok(Windows { known, branches })
    })
}

/// Names what the windows are computed from.
fn name_of(context: &Context<'_>, databases: &[Database], branches: &[String]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(format!("windows {branches:?}\n").as_bytes());
    for known in context.all(HISTORY) {
        hasher.update(format!("{} {}\n", known.index, known.content).as_bytes());
    }
    for database in databases {
        let index = database.advisories.as_ref().map(|(index, _)| *index);
        hasher.update(format!("{} {index:?}\n", database.name).as_bytes());
    }
    hasher.finish()
}

fn branch(context: &Context<'_>, known: &Known, name: &str) -> Result<Branch, String> {
    let source = source_of(name);
    let entries: Vec<_> = context
        .all(HISTORY)
        .filter(|entry| entry.evidence.source == source)
        .collect();
    let last = entries
        .last()
        .ok_or_else(|| format!("no history of {name} was collected"))?;
    let chains = chains(name, &entries)?;
    let mut branch = Branch {
        name: name.to_owned(),
        head: None,
        failed: last.evidence.failed.clone(),
        windows: Vec::new(),
        ecosystems: BTreeSet::new(),
        revisions: 0,
        backwards: 0,
        rewritten: (chains.len() as u64).saturating_sub(1),
    };
    let mut kept = BTreeSet::new();
    // The newest history first: of an older one only that counts which the newer one does not have.
    let mut replaced: Option<Moment> = None;
    for chain in chains.iter().rev() {
        let mut ledger = Ledger::new(known);
        for piece in &chain.pieces {
            ledger.piece(context, piece)?;
        }
        branch.take(&ledger, replaced.as_ref(), &mut kept);
        let first = chain.pieces.first();
        replaced = first.map(|first| Moment {
            commit: format!("history rewritten to {}", end_of(first)),
            at: first.evidence.collected_at,
        });
        if branch.head.is_none() {
            let last = chain.pieces.last();
            branch.head = last.map(|last| (end_of(last).to_owned(), last.evidence.collected_at));
            branch.revisions = ledger.revisions;
            branch.backwards = ledger.backwards;
        }
    }
    branch
        .windows
        .sort_by(|one, other| key(one).cmp(&key(other)));
    Ok(branch)
}

fn key(window: &Window) -> (Timestamp, &str, String, &str) {
    let subject = format!("{:08?}", window.subject);
    (
        window.entered.at,
        window.path.as_str(),
        subject,
        window.entered.commit.as_str(),
    )
}

fn end_of(known: &Evidence) -> &str {
    let ends = known.evidence.request.split_once("..");
    ends.map_or("", |(_, to)| to)
}

/// Puts pieces together: each begins where the one before it ended, or anew.
fn chains<'a>(name: &str, entries: &[&'a Evidence]) -> Result<Vec<Chain<'a>>, String> {
    let mut chains: Vec<Chain<'a>> = Vec::new();
    let mut end = "";
    for known in entries {
        if known.evidence.failed.is_some() {
            continue;
        }
        let (from, to) = known
            .evidence
            .request
            .split_once("..")
            .ok_or_else(|| format!("a history of {name} does not say from where to where"))?;
        match chains.last_mut() {
            _ if from.is_empty() => chains.push(Chain {
                pieces: vec![known],
            }),
            Some(chain) if from == end => chain.pieces.push(known),
            _ => {
                return Err(format!(
                    "a history of {name} begins at {from}, and the one before it does not end there"
                ));
            }
        }
        end = to;
    }
    Ok(chains)
}

impl Branch {
    fn take(
        &mut self,
        ledger: &Ledger<'_>,
        replaced: Option<&Moment>,
        kept: &mut BTreeSet<(String, String, String)>,
    ) {
        self.ecosystems
            .extend(ledger.formats.iter().map(|format| format.ecosystem()));
        for window in ledger.closed.iter().chain(ledger.open()) {
            let subject = format!("{:?}", window.subject);
            let key = (subject, window.path.clone(), window.entered.commit.clone());
            if !kept.insert(key) {
                continue;
            }
            let mut window = window.clone();
            window.left = window.left.or_else(|| replaced.cloned());
            self.windows.push(window);
        }
    }
}

impl Ledger<'_> {
    /// Takes a piece of a history. Files are kept from piece to piece, and dropped with the ledger.
    fn piece(&mut self, context: &Context<'_>, known: &Evidence) -> Result<(), String> {
        let content = context.content(known)?;
        let mut lines = Lines(&content);
        let header = lines.next().unwrap_or_default();
        let expected = format!(
            "history {} {}\n",
            known.evidence.source, known.evidence.request
        );
        if header != expected.as_bytes() {
            return Err("a history is not the one that its entry names".to_owned());
        }
        let mut files = std::mem::take(&mut self.files);
        patch::replay(
            lines.0,
            &mut files,
            &mut |commit: &Commit, files: &Files| {
                self.commit(commit, files);
                Ok(())
            },
        )
        .map_err(|why| format!("the history of {} is damaged: {why}", known.evidence.source))?;
        self.files = files;
        Ok(())
    }
}
