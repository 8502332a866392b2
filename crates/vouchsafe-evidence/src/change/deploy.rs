//! `deploy.traces-to-change`: whatever was deployed is a reviewed change of a protected branch.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::DEPLOYMENTS;
use super::collector::Tag;
use super::history::Change;
use super::registers::{DeploymentFile, register};
use super::verdict::Evidence;
use super::whole::{change_of, is_on_chain};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population, Severity, Unobservable};

/// A deployment, from whichever source.
struct Deployed {
    id: String,
    environment: String,
    at: Option<Timestamp>,
    commit: Option<String>,
    digest: Option<String>,
}

/// Judges every deployment.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let (deployed, mut unseen) = all(context, &evidence)?;
    unseen.extend(evidence.history.holes());
    let changes = evidence.history.changes();
    let (mut deviations, mut items) = (Vec::new(), Vec::new());
    for one in deployed {
        let state = match trace(&evidence, &changes, &one) {
            Trace::Reviewed(state) => state,
            Trace::Deviates(code, text) => {
                let deviation = Deviation::new(code, &one.id, text)
                    .severity(Severity::High)
                    .lasting(one.at, None);
                deviations.push(deviation);
                code
            }
            Trace::Unseen(what) => {
                let item = one.id.clone();
                unseen.push(Unobservable { item, what });
                "unobservable"
            }
        };
        items.push(row(one, state));
    }
    let population = Population {
        completeness: "the register, the tags of the given patterns and the deployments that the forge lists; a deployment that none of them has is not here".to_owned(),
        items,
    };
    Ok(Judgement::of(deviations, unseen).over(population))
}

fn row(one: Deployed, state: &str) -> Item {
    let columns = [
        ("environment", one.environment),
        ("commit", one.commit.unwrap_or_default()),
        ("digest", one.digest.unwrap_or_default()),
        ("state", state.to_owned()),
    ];
    let columns = columns.map(|(key, value)| (key.to_owned(), value));
    Item {
        id: one.id,
        at: one.at,
        until: None,
        columns: BTreeMap::from(columns),
    }
}

enum Trace {
    Reviewed(&'static str),
    Deviates(&'static str, String),
    Unseen(String),
}

fn trace(evidence: &Evidence, changes: &[Change], one: &Deployed) -> Trace {
    let history = &evidence.history;
    let Some(commit) = &one.commit else {
        let text = "it names no commit that git has".to_owned();
        return Trace::Deviates("DEPLOY_UNKNOWN_COMMIT", text);
    };
    if !history.commits.contains_key(commit.as_str()) {
        let text = format!("{commit} is not in the history of the protected branches");
        return Trace::Deviates("DEPLOY_UNKNOWN_COMMIT", text);
    }
    let Some(change) = change_of(changes, commit) else {
        if is_on_chain(history, commit) {
            return Trace::Unseen(format!(
                "{commit} is a change from before [project] since: its review is not shown"
            ));
        }
        let text = format!("{commit} is no change of a protected branch");
        return Trace::Deviates("DEPLOY_NOT_ON_BRANCH", text);
    };
    let verdict = evidence.verdict(change);
    match verdict.state() {
        state @ ("approved" | "emergency") => Trace::Reviewed(state),
        "deviates" => {
            let codes: Vec<_> = verdict.standing().map(|(code, _)| *code).collect();
            let text = format!("{commit} was not reviewed: {}", codes.join(" "));
            Trace::Deviates("DEPLOY_UNREVIEWED", text)
        }
        _ => Trace::Unseen(format!(
            "whether {commit} was reviewed is not shown: see change.reviewed"
        )),
    }
}

/// All deployments of the period, by id, and what is not shown of them.
fn all(
    context: &Context<'_>,
    evidence: &Evidence,
) -> Result<(Vec<Deployed>, Vec<Unobservable>), String> {
    let tags = tags(context)?;
    let mut all = BTreeMap::new();
    let mut unseen = Vec::new();
    let mut add = |one: Deployed| all.insert(one.id.clone(), one);
    let register = register::<DeploymentFile>(context, DEPLOYMENTS)?;
    let mut sources = usize::from(register.is_some());
    for row in register.unwrap_or_default().deployment {
        let of_tag = row.tag.as_ref().and_then(|tag| commit_of(&tags, tag));
        add(Deployed {
            id: format!("register: {}", row.id),
            environment: row.environment,
            at: Some(row.at),
            commit: row.commit.or(of_tag),
            digest: row.digest,
        });
    }
    let patterns = &evidence.settings.change.deploy_tags;
    sources += patterns.len();
    for tag in tags
        .iter()
        .filter(|tag| patterns.iter().any(|one| fits(one, &tag.name)))
    {
        add(Deployed {
            id: format!("tag: {} {}", tag.name, tag.object),
            environment: String::new(),
            at: tag.created.and_then(|at| Timestamp::from_second(at).ok()),
            commit: tag.commit.clone(),
            digest: None,
        });
    }
    if let Some(word) = evidence
        .forge
        .as_ref()
        .filter(|word| word.forge.has("/deployments"))
    {
        sources += 1;
        let (pages, whole) = word.forge.deployments();
        for page in pages {
            add(Deployed {
                id: format!("forge: {}", page.id),
                environment: page.environment.clone(),
                at: Some(page.created_at),
                commit: Some(page.sha.to_string()),
                digest: None,
            });
        }
        let item = "forge: deployments".to_owned();
        unseen.extend(whole.err().map(|what| Unobservable { item, what }));
    }
    if sources == 0 {
        return Err("nothing says what was deployed: write evidence/deployments.toml, or set [change] deploy_tags, or collect the deployments of the forge".to_owned());
    }
    let since = evidence.history.since;
    let in_period = |one: &Deployed| one.at.is_none_or(|at| at >= since);
    Ok((all.into_values().filter(in_period).collect(), unseen))
}

/// Every tag that any run saw: one that was moved counts twice.
fn tags(context: &Context<'_>) -> Result<Vec<Tag>, String> {
    let mut all = BTreeMap::new();
    if let Some(last) = context.last(super::TAGS) {
        context.latest(&last.evidence.schema)?;
    }
    for known in context.all(super::TAGS) {
        if known.evidence.failed.is_some() {
            continue;
        }
        let tags = context.parsed(known, |bytes| {
            serde_json::from_slice::<Vec<Tag>>(bytes).map_err(|error| error.to_string())
        })?;
        for tag in tags.iter() {
            all.insert((tag.name.clone(), tag.object.clone()), tag.clone());
        }
    }
    Ok(all.into_values().collect())
}

fn commit_of(tags: &[Tag], name: &str) -> Option<String> {
    let tag = tags.iter().rev().find(|tag| tag.name == name)?;
    tag.commit.clone()
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_tags() {
        assert!(fits("v*", "v1.2") && !fits("v*", "w1") && fits("*", "x"));
        assert!(fits("release/*-prod", "release/7-prod") && !fits("v1", "v12"));
        assert!(fits("a*b*c", "a1b2c") && !fits("a*b*c", "a1c"));
    }
}
