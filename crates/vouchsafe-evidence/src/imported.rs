//! Results of other tools, and the resources of Terraform.

mod findings;
mod result;
mod sarif;
mod scanners;
mod terraform;
mod tls;
mod vulnerabilities;

use serde::{Deserialize, Deserializer};

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::files;
use crate::project::Project;
use crate::store::WriteError;

#[cfg(fuzzing)]
pub(crate) use result::read as read_report;

/// A report of a tool, as it came. Its source names the tool: `tool:sarif`.
pub(crate) const RESULT: &str = "tool.result/1";
/// Addresses and types of what Terraform manages.
pub(crate) const RESOURCES: &str = "terraform.resources/1";
/// The register of services, which others collect and judge.
const SERVICES: &str = "register.services/1";
/// The largest report.
const LIMIT: u64 = 64 << 20;

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: RESULT,
            title: "Reports of other tools, as they came",
            people: People::Workforce,
        },
        EvidenceType {
            name: RESOURCES,
            title: "Addresses and types of resources that Terraform manages, and none of their values",
            people: People::Workforce,
        },
        EvidenceType {
            name: SERVICES,
            title: "evidence/services.toml: cloud services that hold or carry data",
            people: People::Workforce,
        },
    ],
    collectors: &[&Reports, &States],
    checks: &[
        include_str!("../data/checks/imported-tools-findings.toml"),
        include_str!("../data/checks/imported-code-tls-verification.toml"),
        include_str!("../data/checks/imported-services-registered.toml"),
    ],
    evaluators: &[
        ("tools.findings", findings::judge),
        ("code.tls-verification", tls::judge),
        ("services.registered", terraform::judge),
    ],
};

/// A tool whose reports can be read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tool {
    Sarif,
    /// OCSF JSON.
    Prowler,
    /// `govulncheck -format json`.
    Govulncheck,
    /// `osv-scanner --format json --all-packages`.
    OsvScanner,
    /// `cargo audit --json`.
    CargoAudit,
    /// `cargo deny --format json check`.
    CargoDeny,
    /// `npm audit --json`.
    NpmAudit,
    /// `kube-linter lint --format json`.
    KubeLinter,
    /// `checkov -o json`.
    Checkov,
}

impl Tool {
    pub(crate) const ALL: [(Self, &'static str); 9] = [
        (Self::Sarif, "sarif"),
        (Self::Prowler, "prowler"),
        (Self::Govulncheck, "govulncheck"),
        (Self::OsvScanner, "osv-scanner"),
        (Self::CargoAudit, "cargo-audit"),
        (Self::CargoDeny, "cargo-deny"),
        (Self::NpmAudit, "npm-audit"),
        (Self::KubeLinter, "kube-linter"),
        (Self::Checkov, "checkov"),
    ];

    fn source(self) -> String {
        let found = Self::ALL.iter().find(|(tool, _)| *tool == self);
        format!("tool:{}", found.map_or("unknown", |(_, name)| *name))
    }

    fn of_source(source: &str) -> Option<Self> {
        let name = source.strip_prefix("tool:")?;
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(tool, _)| *tool)
    }
}

/// `[[import]]` of `evidence.toml`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// Whose reports these are.
    pub(crate) tool: Tool,
    /// A file, folder or pattern, or several.
    #[serde(deserialize_with = "one_or_more")]
    pub(crate) path: Vec<String>,
    /// How old a report may be.
    #[serde(default = "seven")]
    pub(crate) max_age_days: u32,
}

/// `[terraform]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TerraformSettings {
    /// Files that `terraform show -json` wrote.
    pub(crate) states: Vec<String>,
}

const fn seven() -> u32 {
    7
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(String),
        More(Vec<String>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::One(one) => vec![one],
        Given::More(more) => more,
    })
}

/// Collects reports.
#[derive(Debug)]
struct Reports;

impl Collector for Reports {
    fn name(&self) -> &'static str {
        "reports"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let imports = project.settings.imports.iter();
        let calls = imports.flat_map(|import| {
            let source = import.tool.source();
            let call = move |path: &String| Call::new(format!("read {path} ({source})"), "none");
            import.path.iter().map(call)
        });
        calls.collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        for import in &project.settings.imports {
            let source = import.tool.source();
            let endings = [".sarif", ".json", ".jsonl"];
            let paths = match files::expand(project.root(), &import.path, &endings) {
                Ok(paths) => paths,
                Err(why) => {
                    sink.failed(RESULT, &source, &import.path.join(" "), why)?;
                    continue;
                }
            };
            for path in paths {
                match files::dated(project, &path, LIMIT) {
                    Err(why) => sink.failed(RESULT, &source, &path, why)?,
                    Ok((made, content)) => sink.put(&Collected {
                        schema: RESULT,
                        source: &source,
                        request: &path,
                        collected_at: Some(made),
                        effective: None,
                        content: &content,
                    })?,
                }
            }
        }
        Ok(())
    }
}

/// Collects what Terraform manages.
#[derive(Debug)]
struct States;

impl Collector for States {
    fn name(&self) -> &'static str {
        "terraform"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let states = project.settings.terraform.states.iter();
        let calls = states.map(|path| {
            let what = format!("read {path}; of each resource only address, type and mode are stored, since values may hold secrets");
            Call::new(what, "none")
        });
        calls.collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let wanted = files::Wanted {
            schema: RESOURCES,
            patterns: &project.settings.terraform.states,
            endings: &[".json"],
        };
        files::store(project, sink, &wanted, |_, content| {
            terraform::reduce(&content)
        })
    }
}

#[cfg(test)]
mod tests;
