//! `change.emergency-retro`: changes that could not wait were approved afterwards, in time.

use jiff::{SignedDuration, Timestamp};

use super::approval::Terms;
use super::history::Change;
use super::link::{Linked, commits_of};
use super::population::{full, of};
use super::reviewed::columns;
use super::verdict::{Evidence, Verdict};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// What came of the approval afterwards.
enum Afterwards {
    /// It was given.
    Given(String, Timestamp),
    /// There was none yet.
    None,
    /// It cannot be seen.
    Unseen(String),
}

/// Judges every emergency change.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let days = evidence.settings.change.emergency_days();
    let limit = SignedDuration::from_hours(24 * i64::from(days));
    let (mut deviations, mut unseen, mut items) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows: Vec<&str> = Vec::new();
    for change in evidence.history.changes() {
        let verdict = evidence.verdict(&change);
        if verdict.emergency.is_none() {
            continue;
        }
        let row = evidence.emergencies.row(&change, verdict.pull);
        rows.extend(row.map(|row| row.id.as_str()));
        let began = verdict.merged_at.unwrap_or(change.at);
        let until = began.checked_add(limit).unwrap_or(Timestamp::MAX);
        let id = change.commit.id.to_string();
        let found = afterwards(&evidence, &change, &verdict);
        let deviation = |code: &str, text: String| {
            Deviation::new(code, &id, text)
                .severity(Severity::High)
                .lasting(Some(change.at), None)
        };
        let mut columns = columns(&verdict);
        match found {
            Afterwards::Given(login, at) => {
                columns.push(("approved_afterwards", format!("{login} {at}")));
                if at > until {
                    let text = format!("it was approved more than {days} days afterwards");
                    deviations.push(deviation("EMERGENCY_REVIEWED_LATE", text));
                }
            }
            Afterwards::None if context.at > until => {
                let text = format!("nobody else approved it within {days} days afterwards");
                deviations.push(deviation("EMERGENCY_UNREVIEWED", text));
            }
            Afterwards::None => columns.push(("approved_afterwards", format!("due {until}"))),
            Afterwards::Unseen(what) => unseen.push(Unobservable { item: id, what }),
        }
        items.push(full(&change, columns));
    }
    for row in &evidence.emergencies.rows {
        if !rows.contains(&row.id.as_str()) {
            let text = "the register names a change that is not in the period";
            let item = format!("register: {}", row.id);
            let orphan = Deviation::new("EMERGENCY_UNKNOWN_CHANGE", item, text);
            deviations.push(orphan.severity(Severity::Low));
        }
    }
    conclude(&evidence, deviations, unseen, items)
}

fn conclude(
    evidence: &Evidence,
    deviations: Vec<Deviation>,
    mut unseen: Vec<Unobservable>,
    items: Vec<crate::judgement::Item>,
) -> Result<Judgement, String> {
    unseen.extend(evidence.history.holes());
    let by_label = evidence.settings.change.emergency_label.is_some();
    if by_label && evidence.forge.is_none() {
        unseen.push(Unobservable {
            item: "labels".to_owned(),
            what: "no page of a forge was collected: which changes have the label is not shown"
                .to_owned(),
        });
    }
    if items.is_empty() && deviations.is_empty() && unseen.is_empty() {
        return Ok(Judgement::not_applicable(
            "no change of the period is an emergency change",
        ));
    }
    Ok(Judgement::of(deviations, unseen).over(of(&evidence.history, items)))
}

fn afterwards(evidence: &Evidence, change: &Change, verdict: &Verdict) -> Afterwards {
    let before = verdict.approved.first().filter(|_| verdict.is_approved());
    let given = before.or_else(|| verdict.late.iter().min_by_key(|(_, at)| *at));
    if let (None, Some(why)) = (before, &verdict.late_unseen) {
        return Afterwards::Unseen(why.clone());
    }
    if let Some((login, at)) = given {
        return Afterwards::Given(login.clone(), *at);
    }
    let row = evidence.emergencies.row(change, verdict.pull);
    match row.and_then(|row| row.review_pull) {
        Some(number) => retrospective(evidence, change, number),
        None => match verdict.unseen.first() {
            Some(why) => Afterwards::Unseen(why.clone()),
            None => Afterwards::None,
        },
    }
}

/// The approval of another pull request, in which the change was looked at.
fn retrospective(evidence: &Evidence, change: &Change, number: u64) -> Afterwards {
    let Some(word) = &evidence.forge else {
        return Afterwards::Unseen("no page of a forge was collected".to_owned());
    };
    let (_, pull) = match word.forge.pull(number) {
        Ok(found) => found,
        Err(why) => return Afterwards::Unseen(why),
    };
    let commits = match commits_of(&word.forge, pull, change.at) {
        Ok(commits) => commits,
        Err(why) => return Afterwards::Unseen(why),
    };
    // Of any other pull request nobody knows whether the change was looked at in it.
    let shows = commits.iter().any(|commit| {
        let merged = change.commit.parents.get(1..).unwrap_or_default();
        commit.sha == change.commit.id || merged.contains(&commit.sha)
    });
    if !shows {
        return Afterwards::None;
    }
    let linked = Linked {
        pull,
        merged_at: Timestamp::MAX,
        commits,
    };
    let makers = word.makers(change, &linked);
    let makers = word.identities.with_author(makers, &change.commit);
    let terms = Terms {
        rights: &word.rights,
        identities: &word.identities,
        makers: &makers,
        pull,
        // Whatever was approved there was approved afterwards: no review of it is too late.
        merged_at: change.at,
    };
    let approval = terms.judge(&word.forge);
    if let Some(why) = approval.unseen.first() {
        return Afterwards::Unseen(why.clone());
    }
    if let Some(why) = approval.late_unseen {
        return Afterwards::Unseen(why);
    }
    match approval.late.into_iter().min_by_key(|(_, at)| *at) {
        Some((login, at)) => Afterwards::Given(login, at),
        None => Afterwards::None,
    }
}
