//! What is known of one change: its pull request, its approvals, what deviates.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::approval::{Approval, Terms};
use super::commit::Oid;
use super::emergency::{Emergencies, is_excused};
use super::forge::Forge;
use super::history::{Change, History};
use super::identity::{Identities, Makers};
use super::link::{Coded, Link, Linked, link};
use super::pushers::Pushers;
use super::rights::Rights;
use super::shapes::Pull;
use crate::inputs::Context;
use crate::project::Settings;

/// All that changes are judged by.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) settings: Arc<Settings>,
    pub(super) history: History,
    pub(super) forge: Option<Word>,
    pub(super) emergencies: Emergencies,
}

/// The word of the forge, with what follows from it.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) forge: Forge,
    pub(super) rights: Rights,
    pub(super) identities: Identities,
    pub(super) pushers: Pushers,
}

/// What is known of one change.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) pull: Option<u64>,
    pub(super) merged_at: Option<Timestamp>,
    /// The head that was merged.
    pub(super) head: Option<String>,
    /// Another commit that a pipeline tried in its place.
    pub(super) tried: Option<Oid>,
    pub(super) approved: Vec<(String, Timestamp)>,
    /// Approvals that came after the merge.
    pub(super) late: Vec<(String, Timestamp)>,
    /// Why those that came after the merge may not count, if that is not shown.
    pub(super) late_unseen: Option<String>,
    /// Who pushed the commits of the pull request.
    pub(super) pushers: Vec<String>,
    /// Programs that are named as authors or co-authors.
    pub(super) programs: BTreeSet<String>,
    pub(super) deviations: Vec<Coded>,
    pub(super) unseen: Vec<String>,
    /// Why it is an emergency change, if it is.
    pub(super) emergency: Option<String>,
}

impl Evidence {
    /// Puts the evidence together.
    ///
    /// # Errors
    /// When there is none, or a part cannot be read.
    pub(super) fn of(context: &Context<'_>) -> Result<Self, String> {
        let settings = context.settings()?;
        let history = History::of(context, &settings.change)?;
        let forge = Forge::of(context, &settings.change)?;
        let forge = forge.map(|forge| Word::of(forge, &settings));
        let emergencies = Emergencies::of(context, &settings.change)?;
        Ok(Self {
            settings,
            history,
            forge,
            emergencies,
        })
    }

    /// Judges a change.
    pub(super) fn verdict(&self, change: &Change) -> Verdict {
        let Some(word) = &self.forge else {
            let seen = Verdict::default();
            return self.excuse(
                change,
                None,
                seen.unseen("no page of a forge was collected"),
            );
        };
        let verdict = Verdict::default();
        match link(&self.history, &word.forge, change) {
            Link::Unseen(pull, why) => {
                let known = pull.and_then(|pull| word.forge.pull(pull).ok());
                let verdict = Verdict { pull, ..verdict };
                self.excuse(change, known.map(|(_, pull)| pull), verdict.unseen(why))
            }
            Link::Deviates(pull, coded) => {
                let verdict = Verdict {
                    pull,
                    deviations: vec![coded],
                    ..verdict
                };
                self.excuse(change, None, verdict)
            }
            Link::Pull(linked) => {
                let (approval, makers) = word.approval(change, &linked);
                let verdict = Verdict {
                    pull: Some(linked.pull.number),
                    merged_at: Some(linked.merged_at),
                    head: Some(linked.pull.head.sha.to_string()),
                    tried: linked.pull.tried.clone(),
                    approved: approval.by,
                    late: approval.late,
                    late_unseen: approval.late_unseen,
                    pushers: makers.pushers,
                    programs: makers.programs,
                    deviations: approval.deviations,
                    unseen: approval.unseen,
                    emergency: None,
                };
                self.excuse(change, Some(linked.pull), verdict)
            }
        }
    }

    fn excuse(&self, change: &Change, pull: Option<&Pull>, mut verdict: Verdict) -> Verdict {
        verdict.emergency = self.emergencies.reason(change, pull);
        verdict
    }
}

impl Word {
    fn of(forge: Forge, settings: &Settings) -> Self {
        Self {
            rights: Rights::of(&forge),
            identities: Identities::of(&settings.change, &forge),
            pushers: Pushers::of(&forge),
            forge,
        }
    }

    /// Who made a pull request and the commit that it became.
    pub(super) fn makers(&self, change: &Change, linked: &Linked<'_>) -> Makers {
        let pushed = self.pushers.of_pull(linked);
        self.identities
            .makers(linked.pull, &linked.commits, &change.commit, pushed)
    }

    fn approval(&self, change: &Change, linked: &Linked<'_>) -> (Approval, Makers) {
        let makers = self.makers(change, linked);
        let terms = Terms {
            rights: &self.rights,
            identities: &self.identities,
            makers: &makers,
            pull: linked.pull,
            merged_at: linked.merged_at,
        };
        (terms.judge(&self.forge), makers)
    }
}

impl Verdict {
    fn unseen(mut self, why: impl Into<String>) -> Self {
        self.unseen.push(why.into());
        self
    }

    /// The deviations that count before the merge: what an emergency excuses is judged afterwards.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Coded> {
        let excused = self.emergency.is_some();
        self.deviations
            .iter()
            .filter(move |(code, _)| !(excused && is_excused(code)))
    }

    /// Approved before the merge by the definition of this program, and nothing deviates.
    pub(super) fn is_approved(&self) -> bool {
        !self.approved.is_empty() && self.deviations.is_empty() && self.unseen.is_empty()
    }

    /// Its state, in a word.
    pub(super) fn state(&self) -> &'static str {
        if self.standing().next().is_some() {
            "deviates"
        } else if self.is_approved() {
            "approved"
        } else if self.emergency.is_some() && self.unseen.is_empty() {
            "emergency"
        } else {
            "unobservable"
        }
    }
}
