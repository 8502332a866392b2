//! `vouchsafe person list`, `show` and `disable`.

use anyhow::Context as _;
use serde_json::{Value, json};
use vouchsafe_identity::{PersonDetail, PersonSummary};
use vouchsafe_installation::now;

use super::{change, find, with};
use crate::installation::DataFolder;
use crate::principal::actor;
use crate::{output, told};

const LIST_EXAMPLES: &str = "\
Examples:
  vouchsafe person list
  vouchsafe person list --json";

/// List people
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(args: ListArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let people = installation.identity().people(installation.tenant()).await;
        let people = people.map_err(|error| told(&error))?;
        if args.json {
            let people: Vec<Value> = people.iter().map(summary).collect();
            return output::say_json(&people);
        }
        let rows: Vec<[String; 4]> = people
            .into_iter()
            .map(|person| {
                [
                    person.login,
                    person.state.name().to_owned(),
                    person.id.to_string(),
                    person.name,
                ]
            })
            .collect();
        output::table(&rows).iter().try_for_each(output::say)
    })
    .await
}

const SHOW_EXAMPLES: &str = "\
Examples:
  vouchsafe person show ada@example.org";

/// Show a person with all past and present rights and records
#[derive(Debug, clap::Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(crate) struct ShowArgs {
    /// The person, by e-mail address or id
    person: String,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(args: ShowArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let id = find(installation, &args.person).await?;
        let found = installation
            .identity()
            .person(installation.tenant(), id)
            .await;
        let found = found.map_err(|error| told(&error))?;
        let detail = found.with_context(|| format!("there is no person {}", args.person))?;
        match args.json {
            true => output::say_json(&whole(&detail)),
            false => print(&detail),
        }
    })
    .await
}

fn print(detail: &PersonDetail) -> anyhow::Result<()> {
    let person = &detail.person;
    output::say(format_args!("{} <{}>", person.name, person.login))?;
    output::say(format_args!("  id       {}", person.id))?;
    output::say(format_args!("  state    {}", person.state.name()))?;
    output::say(format_args!(
        "  added    {:.0} by {}",
        person.created_at, person.created_by
    ))?;
    if let Some(at) = person.enrolled_at {
        output::say(format_args!("  enrolled {at:.0}"))?;
    }
    if let Some(at) = person.disabled_at {
        let by = person.disabled_by.as_deref().unwrap_or("unknown");
        output::say(format_args!("  disabled {at:.0} by {by}"))?;
    }
    for row in &detail.rights {
        let right = &row.right;
        output::say(format_args!(
            "  right    {} {} until {:.0}, given by {}: {}",
            right.id, right.role, right.until, row.approved_by, row.reason
        ))?;
        if let Some(at) = row.ended_at {
            let by = row.ended_by.as_deref().unwrap_or("unknown");
            let why = row.end_reason.as_deref().unwrap_or("no reason");
            output::say(format_args!("           ended {at:.0} by {by}: {why}"))?;
        }
    }
    for row in &detail.links {
        let since = format!("since {:.0}, by {}", row.created_at, row.created_by);
        let end = row
            .ended_at
            .map_or_else(String::new, |at| format!(", until {at:.0}"));
        output::say(format_args!("  record   {} {since}{end}", row.record))?;
    }
    Ok(())
}

fn summary(person: &PersonSummary) -> Value {
    json!({
        "id": person.id,
        "name": person.name,
        "login": person.login,
        "state": person.state.name(),
        "created_at": person.created_at.to_string(),
        "created_by": person.created_by,
        "enrolled_at": person.enrolled_at.map(|at| at.to_string()),
        "disabled_at": person.disabled_at.map(|at| at.to_string()),
        "disabled_by": person.disabled_by,
    })
}

fn whole(detail: &PersonDetail) -> Value {
    let mut whole = summary(&detail.person);
    let rights: Vec<Value> = detail
        .rights
        .iter()
        .map(|row| {
            json!({
                "right": row.right.id,
                "role": row.right.role.as_str(),
                "from": row.right.from.to_string(),
                "until": row.right.until.to_string(),
                "requested_by": row.requested_by,
                "approved_by": row.approved_by,
                "reason": row.reason,
                "ended_at": row.ended_at.map(|at| at.to_string()),
                "ended_by": row.ended_by,
                "end_reason": row.end_reason,
            })
        })
        .collect();
    let records: Vec<Value> = detail
        .links
        .iter()
        .map(|row| {
            json!({
                "record": row.record.to_string(),
                "created_at": row.created_at.to_string(),
                "created_by": row.created_by,
                "ended_at": row.ended_at.map(|at| at.to_string()),
            })
        })
        .collect();
    if let Some(object) = whole.as_object_mut() {
        object.insert("rights".to_owned(), Value::Array(rights));
        object.insert("records".to_owned(), Value::Array(records));
    }
    whole
}

const DISABLE_EXAMPLES: &str = "\
Examples:
  vouchsafe person disable ada@example.org --reason 'left the clinic'";

/// Disable a person: their sessions and links end at once
#[derive(Debug, clap::Args)]
#[command(after_help = DISABLE_EXAMPLES)]
pub(crate) struct DisableArgs {
    /// The person, by e-mail address or id
    person: String,
    /// Reason for disabling the person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    data: DataFolder,
}

pub(super) async fn disable(args: DisableArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let id = find(installation, &args.person).await?;
        let (tenant, identity) = (installation.tenant(), installation.identity());
        let prepared = identity
            .disable_person(tenant, id, &args.reason, actor(), now())
            .await;
        change(installation, prepared).await?;
        output::say(format_args!("{} is disabled.", args.person))
    })
    .await
}
