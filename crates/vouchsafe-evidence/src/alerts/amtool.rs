//! Asks amtool where each alert goes. Of the configuration of Alertmanager only what holds no secret is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::tool::{Input, Run, Scratch, Tool};
use super::{Settings, rules};
use crate::digest::Digest;
use crate::files;
use crate::yaml::{self, Node};

/// The largest file that is read.
const LIMIT: u64 = 16 << 20;
const COPY: &str = "alertmanager.yml";

/// What amtool said. The content of `alerts.routes/1`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub(super) version: String,
    /// Whether it had a network.
    pub(super) network: String,
    /// The configuration, which is not stored: it may hold secrets.
    pub(super) configuration: Input,
    /// Its receivers.
    pub(super) receivers: Vec<Receiver>,
    /// The labels that routes look at.
    pub(super) matched: BTreeSet<String>,
    /// Whether a route is muted at times.
    pub(super) muted: bool,
    /// `amtool check-config`.
    pub(super) check: Run,
    /// `amtool config routes test`, for the labels of each alert.
    pub(super) routes: Vec<Route>,
}

/// A receiver, without its secrets.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receiver {
    pub(super) name: String,
    pub(super) integrations: Vec<Integration>,
}

/// A way in which a receiver is told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Integration {
    /// `pagerduty`, `webhook`.
    pub(super) kind: String,
    /// The names of its fields.
    pub(super) fields: BTreeSet<String>,
    /// The hosts of its addresses.
    pub(super) hosts: BTreeSet<String>,
}

/// Where labels lead.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) run: Run,
}

/// Asks; the answer, and what it is an answer to.
pub(super) fn ask(
    root: &Path,
    settings: &Settings,
    path: &str,
    tool: &Tool,
) -> Result<(String, Said), String> {
    let [path] = files::expand(root, &[path.to_owned()], &[])?
        .try_into()
        .map_err(|_| format!("{path} is not one file"))?;
    let content = files::read(root, &path, LIMIT)?;
    let configuration = yaml::document(&content).map_err(|why| format!("{path}: {why}"))?;
    let scratch = Scratch::new()?;
    scratch.write(COPY, &content)?;
    let run = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().map(|one| (*one).to_owned()).collect();
        tool.run(scratch.path(), &arguments)
    };
    let mut said = Said {
        version: tool.version(scratch.path())?,
        network: tool.network().to_owned(),
        receivers: configuration
            .list_at(&["receivers"])
            .iter()
            .map(receiver)
            .collect(),
        check: run(&["check-config", COPY])?,
        ..Said::default()
    };
    // What it says of a configuration that is wrong may repeat it.
    if said.check.exit != Some(0) {
        said.check.stdout = String::new();
        said.check.stderr = String::new();
    }
    if let Some(route) = configuration.get("route") {
        routes(route, &mut said);
    }
    said.configuration = Input {
        path: path.clone(),
        sha256: Digest::of(&content).to_string(),
    };
    for labels in label_sets(root, settings)? {
        if said.check.exit != Some(0) {
            break;
        }
        let mut arguments = vec!["config", "routes", "test", "--config.file", COPY];
        let given: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}={}", serde_json::Value::from(value.as_str())))
            .collect();
        arguments.extend(given.iter().map(String::as_str));
        said.routes.push(Route {
            run: run(&arguments)?,
            labels,
        });
    }
    Ok((path, said))
}

/// The labels of all alerts, each set once.
fn label_sets(
    root: &Path,
    settings: &Settings,
) -> Result<BTreeSet<BTreeMap<String, String>>, String> {
    let mut sets = BTreeSet::new();
    for path in files::expand(root, &settings.rules, &[".yaml", ".yml"])? {
        let rules = yaml::document(&files::read(root, &path, LIMIT)?)
            .map_err(|why| format!("{path}: {why}"))?;
        for alert in rules::of_file(&path, &rules)? {
            sets.insert(alert.fixed_labels());
        }
    }
    Ok(sets)
}

fn receiver(node: &Node) -> Receiver {
    let mut integrations = Vec::new();
    for (key, list) in node.entries() {
        let Some(kind) = key.strip_suffix("_configs") else {
            continue;
        };
        for one in list.list() {
            let mut hosts = BTreeSet::new();
            one.each_text("", &mut |field, value| hosts.extend(hosts_of(field, value)));
            integrations.push(Integration {
                kind: kind.to_owned(),
                fields: one
                    .entries()
                    .iter()
                    .map(|(field, _)| field.clone())
                    .collect(),
                hosts,
            });
        }
    }
    Receiver {
        name: node.text_at(&["name"]).unwrap_or_default().to_owned(),
        integrations,
    }
}

/// The hosts that a field names: of an address of a page, or behind the @ of mail addresses.
fn hosts_of(field: &str, value: &Node) -> Vec<String> {
    let text = value.text().unwrap_or_default();
    if field == "to" {
        let of_mail = |address: &str| {
            Some(
                address
                    .trim()
                    .rsplit_once('@')?
                    .1
                    .trim_end_matches('>')
                    .to_owned(),
            )
        };
        return text.split(',').filter_map(of_mail).collect();
    }
    if !field.ends_with("url") {
        return Vec::new();
    }
    let Some((_, rest)) = text.split_once("://") else {
        return Vec::new();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let bare = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    vec![bare.to_ascii_lowercase()]
}

fn routes(route: &Node, said: &mut Said) {
    for field in ["match", "match_re"] {
        let entries = route.get(field).map_or(&[][..], Node::entries);
        said.matched
            .extend(entries.iter().map(|(label, _)| label.clone()));
    }
    let listed = route.list_at(&["matchers"]).iter().filter_map(Node::text);
    for matcher in listed.flat_map(|text| text.split(',')) {
        let name = matcher.split(['=', '!', '~']).next().unwrap_or_default();
        let name =
            name.trim_matches(|char: char| char.is_whitespace() || matches!(char, '{' | '}' | '"'));
        said.matched.insert(name.to_owned());
    }
    let muting = ["mute_time_intervals", "active_time_intervals"];
    said.muted |= muting.iter().any(|field| route.get(field).is_some());
    for below in route.list_at(&["routes"]) {
        routes(below, said);
    }
}
