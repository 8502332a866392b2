//! What grants of an audit table come to.

use std::collections::BTreeSet;

use super::{ActsAs, POSTGRES, PostgresProbe, Table};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Outcome, Severity};
use crate::probe::judge::newest;

/// Roles of the server itself that come to the same as a superuser (PostgreSQL, "Predefined Roles").
const AS_SUPERUSER: [&str; 2] = ["pg_execute_server_program", "pg_write_server_files"];

/// Adds what probes of tables come to, to what self-tests do.
pub(crate) fn append_only(context: &Context<'_>, of_log: Judgement) -> Result<Judgement, String> {
    let settings = context.settings().ok();
    let wanted = settings
        .iter()
        .flat_map(|settings| &settings.probe.postgres);
    let wanted: Vec<String> = wanted.map(super::PostgresTarget::name).collect();
    let probes = newest(context, POSTGRES, wanted.iter(), |probe: &PostgresProbe| {
        (probe.name.clone(), probe.at)
    })?;
    if probes.newest.is_empty() && probes.unobservable.is_empty() {
        return Ok(of_log);
    }
    let (mut deviations, mut unobservable) = match of_log.outcome {
        Outcome::NotApplicable => (Vec::new(), Vec::new()),
        _ => (of_log.deviations, of_log.unobservable),
    };
    unobservable.extend(probes.unobservable);
    for probe in probes.newest.values() {
        let inserts = |one: &ActsAs| {
            one.superuser
                || one
                    .may
                    .iter()
                    .any(|may| may.what == "insert" || may.what == "owner")
        };
        if !probe.acts_as.iter().any(inserts) {
            unobservable.push(crate::judgement::Unobservable {
                item: probe.name.clone(),
                what: "what the service may do: its role may not append either, so it is not the role that the service has".to_owned(),
            });
            continue;
        }
        judge(probe, &mut deviations);
    }
    Ok(Judgement::of(deviations, unobservable))
}

/// Codes, each with its text.
type Found = BTreeSet<(&'static str, String)>;

fn judge(probe: &PostgresProbe, deviations: &mut Vec<Deviation>) {
    let mut found = Found::new();
    for one in &probe.acts_as {
        role(probe, one, &mut found);
    }
    for table in probe.tables.iter().filter(|table| table.unlogged) {
        let text = format!("{}: a crash empties it", table.name);
        found.insert(("TABLE_UNLOGGED", text));
    }
    if probe.other_tables > 0 {
        let text = format!(
            "it is in a database in which the role writes into {} other tables: whoever restores that database restores the log",
            probe.other_tables
        );
        found.insert(("SAME_DATABASE", text));
    }
    let all = found.into_iter().map(|(code, text)| {
        let severity = match code {
            "ROLE_SUPERUSER" | "ROLE_OWNS_TABLE" | "MAY_UPDATE" | "MAY_DELETE" | "MAY_TRUNCATE" => {
                Severity::High
            }
            "SAME_DATABASE" => Severity::Low,
            _ => Severity::Medium,
        };
        Deviation::new(code, &probe.name, text).severity(severity)
    });
    deviations.extend(all);
}

/// What the role may do by itself, or as a member of another.
fn role(probe: &PostgresProbe, one: &ActsAs, found: &mut Found) {
    let by = if one.role == probe.role {
        String::new()
    } else {
        format!(", as a member of {}", one.role)
    };
    let mut say = |code, text: String| {
        found.insert((code, format!("{text}{by}")));
    };
    if one.superuser || AS_SUPERUSER.contains(&one.role.as_str()) {
        return say("ROLE_SUPERUSER", "the role may do anything".to_owned());
    }
    if one.owns_database {
        let text = "the role owns the database, and may drop it";
        say("ROLE_OWNS_DATABASE", text.to_owned());
    }
    for schema in &one.owns_schemas {
        let text = format!("the role owns the schema {schema}, and may drop what is in it");
        say("ROLE_OWNS_SCHEMA", text);
    }
    if one.createrole {
        let text = "the role may make roles and give memberships";
        say("ROLE_MAKES_ROLES", text.to_owned());
    }
    for may in &one.may {
        if let Some((code, what)) = right(&may.what) {
            let guarded = guarded(&probe.tables, &may.table, code);
            say(code, format!("{}: the role {what}{guarded}", may.table));
        }
    }
}

/// What a right to a table comes to; to append is what it is for.
fn right(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "owner" => (
            "ROLE_OWNS_TABLE",
            "owns it: it may alter and drop it, and give itself every right",
        ),
        "update" => ("MAY_UPDATE", "may change entries"),
        "delete" => ("MAY_DELETE", "may delete entries"),
        "truncate" => ("MAY_TRUNCATE", "may empty it"),
        "trigger" => (
            "MAY_ADD_TRIGGERS",
            "may add triggers, which change what others append",
        ),
        _ => return None,
    })
}

/// A trigger may refuse what a grant allows; whether it does is in its code, which is not read.
fn guarded(tables: &[Table], name: &str, code: &str) -> String {
    let table = tables.iter().find(|table| table.name == name);
    let triggers = table.map_or(&[][..], |table| &table.triggers);
    match (code, triggers) {
        (_, []) | ("ROLE_OWNS_TABLE" | "MAY_ADD_TRIGGERS", _) => String::new(),
        (_, triggers) => format!(
            " (triggers: {}; whether they refuse it is not seen)",
            triggers.join(", ")
        ),
    }
}
