//! What reports of self-tests come to.

mod log;
mod people;
mod sealing;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Report, SELF_TEST, TokenTried};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::probe::newest as newest_probes;

pub(super) use log::{actors, append_only};
pub(super) use people::{mfa, unique};
pub(super) use sealing::{aead, at_rest, keys, leaks};

/// Faults of tokens without which nothing is shown.
const FAULTS: [&str; 6] = [
    "expired",
    "no-exp",
    "long-exp",
    "wrong-aud",
    "wrong-iss",
    "alg-none",
];

/// The newest report of each installation, and what is missing of them.
pub(crate) struct Tests {
    reports: BTreeMap<String, Arc<Report>>,
    missing: Vec<Unobservable>,
}

/// The newest reports that are not too old.
pub(crate) fn newest(context: &Context<'_>) -> Result<Tests, String> {
    let probes = newest_probes(context, SELF_TEST, std::iter::empty(), |report: &Report| {
        (report.installation.clone(), report.at)
    })?;
    Ok(Tests {
        reports: probes.newest,
        missing: probes.unobservable,
    })
}

impl Tests {
    pub(crate) fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.missing.is_empty()
    }

    /// Faults of tokens that the installation at a URL tried on its own verifier, which takes a valid one.
    pub(crate) fn tokens_of(&self, url: &str) -> Vec<&str> {
        let of = |report: &&Arc<Report>| {
            report.url.trim_end_matches('/') == url.trim_end_matches('/') && report.takes_valid()
        };
        let reports = self.reports.values().filter(of);
        reports
            .flat_map(|report| report.bad_tokens().map(|one| one.fault.as_str()))
            .collect()
    }

    /// The reports, after what is missing of them was noted.
    fn noting<'t>(
        &'t self,
        unobservable: &mut Vec<Unobservable>,
    ) -> impl Iterator<Item = &'t Report> + use<'t> {
        unobservable.extend(self.missing.iter().cloned());
        self.reports.values().map(Arc::as_ref)
    }

    /// What policies allow to somebody who has no right to it.
    pub(crate) fn judge_matrix(
        &self,
        deviations: &mut Vec<Deviation>,
        unobservable: &mut Vec<Unobservable>,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for report in self.noting(unobservable) {
            let Some(access) = &report.access else {
                unobservable.push(report.not_done("access"));
                continue;
            };
            let allowed: u64 = access.allowed.values().sum();
            if access.asks == 0 || allowed == 0 {
                // A matrix in which nobody may do anything shows that the roles were not those of the policies.
                unobservable.push(report.missing(
                    "access: the policies allow nothing to any role, so refusals prove nothing",
                ));
                continue;
            }
            let open = [
                (
                    "ALLOWED_WITHOUT_ROLE",
                    access.allowed_without_role,
                    "somebody without a role",
                ),
                (
                    "ALLOWED_ELSEWHERE",
                    access.allowed_elsewhere,
                    "somebody of another tenant",
                ),
                (
                    "ALLOWED_OUT_OF_TIME",
                    access.allowed_out_of_time,
                    "somebody whose session or right is over",
                ),
            ];
            for (code, count, whom) in open {
                if count > 0 {
                    let text = format!(
                        "the policies allow {count} of {} accesses to {whom}",
                        access.asks
                    );
                    deviations.push(report.deviation(code, Severity::Critical, text));
                }
            }
            notes.push(format!(
                "policies {}: {} decisions, {allowed} allowed; matrix {}",
                access.bundle, access.asks, access.matrix
            ));
        }
        notes
    }

    /// Tokens with a good signature that must be refused.
    pub(crate) fn judge_tokens(
        &self,
        deviations: &mut Vec<Deviation>,
        unobservable: &mut Vec<Unobservable>,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for report in self.noting(unobservable) {
            if report.tokens.is_empty() {
                unobservable.push(report.not_done("tokens"));
                continue;
            }
            if !report.takes_valid() {
                unobservable.push(report.missing(
                    "tokens: the verifier did not accept a valid one, so refusals prove nothing",
                ));
                continue;
            }
            for fault in FAULTS {
                if !report.bad_tokens().any(|one| one.fault == fault) {
                    let what = format!("tokens: {fault} was not tried");
                    unobservable.push(report.missing(what));
                }
            }
            for one in report.bad_tokens().filter(|one| !one.refused) {
                let text = format!("the verifier accepts an invalid token: {}", one.fault);
                deviations.push(report.deviation("BAD_TOKEN_TAKEN", Severity::Critical, text));
            }
            notes.push(format!(
                "{}: {} invalid tokens, tried on its own verifier",
                report.url,
                report.bad_tokens().count()
            ));
        }
        notes
    }
}

/// Judges each report by one function.
fn each(
    context: &Context<'_>,
    judge: impl Fn(&Report, &mut Vec<Deviation>, &mut Vec<Unobservable>),
) -> Result<Judgement, String> {
    let tests = newest(context)?;
    if tests.is_empty() {
        return Ok(Judgement::not_applicable(
            "evidence.toml has no [[self_test]]: no installation of Vouchsafe was tried",
        ));
    }
    let (mut deviations, mut unobservable) = (Vec::new(), tests.missing);
    for report in tests.reports.values() {
        judge(report, &mut deviations, &mut unobservable);
    }
    Ok(Judgement::of(deviations, unobservable))
}

impl Report {
    /// Whether its verifier took a valid token: the control.
    fn takes_valid(&self) -> bool {
        let mut controls = self.tokens.iter().filter(|one| one.fault == "valid");
        controls.next().is_some_and(|one| !one.refused) && controls.all(|one| !one.refused)
    }

    /// The tokens that must be refused.
    fn bad_tokens(&self) -> impl Iterator<Item = &TokenTried> {
        self.tokens.iter().filter(|one| one.fault != "valid")
    }

    /// The item of what is said of the installation as a whole.
    fn item(&self) -> String {
        format!("installation {}", self.installation)
    }

    fn deviation(&self, code: &str, severity: Severity, text: impl Into<String>) -> Deviation {
        Deviation::new(code, self.item(), text).severity(severity)
    }

    fn missing(&self, what: impl Into<String>) -> Unobservable {
        Unobservable {
            item: self.item(),
            what: what.into(),
        }
    }

    /// A part that was not tried, with the reason that the report gives.
    fn not_done(&self, part: &str) -> Unobservable {
        let found = self.not_done.iter().find(|one| one.part == part);
        let why = found.map_or("the report does not say why", |one| one.why.as_str());
        self.missing(format!("{part} was not tried: {why}"))
    }
}

/// Whole days between two moments.
fn days(from: Timestamp, until: Timestamp) -> i64 {
    until
        .as_second()
        .saturating_sub(from.as_second())
        .div_euclid(86_400)
}
