//! Assessments of dependencies, and the places that they may come from.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::given::{Staff, days_over, deviation, register, today};
use super::libraries::packages;
use super::locks::{Ecosystem, Package};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/dependencies.toml`.
#[derive(Debug)]
pub(crate) struct Dependencies {
    pub(crate) sources: Vec<Row<Source>>,
    pub(crate) assessments: Vec<Row<Assessment>>,
}

/// A place that packages may come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) ecosystem: Ecosystem,
    /// As the lock file writes it, or the beginning of that.
    pub(crate) url: Text,
}

/// What somebody thinks of a dependency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assessment {
    pub(crate) ecosystem: Ecosystem,
    /// The name of the package; with `*` at its end, all names that begin so.
    pub(crate) name: Text,
    /// The only version that it is about; all, without one.
    #[serde(default)]
    pub(crate) version: Option<Text>,
    pub(crate) verdict: Verdict,
    #[serde(rename = "reason")]
    _reason: Text,
    pub(crate) by: Text,
    pub(crate) on: Day,
    pub(crate) review_by: Day,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Accepted,
    Rejected,
}

impl Register for Dependencies {
    fn read(reader: &mut Reader<'_>) -> Self {
        let sources = reader.rows("source");
        let assessments: Vec<Row<Assessment>> = reader.rows("assessment");
        for one in &assessments {
            reader.in_order(
                one.line,
                "assessment.review_by",
                &one.on,
                Some(&one.review_by),
            );
            if one.name.trim_end_matches('*').is_empty() {
                reader.fault(
                    one.line,
                    "assessment.name",
                    "name at least the beginning: nobody assesses everything at once",
                );
            }
        }
        Self {
            sources,
            assessments,
        }
    }
}

impl Assessment {
    fn is_about(&self, package: &Package) -> bool {
        let name = match self.name.strip_suffix('*') {
            Some(head) => package.name.starts_with(head),
            None => *self.name == *package.name,
        };
        let version = self
            .version
            .as_ref()
            .is_none_or(|version| **version == *package.version);
        self.ecosystem == package.ecosystem && name && version
    }
}

/// What the project asks for was assessed; nothing rejected is there; everything is from a known place.
pub(crate) fn vetted(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Dependencies>(context)?;
    if register.sources.is_empty() && register.assessments.is_empty() {
        return Err(format!(
            "no evidence: {} names no source and no assessment",
            Dependencies::FILE
        ));
    }
    let (files, unobservable) = packages(context)?;
    let staff = Staff::of(context)?;
    let mut found: BTreeMap<(String, &str), Deviation> = BTreeMap::new();
    let mut direct = 0_usize;
    for (path, packages) in &files {
        for package in packages.iter() {
            direct += usize::from(package.direct == Some(true));
            let item = format!(
                "{}/{}@{}",
                package.ecosystem.name(),
                package.name,
                package.version
            );
            for (code, text) in of_package(context, &register, package) {
                let one = deviation(context, code, item.clone(), text).at(path.clone());
                found.entry((item.clone(), code)).or_insert(one);
            }
        }
    }
    let mut all: Vec<_> = found.into_values().collect();
    for one in &register.assessments {
        if let Err(why) = staff.at_work(&one.by, one.on.0) {
            let item = format!("{}/{}", one.ecosystem.name(), one.name);
            all.push(
                deviation(context, "ASSESSOR_UNKNOWN", item, why).at(Dependencies::place(one)),
            );
        }
    }
    let note =
        format!("{direct} packages that the project asks for itself, where lock files say so");
    Ok(Judgement::of(all, unobservable).noting(note))
}

fn of_package(
    context: &Context<'_>,
    register: &Dependencies,
    package: &Package,
) -> Vec<(&'static str, String)> {
    let about: Vec<_> = register
        .assessments
        .iter()
        .filter(|one| one.is_about(package))
        .collect();
    let mut found = Vec::new();
    if let Some(rejected) = about.iter().find(|one| one.verdict == Verdict::Rejected) {
        found.push((
            "REJECTED",
            format!("{} rejected it on {}", rejected.by, rejected.on),
        ));
    }
    let accepted = about
        .iter()
        .filter(|one| one.verdict == Verdict::Accepted)
        .max_by_key(|one| one.review_by);
    let allowed = |url: &String| {
        register
            .sources
            .iter()
            .any(|source| source.ecosystem == package.ecosystem && url.starts_with(&*source.url))
    };
    if let Some(source) = package
        .source
        .as_ref()
        .filter(|source| !allowed(source))
        .filter(|_| accepted.is_none())
    {
        found.push((
            "SOURCE_UNKNOWN",
            format!(
                "it comes from {source}, which {} does not name",
                Dependencies::FILE
            ),
        ));
    }
    match accepted {
        None if package.direct == Some(true) => {
            found.push((
                "NOT_ASSESSED",
                "the project asks for it, and nobody assessed it".to_owned(),
            ));
        }
        Some(one) => {
            if let Some(over) = days_over(one.review_by, today(context)) {
                found.push((
                    "ASSESSMENT_OVERDUE",
                    format!(
                        "it was to be looked at again by {}, {over} days ago",
                        one.review_by
                    ),
                ));
            }
        }
        None => {}
    }
    found
}
