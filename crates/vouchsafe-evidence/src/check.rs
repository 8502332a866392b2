//! Checks: data with teeth. A check without a case that it must fail, and fails, does not load.

mod case;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::area::{AREAS, evaluator, evidence_type};
use crate::digest::Digest;
use crate::inputs::{Cache, Contents, Context, Inputs};
use crate::judgement::{Judgement, Severity};
use crate::window::start_of;

/// A function of the evidence alone. An error is neither pass nor fail; its text says why.
pub(crate) type Evaluator = fn(&Context<'_>) -> Result<Judgement, String>;

/// A check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Its id: `change.reviewed`.
    pub(crate) id: String,
    /// What it establishes, in one sentence.
    pub(crate) title: String,
    /// The controls that it is for.
    pub(crate) controls: Vec<String>,
    /// How it comes to its verdict.
    pub(crate) kind: CheckKind,
    /// How often it runs, in hours.
    pub(crate) cadence_hours: u32,
    /// How late a run may be before a gap opens, in hours.
    pub(crate) grace_hours: u32,
    /// How much a deviation matters, where it does not say so itself.
    pub(crate) severity: Severity,
    /// Whether it is for the proposed rule of 2025 (90 FR 898) and not for the rule in force.
    pub(crate) nprm: bool,
    /// What to do when it fails.
    pub(crate) remedy: String,
    /// SHA-256 of the definition.
    pub(crate) definition: Digest,
    /// The definition.
    pub(crate) text: Arc<str>,
    needs: Vec<String>,
    wants: Vec<String>,
    parameters: toml::Table,
    evaluator: Evaluator,
}

/// How a check comes to its verdict.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CheckKind {
    /// A state, sampled by each run.
    State,
    /// Every event of the period.
    Population,
    /// A register, document or record.
    Register,
    /// The control is attacked; the refusal is the evidence.
    SelfTest,
}

/// Why a check does not load.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the check {check}: {problem}")]
pub(crate) struct CheckError {
    check: String,
    problem: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    id: String,
    title: String,
    controls: Vec<String>,
    kind: CheckKind,
    cadence_hours: u32,
    grace_hours: u32,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    nprm: bool,
    remedy: String,
    /// Types without which there is no verdict.
    needs: Vec<String>,
    /// Types that are used where they are there.
    #[serde(default)]
    wants: Vec<String>,
    evaluator: String,
    #[serde(default)]
    parameters: toml::Table,
    #[serde(default, rename = "case")]
    cases: Vec<case::Case>,
}

impl Check {
    /// Loads a check: reads its definition and runs its cases.
    ///
    /// # Errors
    /// When the definition is not one, has no case that must fail, or a case comes out otherwise.
    pub(crate) fn load(text: &str) -> Result<Self, CheckError> {
        let definition: Definition = toml::from_str(text).map_err(|error| CheckError {
            check: "(unreadable)".to_owned(),
            problem: error.to_string(),
        })?;
        let id = definition.id.clone();
        let fault = |problem: String| CheckError {
            check: id.clone(),
            problem,
        };
        let types = definition.needs.iter().chain(&definition.wants);
        for schema in types {
            if evidence_type(schema).is_none() {
                return Err(fault(format!("{schema} is no type of evidence")));
            }
        }
        let known = evaluator(&definition.evaluator)
            .ok_or_else(|| fault(format!("there is no evaluator {}", definition.evaluator)))?;
        if !definition.cases.iter().any(case::Case::must_fail) {
            return Err(fault("no case says what it must fail".to_owned()));
        }
        let check = Self {
            id: definition.id,
            title: definition.title,
            controls: definition.controls,
            kind: definition.kind,
            cadence_hours: definition.cadence_hours,
            grace_hours: definition.grace_hours,
            severity: definition.severity,
            nprm: definition.nprm,
            remedy: definition.remedy,
            definition: Digest::of(text.as_bytes()),
            text: Arc::from(text),
            needs: definition.needs,
            wants: definition.wants,
            parameters: definition.parameters,
            evaluator: known,
        };
        for case in &definition.cases {
            case.run(&check).map_err(fault)?;
        }
        Ok(check)
    }

    /// All checks that this program brings.
    ///
    /// # Errors
    /// The first that does not load.
    pub(crate) fn all() -> Result<Vec<Self>, CheckError> {
        let texts = AREAS.iter().flat_map(|area| area.checks);
        texts.map(|text| Self::load(text)).collect()
    }

    /// The types of evidence that it is given: those that it needs and wants, the settings, the exceptions and the people
    /// who approve them.
    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        let named = self.needs.iter().chain(&self.wants).map(String::as_str);
        let settings = [
            crate::project::SETTINGS,
            crate::register::EXCEPTIONS,
            crate::register::PEOPLE,
        ];
        let rest = settings.into_iter().filter(|always| {
            !self
                .needs
                .iter()
                .chain(&self.wants)
                .any(|named| named == always)
        });
        named.chain(rest)
    }

    /// The types of evidence without which it has no verdict.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(String::as_str)
    }

    /// Seconds that an observation speaks for: cadence and grace.
    pub(crate) fn patience_seconds(&self) -> i64 {
        (i64::from(self.cadence_hours) + i64::from(self.grace_hours)) * 3600
    }

    /// All parameters of the definition.
    ///
    /// # Errors
    /// When one is missing, unknown, or of another type.
    pub(crate) fn parameters<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        let parameters = toml::Value::Table(self.parameters.clone());
        parameters
            .try_into()
            .map_err(|error: toml::de::Error| format!("the parameters: {error}"))
    }

    /// A parameter of the definition.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub(crate) fn parameter<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<T, String> {
        let value = self
            .parameters
            .get(name)
            .cloned()
            .ok_or_else(|| format!("the check has no parameter {name}"))?;
        value
            .try_into()
            .map_err(|error: toml::de::Error| format!("the parameter {name}: {error}"))
    }

    /// Judges evidence. Missing evidence of a type that it needs is an error, never a pass.
    pub(crate) fn judge(
        &self,
        at: Timestamp,
        inputs: &Inputs<'_>,
        contents: &dyn Contents,
        cache: &Cache,
    ) -> Judgement {
        let context = Context::new(self, at, inputs, contents, cache);
        let missing = self
            .needs
            .iter()
            .find(|schema| context.last(schema).is_none());
        if let Some(missing) = missing {
            return Judgement::error(format!("no evidence of type {missing} was collected"));
        }
        match (self.evaluator)(&context) {
            Ok(mut judgement) => {
                if self.kind == CheckKind::Population && judgement.speaks_from.is_none() {
                    let settings = context.settings();
                    let since = settings.map(|settings| start_of(settings.project.since));
                    judgement.speaks_from = since.ok().and_then(Result::ok);
                }
                crate::register::except(&context, judgement)
            }
            Err(why) => Judgement::error(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_loads_and_its_cases_come_out_as_they_say() {
        let checks = Check::all().unwrap();
        let mut ids: Vec<_> = checks.iter().map(|check| check.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "two checks have one id");
    }
}
