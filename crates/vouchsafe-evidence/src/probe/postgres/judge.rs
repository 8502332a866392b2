//! What grants of an audit table come to.

use std::collections::BTreeSet;

use super::{ActsAs, POSTGRES, PostgresProbe, Table};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Outcome, Severity};
use crate::probe::judge::newest;

/// Roles of the server itself that come to the same as a superuser, or write everywhere (PostgreSQL, "Predefined Roles").
const AS_SUPERUSER: [&str; 4] = [
    "pg_execute_server_program",
    "pg_write_all_data",
    "pg_write_server_files",
    "pg_maintain",
];

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

fn judge(probe: &PostgresProbe, deviations: &mut Vec<Deviation>) {
    let mut found: BTreeSet<(&str, String)> = BTreeSet::new();
    for one in &probe.acts_as {
        let by = if one.role == probe.role {
            String::new()
        } else {
            format!(", as a member of {}", one.role)
        };
        if one.superuser || AS_SUPERUSER.contains(&one.role.as_str()) {
            found.insert(("ROLE_SUPERUSER", format!("the role may do anything{by}")));
            continue;
        }
        if one.owns_database {
            found.insert((
                "ROLE_OWNS_DATABASE",
                format!("the role owns the database, and may drop it{by}"),
            ));
        }
        for schema in &one.owns_schemas {
            found.insert((
                "ROLE_OWNS_SCHEMA",
                format!("the role owns the schema {schema}, and may drop what is in it{by}"),
            ));
        }
        if one.createrole {
            found.insert((
                "ROLE_MAKES_ROLES",
                format!("the role may make roles and give memberships{by}"),
            ));
        }
        for may in &one.may {
            let (code, what) = match may.what.as_str() {
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
                _ => continue,
            };
            let guarded = guarded(&probe.tables, &may.table, code);
            found.insert((code, format!("{}: the role {what}{by}{guarded}", may.table)));
        }
    }
    for table in probe.tables.iter().filter(|table| table.unlogged) {
        found.insert((
            "TABLE_UNLOGGED",
            format!("{}: a crash empties it", table.name),
        ));
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
