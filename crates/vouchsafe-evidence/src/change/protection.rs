//! `change.protection`: the rules of the protected branches, as they are now.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::forge::Forge;
use super::pages::Body;
use super::shapes::{BypassActor, Protection, Rule};
use super::short_ref;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// What a protected branch must have: a code, and how it reads when it does not.
const ASKED: [(&str, &str, Severity); 6] = [
    (
        "NO_REVIEW_REQUIRED",
        "no rule asks for an approving review",
        Severity::High,
    ),
    (
        "STALE_NOT_DISMISSED",
        "no rule dismisses approvals when commits are added",
        Severity::Medium,
    ),
    (
        "LAST_PUSH_NOT_APPROVED",
        "no rule asks that somebody else approves the last push",
        Severity::Medium,
    ),
    (
        "NO_CHECKS_REQUIRED",
        "no rule asks for checks",
        Severity::Medium,
    ),
    (
        "FORCE_PUSH_ALLOWED",
        "no rule forbids force pushes",
        Severity::High,
    ),
    (
        "DELETION_ALLOWED",
        "no rule forbids that the branch is deleted",
        Severity::Medium,
    ),
];

/// Judges the rules of every protected branch.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let settings = context.settings()?;
    if settings.change.branches.is_empty() {
        return Err("no protected branch is named: set [change] branches".to_owned());
    }
    let hours: i64 = context.check.parameter("fresh_hours")?;
    let fresh = SignedDuration::from_hours(hours);
    let oldest = context.at.checked_sub(fresh).unwrap_or(Timestamp::MIN);
    let Some(word) = Forge::of(context, &settings.change)? else {
        return Err("no page of a forge was collected: the rules are not shown".to_owned());
    };
    let mut state = State {
        word: &word,
        oldest,
        deviations: Vec::new(),
        unseen: Vec::new(),
        notes: BTreeSet::new(),
    };
    for branch in &settings.change.branches {
        state.branch(short_ref(branch));
    }
    let mut judgement = Judgement::of(state.deviations, state.unseen);
    judgement.notes.extend(state.notes);
    Ok(judgement)
}

struct State<'a> {
    word: &'a Forge,
    oldest: Timestamp,
    deviations: Vec<Deviation>,
    unseen: Vec<Unobservable>,
    notes: BTreeSet<String>,
}

impl<'a> State<'a> {
    fn branch(&mut self, branch: &str) {
        let rules = match self.rules(branch) {
            Ok(rules) => rules,
            Err(why) => return self.unseen(branch, why),
        };
        let legacy = self.legacy(branch);
        let held = held(&rules, legacy.as_ref().ok().copied().flatten());
        for ((code, text, severity), held) in ASKED.into_iter().zip(held) {
            match &legacy {
                _ if held => {}
                Ok(_) => {
                    let deviation = Deviation::new(code, branch, text).severity(severity);
                    self.deviations.push(deviation);
                }
                // The rule may be one of those that are hidden.
                Err(why) => self.unseen(branch, format!("{text} that is shown; {why}")),
            }
        }
        self.bypasses(branch, &rules);
        if let Ok(Some(legacy)) = legacy {
            self.exempt(branch, legacy);
        }
    }

    /// Who need not keep to the older form of protection.
    fn exempt(&mut self, branch: &str, legacy: &Protection) {
        let mut texts = Vec::new();
        if !legacy.enforce_admins.enabled {
            texts.push("administrators need not keep to the protection of the branch".to_owned());
        }
        let reviews = legacy.required_pull_request_reviews.as_ref();
        let exempt = reviews.and_then(|one| one.bypass_pull_request_allowances.as_ref());
        let count = exempt.map_or(0, |one| one.users.len() + one.teams.len() + one.apps.len());
        if count > 0 {
            texts.push(format!(
                "{count} people, teams or apps may merge without a review"
            ));
        }
        for text in texts {
            let deviation = Deviation::new("BYPASS_ALLOWED", branch, text);
            self.deviations.push(deviation.severity(Severity::Medium));
        }
    }

    fn unseen(&mut self, branch: &str, what: String) {
        self.unseen.push(Unobservable {
            item: branch.to_owned(),
            what,
        });
    }

    fn fresh(&self, path: &str, at: Timestamp) -> Result<(), String> {
        if at < self.oldest {
            return Err(format!("the last page {path} is of {at}: collect it again"));
        }
        Ok(())
    }

