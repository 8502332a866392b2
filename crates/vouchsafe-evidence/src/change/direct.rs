//! `change.no-direct-push`: every change came by a pull request, by the forge's own list of pushes.

use std::collections::BTreeSet;

use super::activity::{Push, Pushes};
use super::history::{Change, History};
use super::population::{item, of};
use super::shapes::{Account, Activity};
use super::verdict::Evidence;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// Judges every change.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let history = &evidence.history;
    let activity = evidence.forge.as_ref().map(|word| word.forge.activity());
    let activity = activity.unwrap_or_default();
    let pushes: Vec<_> = activity.iter().map(|event| push(event)).collect();
    let pushes = Pushes::of(history, &pushes);
    let mut found = Found::default();
    found.unseen.extend(history.holes());
    let mut items = Vec::new();
    for change in history.changes() {
        let came_by = found.take(&change, &pushes, evidence.forge.is_some());
        items.push(item(&change, [("came_by", came_by)]));
    }
    found.forced(history, &activity);
    Ok(Judgement::of(found.deviations, found.unseen).over(of(history, items)))
}

fn push<'a>(event: &'a &'a Activity) -> Push<'a, Activity> {
    Push {
        branch: &event.branch,
        before: &event.before,
        after: &event.after,
        at: event.timestamp,
        what: event,
    }
}

fn actor(account: Option<&Account>) -> &str {
    account.map_or("an account that the forge does not name", |account| {
        &account.login
    })
}

#[derive(Default)]
struct Found {
    deviations: Vec<Deviation>,
    unseen: Vec<Unobservable>,
}

impl Found {
    /// How a change came to its branches.
    fn take(&mut self, change: &Change, pushes: &Pushes<'_, Activity>, has_pages: bool) -> String {
        let id = change.commit.id.to_string();
        let (mut kinds, mut missing) = (BTreeSet::new(), Vec::new());
        for (branch, events) in pushes.of_change(change) {
            if events.is_empty() {
                missing.push(branch);
            }
            for event in events {
                kinds.insert(event.activity_type.as_str());
                if !matches!(event.activity_type.as_str(), "push" | "force_push") {
                    continue;
                }
                let who = actor(event.actor.as_ref());
                let text = format!("{who} pushed it to {branch}, without a pull request");
                let deviation = Deviation::new("DIRECT_PUSH", &id, text)
                    .severity(Severity::High)
                    .lasting(Some(event.timestamp), None);
                self.deviations.push(deviation);
            }
        }
        let what = if !has_pages {
            Some(
                "no page of a forge was collected: how it came to the branch is not shown"
                    .to_owned(),
            )
        } else if !missing.is_empty() {
            Some(format!(
                "no page of activity shows how it came to {}",
                missing.join(" and ")
            ))
        } else if kinds.contains("branch_creation") && kinds.len() == 1 {
            Some("it came with the creation of the branch".to_owned())
        } else {
            kinds.iter().find(|kind| !is_known(kind)).map(|_| {
                "it came by an activity of a kind that this program does not know".to_owned()
            })
        };
        self.unseen
            .extend(what.map(|what| Unobservable { item: id, what }));
        let kinds: Vec<_> = kinds.into_iter().collect();
        kinds.join(" ")
    }

    /// Force pushes to protected branches, and deletions of them.
    fn forced(&mut self, history: &History, activity: &[&Activity]) {
        for event in activity {
            let name = history.names.today(&event.branch, event.timestamp);
            let in_period = event.timestamp >= history.since;
            if history.branch(&name).is_none() || !in_period {
                continue;
            }
            let who = actor(event.actor.as_ref());
            let (code, text) = match event.activity_type.as_str() {
                "force_push" => ("FORCE_PUSH", format!("{who} replaced commits of {name}")),
                "branch_deletion" => ("BRANCH_DELETED", format!("{who} deleted {name}")),
                _ => continue,
            };
            let deviation = Deviation::new(code, event.after.to_string(), text)
                .severity(Severity::High)
                .lasting(Some(event.timestamp), None);
            self.deviations.push(deviation);
        }
    }
}

fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "push"
            | "force_push"
            | "pr_merge"
            | "merge_queue_merge"
            | "branch_creation"
            | "branch_deletion"
    )
}
