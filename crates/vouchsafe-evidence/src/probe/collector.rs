//! Collects probes: those that `evidence.toml` asks for, made now, and those that were saved.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dial::{PATIENCE, Target};
use super::postgres::{self, POSTGRES, PostgresProbe};
use super::service::{self, SERVICE, ServiceProbe};
use super::tls::{self, TlsProbe};
use super::token::{self, TokenProbe};
use super::{FOLDER, TLS, TOKEN, TlsTarget, TokenTarget};
use crate::bounded;
use crate::collect::{Call, Collected, Collector, Sink};
use crate::project::Project;
use crate::store::WriteError;

/// Saved probes are far smaller.
const LARGEST: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Probes;

impl Collector for Probes {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let settings = &project.settings.probe;
        let tls = settings.tls.iter().map(|target| {
            let what = format!(
                "connect to {}: offer versions and suites of TLS, and plain HTTP",
                target.name()
            );
            Call::new(what, "none: no request is sent over TLS")
        });
        let tokens = settings.token.iter().map(|target| {
            let what = format!(
                "read the token in {}: header and names of claims",
                target.file.display()
            );
            Call::new(what, "to read that file")
        });
        let saved = saved(project)
            .into_iter()
            .map(|name| Call::new(format!("read {FOLDER}/{name}"), "none"));
        let services = settings.service.iter().flat_map(service::plan);
        let tables = settings.postgres.iter().map(postgres::plan);
        let calls = tls.chain(tokens).chain(services).chain(tables);
        calls.chain(saved).collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let settings = &project.settings.probe;
        for target in &settings.tls {
            let name = target.name();
            match probe_tls(project, target) {
                Ok(probe) => put(sink, TLS, "probe", &name, &probe)?,
                Err(why) => sink.failed(TLS, "probe", &name, why)?,
            }
        }
        for target in &settings.token {
            match probe_token(project, target) {
                Ok(probe) => put(sink, TOKEN, "probe", &target.name, &probe)?,
                Err(why) => sink.failed(TOKEN, "probe", &target.name, why)?,
            }
        }
        for target in &settings.service {
            let name = target.name();
            match service::probe(target, project.root(), project.now) {
                Ok(probed) => {
                    put(sink, SERVICE, "probe", &name, &probed.service)?;
                    if let Some(token) = &probed.token {
                        put(sink, TOKEN, "probe", &name, token)?;
                    }
                }
                Err(why) => sink.failed(SERVICE, "probe", &name, why)?,
            }
        }
        for target in &settings.postgres {
            match postgres::probe(target, project.root(), project.now) {
                Ok(probe) => put(sink, POSTGRES, "probe", &target.name(), &probe)?,
                Err(why) => sink.failed(POSTGRES, "probe", &target.name(), why)?,
            }
        }
        for name in saved(project) {
            collect_saved(project, &name, sink)?;
        }
        Ok(())
    }
}

fn probe_tls(project: &Project, target: &TlsTarget) -> Result<TlsProbe, String> {
    let at = Target::parse(&target.at).ok_or("`at` is no HOST:PORT")?;
    let name = target.name.as_deref().unwrap_or(&at.host);
    let mut probe =
        tls::probe(&at, name, project.now, PATIENCE).map_err(|error| error.to_string())?;
    // As the project writes it, so that the two are one target.
    probe.target = target.name();
    Ok(probe)
}

fn probe_token(project: &Project, target: &TokenTarget) -> Result<TokenProbe, String> {
    let path = project.root().join(&target.file);
    let text = bounded::file(&path, LARGEST).ok();
    let text = text.and_then(|text| String::from_utf8(text).ok());
    let text = text.ok_or("the file of the token cannot be read")?;
    token::read(&text, &target.name, project.now).map_err(|error| error.to_string())
}

/// Stores a saved probe as it is, with the time at which it was made.
fn collect_saved(project: &Project, name: &str, sink: &mut Sink<'_>) -> Result<(), WriteError> {
    let path = project.root().join(FOLDER).join(name);
    let request = format!("{FOLDER}/{name}");
    let content = match read(&path) {
        Ok(content) => content,
        Err(why) => return sink.failed(TLS, "file", &request, why),
    };
    let of = |schema, at| Collected {
        schema,
        source: "file",
        request: &request,
        collected_at: Some(at),
        effective: None,
        content: &content,
    };
    if let Some(probe) = parse::<TlsProbe>(&content) {
        return sink.put(&of(TLS, probe.at));
    }
    if let Some(probe) = parse::<ServiceProbe>(&content) {
        return sink.put(&of(SERVICE, probe.at));
    }
    if let Some(probe) = parse::<PostgresProbe>(&content) {
        return sink.put(&of(POSTGRES, probe.at));
    }
    match parse::<TokenProbe>(&content) {
        Some(probe) => sink.put(&of(TOKEN, probe.at)),
        None => sink.failed(
            TLS,
            "file",
            &request,
            "it is no probe of a format that is known",
        ),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::symlink_metadata(path).map_err(|_| "it cannot be read")?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err("it is no file of the size of a probe".to_owned());
    }
    fs::read(path).map_err(|_| "it cannot be read".to_owned())
}

fn parse<T: DeserializeOwned>(content: &[u8]) -> Option<T> {
    serde_json::from_slice(content).ok()
}

fn put(
    sink: &mut Sink<'_>,
    schema: &str,
    source: &str,
    request: &str,
    probe: &impl Serialize,
) -> Result<(), WriteError> {
    let Ok(content) = serde_json::to_vec(probe) else {
        return sink.failed(schema, source, request, "the probe cannot be written");
    };
    sink.put(&Collected {
        schema,
        source,
        request,
        collected_at: None,
        effective: None,
        content: &content,
    })
}

/// Names of saved probes, sorted.
fn saved(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.root().join(FOLDER))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort_unstable();
    names
}
