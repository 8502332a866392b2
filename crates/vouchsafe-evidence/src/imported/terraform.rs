//! Terraform: resources that hold data have a row in the register of services.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::result::{at, list, text};
use super::{RESOURCES, SERVICES};
use crate::files;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

/// The content of `terraform.resources/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    format_version: String,
    resources: Vec<Resource>,
}

#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    mode: String,
}

/// What of the register is needed here.
#[derive(Debug, Deserialize)]
struct Register {
    #[serde(default, rename = "service")]
    services: Vec<Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    id: String,
    #[serde(default)]
    resources: Vec<String>,
}

/// Address, type and mode of each resource, of what `terraform show -json` wrote. Values are left out: they hold passwords.
pub(super) fn reduce(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let root: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("it is no JSON, or was cut (line {})", error.line()))?;
    let format_version = text(&root, &["format_version"])
        .ok_or("it is not of `terraform show -json`")?
        .to_owned();
    let values = at(&root, &["values"]).or_else(|| at(&root, &["planned_values"]));
    let top = values
        .and_then(|values| at(values, &["root_module"]))
        .ok_or("the state is empty")?;
    let mut resources = Vec::new();
    module(top, &mut resources)?;
    if resources.is_empty() {
        return Err("the state has no resource".to_owned());
    }
    resources.sort();
    let reduced = Resources {
        format_version,
        resources,
    };
    serde_json::to_vec_pretty(&reduced).map_err(|error| error.to_string())
}

/// The depth of modules is limited by that of JSON.
fn module(node: &Value, resources: &mut Vec<Resource>) -> Result<(), String> {
    for one in list(node, &["resources"]) {
        let part = |field| {
            text(one, &[field])
                .map(str::to_owned)
                .ok_or(format!("a resource has no {field}"))
        };
        resources.push(Resource {
            address: part("address")?,
            kind: part("type")?,
            mode: part("mode")?,
        });
    }
    for below in list(node, &["child_modules"]) {
        module(below, resources)?;
    }
    Ok(())
}

/// The check `services.registered`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let types: Vec<String> = context.check.parameter("types")?;
    let register = register(context)?;
    let mut deviations = Vec::new();
    let (mut all, mut holding) = (Vec::new(), 0_u64);
    for known in files::collected(context, RESOURCES)? {
        let content = context.content(known)?;
        let read: Resources =
            serde_json::from_slice(&content).map_err(|error| error.to_string())?;
        for resource in read
            .resources
            .into_iter()
            .filter(|resource| resource.mode == "managed")
        {
            if types.contains(&resource.kind) {
                holding = holding.saturating_add(1);
                if !register
                    .services
                    .iter()
                    .any(|service| names(service, &resource.address))
                {
                    let text = format!(
                        "{} holds data, and no row of evidence/services.toml names it in `resources`",
                        resource.kind
                    );
                    let found = Deviation::new("SERVICE_UNREGISTERED", &resource.address, text);
                    deviations.push(found.severity(Severity::High).at(&known.evidence.request));
                }
            }
            all.push(resource.address);
        }
    }
    for service in &register.services {
        for named in &service.resources {
            if !all.iter().any(|address| is(named, address)) {
                let item = format!("{} {named}", service.id);
                let found = Deviation::new(
                    "RESOURCE_GONE",
                    item,
                    "the row names a resource that Terraform does not manage",
                );
                deviations.push(found.severity(Severity::Low).at("evidence/services.toml"));
            }
        }
    }
    let count = all.len();
    Ok(Judgement::of(deviations, Vec::new())
        .noting(format!("{count} resources, {holding} of them hold data")))
}

fn register(context: &Context<'_>) -> Result<Register, String> {
    let Some(known) = context.present(SERVICES)? else {
        return Ok(Register {
            services: Vec::new(),
        });
    };
    let content = context.content(known)?;
    let content = std::str::from_utf8(&content)
        .map_err(|_| "evidence/services.toml is not UTF-8".to_owned())?;
    toml::from_str(content).map_err(|error| format!("evidence/services.toml: {error}"))
}

fn names(service: &Service, address: &str) -> bool {
    service.resources.iter().any(|named| is(named, address))
}

/// Whether a row names an address: itself, without the index of `count` or `for_each`, or with `*` for any rest.
fn is(named: &str, address: &str) -> bool {
    let without_index = address
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['))
        .map(|(bare, _)| bare);
    named == address
        || without_index == Some(named)
        || named
            .strip_suffix('*')
            .is_some_and(|start| !start.is_empty() && address.starts_with(start))
}
