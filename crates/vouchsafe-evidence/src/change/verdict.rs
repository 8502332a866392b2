//! What is known of one change: its pull request, its approvals, what deviates.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::approval::{Approval, Terms};
use super::emergency::{Emergencies, is_excused};
use super::forge::Forge;
use super::history::{Change, History};
use super::identity::Identities;
use super::link::{Coded, Link, Linked, link};
use super::rights::Rights;
use super::shapes::{Account, Pull};
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
    /// Who pushed a head to a branch that is not protected.
    pushers: HashMap<String, Account>,
}

/// What is known of one change.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) pull: Option<u64>,
    pub(super) merged_at: Option<Timestamp>,
    /// The head that was merged.
    pub(super) head: Option<String>,
    pub(super) approved: Vec<(String, Timestamp)>,
    /// Approvals that came after the merge.
    pub(super) late: Vec<(String, Timestamp)>,
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
        let forge = forge.map(|forge| Word::of(forge, &settings, &history));
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
                let approval = word.approval(change, &linked);
                let verdict = Verdict {
                    pull: Some(linked.pull.number),
                    merged_at: Some(linked.merged_at),
                    head: Some(linked.pull.head.sha.to_string()),
                    approved: approval.by,
                    late: approval.late,
                    deviations: approval.deviations,
                    unseen: approval.unseen,
                    emergency: None,
                };
                self.excuse(change, Some(linked.pull), verdict)
            }
        }
    }

    /// Whether a page shows who pushed the head that was merged.
    pub(super) fn shows_pusher(&self, verdict: &Verdict) -> bool {
        let pushers = self.forge.as_ref().map(|word| &word.pushers);
        let head = verdict.head.as_ref();
        pushers
            .zip(head)
            .is_some_and(|(pushers, head)| pushers.contains_key(head))
    }

    fn excuse(&self, change: &Change, pull: Option<&Pull>, mut verdict: Verdict) -> Verdict {
        verdict.emergency = self.emergencies.reason(change, pull);
        verdict
    }
}

impl Word {
    fn of(forge: Forge, settings: &Settings, history: &History) -> Self {
        let mut pushers = HashMap::new();
        for event in forge.activity() {
            let branch = history.names.today(&event.branch, event.timestamp);
            if let (None, Some(actor)) = (history.branch(&branch), &event.actor) {
                pushers.insert(event.after.to_string(), actor.clone());
            }
        }
        Self {
            rights: Rights::of(&forge),
            identities: Identities::of(&settings.change, &forge),
            pushers,
            forge,
        }
    }

    fn approval(&self, change: &Change, linked: &Linked<'_>) -> Approval {
        let pusher = self.pushers.get(linked.pull.head.sha.as_ref());
        let makers = self
            .identities
            .makers(linked.pull, &linked.commits, &change.commit, pusher);
        let terms = Terms {
            rights: &self.rights,
            makers: &makers,
            pull: linked.pull,
            merged_at: linked.merged_at,
        };
        terms.judge(&self.forge)
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