    fn rules(&self, branch: &str) -> Result<Vec<&'a Rule>, String> {
        let path = format!("/rules/branches/{branch}");
        let listing = self.word.newest_listing(&path)?;
        self.fresh(&path, listing.at)?;
        let mut rules = Vec::new();
        for body in listing.pages {
            match body {
                Body::Rules(found) => rules.extend(found),
                _ => return Err(format!("{path} is another page than its path says")),
            }
        }
        Ok(rules)
    }

    /// The older form of protection: there, not there, or not shown.
    fn legacy(&self, branch: &str) -> Result<Option<&'a Protection>, String> {
        let path = format!("/branches/{branch}/protection");
        let why = match self.word.newest(&path) {
            Ok((at, Body::Protection(found))) => {
                self.fresh(&path, at)?;
                return Ok(Some(found));
            }
            Ok(_) => format!("{path} is another page than its path says"),
            Err(why) => why,
        };
        // Whether a branch is protected at all is shown to everybody who may read.
        let path = format!("/branches/{branch}");
        match self.word.newest(&path) {
            Ok((at, Body::Branch(page))) if !page.protected => {
                self.fresh(&path, at)?;
                Ok(None)
            }
            _ => Err(why),
        }
    }

    /// Who may go round the rulesets of a branch.
    fn bypasses(&mut self, branch: &str, rules: &[&Rule]) {
        let rulesets: BTreeSet<u64> = rules.iter().map(|rule| rule.ruleset_id).collect();
        for id in rulesets {
            let path = format!("/rulesets/{id}");
            let found = match self.word.newest(&path) {
                Ok((at, Body::Ruleset(found))) => self.fresh(&path, at).map(|()| found),
                Ok(_) => Err(format!("{path} is another page than its path says")),
                Err(why) => Err(why),
            };
            let ruleset = match found {
                Ok(ruleset) if ruleset.id == id => ruleset,
                Ok(_) => return self.unseen(branch, format!("{path} is of another ruleset")),
                Err(why) => return self.unseen(branch, why),
            };
            if ruleset.enforcement != "active" {
                let text = format!("ruleset {id} is listed for the branch and is not enforced");
                self.unseen(branch, text);
            }
            match &ruleset.bypass_actors {
                Some(actors) => actors
                    .iter()
                    .for_each(|actor| self.actor(branch, id, actor)),
                None => self.unseen(
                    branch,
                    format!("who may go round ruleset {id} is hidden from this token"),
                ),
            }
        }
    }

    fn actor(&mut self, branch: &str, ruleset: u64, actor: &BypassActor) {
        let number = actor
            .actor_id
            .map_or_else(String::new, |id| format!(" {id}"));
        let text = format!(
            "{}{number} may go round ruleset {ruleset} ({})",
            actor.actor_type, actor.bypass_mode
        );
        self.notes.insert(format!("{branch}: {text}"));
        if actor.bypass_mode != "pull_request" {
            let deviation = Deviation::new("BYPASS_ALLOWED", branch, text);
            self.deviations.push(deviation.severity(Severity::Medium));
        }
    }
}

/// Which of what is asked is there, in the order of [`ASKED`].
fn held(rules: &[&Rule], legacy: Option<&Protection>) -> [bool; 6] {
    let parameters = || rules.iter().filter_map(|rule| rule.parameters.as_ref());
    let reviews = legacy.and_then(|legacy| legacy.required_pull_request_reviews.as_ref());
    let checks = legacy.and_then(|legacy| legacy.required_status_checks.as_ref());
    let kind = |kind: &str| rules.iter().any(|rule| rule.kind == kind);
    [
        parameters().any(|one| one.required_approving_review_count.unwrap_or(0) >= 1)
            || reviews.is_some_and(|one| one.required_approving_review_count >= 1),
        parameters().any(|one| one.dismiss_stale_reviews_on_push == Some(true))
            || reviews.is_some_and(|one| one.dismiss_stale_reviews),
        parameters().any(|one| one.require_last_push_approval == Some(true))
            || reviews.is_some_and(|one| one.require_last_push_approval == Some(true)),
        parameters().any(|one| {
            let checks = one.required_status_checks.as_ref();
            checks.is_some_and(|checks| !checks.is_empty())
        }) || kind("workflows")
            || checks.is_some_and(|one| !one.contexts.is_empty()),
        kind("non_fast_forward") || legacy.is_some_and(|one| !one.allow_force_pushes.enabled),
        kind("deletion") || legacy.is_some_and(|one| !one.allow_deletions.enabled),
    ]
}
