//! Secrets that workflows use: each has an owner and an end in the register of credentials.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::CREDENTIALS;
use super::expressions::{names, of};
use super::workflows::Workflows;
use crate::inputs::Context;
use crate::judgement::{Deviation, Severity, Unobservable};
use crate::window::start_of;

/// What of the register is needed here.
#[derive(Debug, Deserialize)]
struct Register {
    #[serde(default, rename = "credential")]
    credentials: Vec<Credential>,
}

#[derive(Debug, Deserialize)]
struct Credential {
    id: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    owner: String,
    ends: Option<Day>,
}

/// A day, as TOML has it or in quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Day {
    Toml(toml::value::Datetime),
    Text(String),
}

type Found = (Vec<Deviation>, Vec<Unobservable>);

/// Secrets without an owner, without an end, or past it.
pub(super) fn judge(context: &Context<'_>, workflows: &Workflows) -> Result<Found, String> {
    let (mut deviations, mut unobservable) = (Vec::new(), Vec::new());
    let used = used(workflows, &mut deviations, &mut unobservable);
    let register = match context.present(CREDENTIALS)? {
        None => Register {
            credentials: Vec::new(),
        },
        Some(known) => {
            let text = context.content(known)?;
            let text = std::str::from_utf8(&text)
                .map_err(|_| "the register of credentials is not UTF-8".to_owned())?;
            toml::from_str(text).map_err(|error| format!("the register of credentials: {error}"))?
        }
    };
    for (name, place) in used {
        if let Some(found) = one(&name, &register, context.at)? {
            deviations.push(found.severity(Severity::Medium).at(place));
        }
    }
    Ok((deviations, unobservable))
}

fn one(name: &str, register: &Register, at: Timestamp) -> Result<Option<Deviation>, String> {
    let is_it = |credential: &&Credential| {
        let place = credential
            .place
            .rsplit(['/', ':', ' '])
            .next()
            .unwrap_or_default();
        credential.id.eq_ignore_ascii_case(name) || place.eq_ignore_ascii_case(name)
    };
    let item = format!("secrets.{name}");
    let Some(credential) = register.credentials.iter().find(is_it) else {
        let text =
            "a workflow uses it, and evidence/credentials.toml has no row whose place is its name";
        return Ok(Some(Deviation::new("SECRET_WITHOUT_OWNER", item, text)));
    };
    if credential.owner.trim().is_empty() {
        let text = "its row in evidence/credentials.toml names no owner";
        return Ok(Some(Deviation::new("SECRET_WITHOUT_OWNER", item, text)));
    }
    let Some(ends) = &credential.ends else {
        let text = "its row in evidence/credentials.toml has no end";
        return Ok(Some(Deviation::new("SECRET_WITHOUT_END", item, text)));
    };
    let text = match ends {
        Day::Toml(day) => day.to_string(),
        Day::Text(text) => text.clone(),
    };
    let day: Date = text
        .parse()
        .map_err(|_| format!("the end of the credential {} is no day", credential.id))?;
    // The day itself is the last on which it may be used.
    let last = day.tomorrow().ok().and_then(|next| start_of(next).ok());
    Ok(last.is_none_or(|last| last <= at).then(|| {
        let text = format!("its end was {day}: replace it, and write its new end");
        Deviation::new("SECRET_EXPIRED", item, text)
    }))
}

/// The names of the secrets that are used, and where each is first.
fn used(
    workflows: &Workflows,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for workflow in workflows.0.values() {
        workflow.root.each_text("", &mut |key, node| {
            let text = node.text().unwrap_or_default();
            let place = workflow.place(node);
            if key == "secrets" && text == "inherit" {
                inherited(workflows, workflow, &place, unobservable);
            }
            let bare = (key == "if").then(|| format!("${{{{{text}}}}}"));
            for expression in of(bare.as_deref().unwrap_or(text)) {
                for name in names(&expression) {
                    match name.as_slice() {
                        ["secrets"] => {
                            let text = "all secrets at once are put into a text";
                            let all = Deviation::new("SECRETS_DUMPED", &place, text);
                            deviations.push(all.severity(Severity::High).at(&place));
                        }
                        ["secrets", "github_token"] => {}
                        ["secrets", one] => {
                            found
                                .entry(one.to_ascii_uppercase())
                                .or_insert_with(|| place.clone());
                        }
                        [first, ..] if first.starts_with("secrets[") => {
                            unobservable.push(Unobservable {
                                item: place.clone(),
                                what: "the name of a secret is computed: write it".to_owned(),
                            })
                        }
                        _ => {}
                    }
                }
            }
        });
    }
    // Secrets that a called workflow declares are its parameters; the caller names the real ones.
    found
}

fn inherited(
    workflows: &Workflows,
    workflow: &super::workflows::Workflow,
    place: &str,
    unobservable: &mut Vec<Unobservable>,
) {
    let remote = workflow.jobs().into_iter().any(|job| {
        job.node.text_at(&["secrets"]) == Some("inherit")
            && job
                .node
                .text_at(&["uses"])
                .is_some_and(|called| workflows.local(called).is_none())
    });
    if remote {
        unobservable.push(Unobservable {
            item: place.to_owned(),
            what: "all secrets are handed to a workflow of another repository: name those that it needs".to_owned(),
        });
    }
}
