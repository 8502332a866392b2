//! `change.reviewed`: every change was approved by somebody else, before it was merged.

use super::population::{full, of};
use super::verdict::{Evidence, Verdict};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// Judges every change.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let history = &evidence.history;
    let (mut deviations, mut items) = (Vec::new(), Vec::new());
    let mut unseen = history.holes();
    let (mut emergencies, mut programs) = (0_usize, 0_usize);
    for change in history.changes() {
        let verdict = evidence.verdict(&change);
        let id = change.commit.id.to_string();
        for (code, text) in verdict.standing() {
            let deviation = Deviation::new(code, &id, text)
                .severity(severity(code))
                .lasting(Some(change.at), None);
            deviations.push(deviation);
        }
        unseen.extend(verdict.unseen.iter().map(|what| Unobservable {
            item: id.clone(),
            what: what.clone(),
        }));
        emergencies += usize::from(verdict.emergency.is_some());
        programs += usize::from(!verdict.programs.is_empty());
        items.push(full(&change, columns(&verdict)));
    }
    if let Some(word) = &evidence.forge {
        unseen.extend(word.forge.broken.iter().map(|why| Unobservable {
            item: "pages".to_owned(),
            what: why.clone(),
        }));
    }
    let population = of(history, items);
    let mut judgement = Judgement::of(deviations, unseen).over(population);
    judgement.notes.extend(history.notes.iter().cloned());
    if emergencies > 0 {
        let note = format!("{emergencies} emergency changes: see change.emergency-retro");
        judgement.notes.push(note);
    }
    if programs > 0 {
        judgement.notes.push(format!(
            "{programs} changes name a program as author or co-author: see the column programs"
        ));
    }
    Ok(judgement)
}

fn severity(code: &str) -> Severity {
    match code {
        "NO_PR" | "NO_APPROVAL" | "SELF_APPROVAL" | "GIT_API_MISMATCH" => Severity::High,
        _ => Severity::Medium,
    }
}

/// What an auditor sees of a verdict.
pub(super) fn columns(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let people: Vec<_> = verdict
        .approved
        .iter()
        .map(|(login, _)| login.as_str())
        .collect();
    let last = verdict.approved.iter().map(|(_, at)| at.to_string()).max();
    let codes: Vec<_> = verdict.deviations.iter().map(|(code, _)| *code).collect();
    vec![
        ("pull_request", number(verdict.pull)),
        (
            "merged_at",
            verdict
                .merged_at
                .map_or_else(String::new, |at| at.to_string()),
        ),
        ("approvers", people.join(" ")),
        ("approved_at", last.unwrap_or_default()),
        ("pushers", verdict.pushers.join(" ")),
        (
            "programs",
            verdict
                .programs
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("emergency", verdict.emergency.clone().unwrap_or_default()),
        ("deviations", codes.join(" ")),
        ("state", verdict.state().to_owned()),
    ]
}
