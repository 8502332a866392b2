//! What probes come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::plaintext::Plaintext;
use super::suites::{Version, is_aead, is_broken};
use super::tls::{Offer, TlsProbe};
use super::token::TokenProbe;
use super::{TLS, TOKEN};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// What is collected, and what is not.
pub(crate) struct Probes<T> {
    /// The newest probe of each target.
    pub(crate) newest: BTreeMap<String, Arc<T>>,
    pub(crate) unobservable: Vec<Unobservable>,
}

/// `tls.listen`: old versions, plain HTTP and certificates that callers should not trust.
pub(super) fn listen(context: &Context<'_>) -> Result<Judgement, String> {
    let ends_soon: i64 = context.check.parameter("certificate_days")?;
    let mut probes = tls_probes(context)?;
    let mut deviations = Vec::new();
    for probe in probes.newest.values() {
        versions(probe, &mut deviations, &mut probes.unobservable);
        plain(probe, &mut deviations, &mut probes.unobservable);
        certificate(
            context.at,
            ends_soon,
            probe,
            &mut deviations,
            &mut probes.unobservable,
        );
    }
    Ok(judged(probes, deviations, "[[probe.tls]]"))
}

/// `tls.aead`: suites that do not encrypt and authenticate in one.
pub(super) fn aead(context: &Context<'_>) -> Result<Judgement, String> {
    let mut probes = tls_probes(context)?;
    let mut deviations = Vec::new();
    for probe in probes.newest.values() {
        for (version, offer) in &probe.versions {
            let Offer::Accepted { suites, all } = offer else {
                continue;
            };
            if !all {
                probes.unobservable.push(Unobservable {
                    item: probe.target.clone(),
                    what: format!(
                        "whether these are all suites of {}: the server stopped answering",
                        version.name()
                    ),
                });
            }
            for suite in suites.iter().filter(|suite| !is_aead(suite)) {
                let text = format!("{suite} is taken with {}", version.name());
                let (code, severity) = if is_broken(suite) {
                    ("BROKEN_SUITE", Severity::High)
                } else {
                    ("SUITE_WITHOUT_AEAD", Severity::Medium)
                };
                deviations.push(Deviation::new(code, &probe.target, text).severity(severity));
            }
        }
    }
    Ok(judged(probes, deviations, "[[probe.tls]]"))
}

/// `jwt.hygiene`: tokens without an end, with a life that is too long, or without a signature.
pub(super) fn hygiene(context: &Context<'_>) -> Result<Judgement, String> {
    let longest: i64 = context.check.parameter("max_seconds")?;
    let settings = context.settings().ok();
    let wanted = settings.iter().flat_map(|settings| &settings.probe.token);
    let wanted: BTreeMap<_, _> = wanted
        .map(|one| (one.name.clone(), one.max_seconds))
        .collect();
    let probes = newest(context, TOKEN, wanted.keys(), |probe: &TokenProbe| {
        (probe.name.clone(), probe.at)
    })?;
    let mut deviations = Vec::new();
    for (name, probe) in &probes.newest {
        let longest = wanted.get(name).copied().flatten().unwrap_or(longest);
        token(probe, longest, &mut deviations);
    }
    Ok(judged(probes, deviations, "[[probe.token]]"))
}

fn versions(
    probe: &TlsProbe,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) {
    let mut current = false;
    for version in Version::ALL {
        let old = version < Version::Tls12;
        match probe.versions.get(&version) {
            Some(Offer::Accepted { .. }) if old => {
                let text = format!(
                    "{} is taken: refuse what is older than TLS 1.2",
                    version.name()
                );
                deviations.push(
                    Deviation::new("OLD_VERSION", &probe.target, text).severity(Severity::High),
                );
            }
            Some(Offer::Accepted { .. }) => current = true,
            Some(Offer::Refused { .. }) => {}
            Some(Offer::Silent) | None => unobservable.push(Unobservable {
                item: probe.target.clone(),
                what: format!("whether {} is taken: nothing came in time", version.name()),
            }),
        }
    }
    let known = |version| matches!(probe.versions.get(&version), Some(Offer::Refused { .. }));
    if !current && known(Version::Tls12) && known(Version::Tls13) {
        let text = "neither TLS 1.2 nor TLS 1.3 is taken";
        deviations.push(
            Deviation::new("NO_CURRENT_VERSION", &probe.target, text).severity(Severity::High),
        );
    }
}

fn plain(probe: &TlsProbe, deviations: &mut Vec<Deviation>, unobservable: &mut Vec<Unobservable>) {
    match probe.plaintext {
        Plaintext::Refused => {}
        Plaintext::Served => {
            let text = "plain HTTP is answered";
            deviations.push(
                Deviation::new("PLAINTEXT", &probe.target, text).severity(Severity::Critical),
            );
        }
        Plaintext::Redirected => {
            let text = "plain HTTP is answered with a redirect: what a caller sent before it could be read";
            deviations.push(
                Deviation::new("PLAINTEXT_REDIRECT", &probe.target, text).severity(Severity::Low),
            );
        }
        Plaintext::Silent | Plaintext::Unreachable => unobservable.push(Unobservable {
            item: probe.target.clone(),
            what: "whether plain HTTP is refused: nothing came in time".to_owned(),
        }),
    }
}

fn certificate(
    at: Timestamp,
    ends_soon: i64,
    probe: &TlsProbe,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) {
    let Some(certificate) = &probe.certificate else {
        unobservable.push(Unobservable {
            item: probe.target.clone(),
            what: format!(
                "the certificate: {}",
                probe.no_certificate.as_deref().unwrap_or("none was shown")
            ),
        });
        return;
    };
    let mut say = |code: &str, severity, text: String| {
        deviations.push(Deviation::new(code, &probe.target, text).severity(severity));
    };
    let soon =
        SignedDuration::from_hours(24).saturating_mul(i32::try_from(ends_soon).unwrap_or(i32::MAX));
    if certificate.until < at {
        say(
            "CERTIFICATE_EXPIRED",
            Severity::Critical,
            format!("the certificate ended at {}", certificate.until),
        );
    } else if certificate.until.duration_since(at) < soon {
        say(
            "CERTIFICATE_ENDS",
            Severity::Medium,
            format!("the certificate ends at {}", certificate.until),
        );
    }
    if certificate.from > at {
        say(
            "CERTIFICATE_NOT_YET",
            Severity::High,
            format!("the certificate begins at {}", certificate.from),
        );
    }
    if !certificate.named {
        say(
            "CERTIFICATE_NAME",
            Severity::High,
            format!("the certificate is not for {}", probe.name),
        );
    }
    if !certificate.proved {
        say(
            "CERTIFICATE_NOT_PROVED",
            Severity::High,
            "the server did not prove that it has the key".to_owned(),
        );
    }
    // An end, a beginning or a name that is wrong is why it is not trusted, and is said already.
    let said = certificate.until < probe.at || certificate.from > probe.at || !certificate.named;
    if !certificate.trusted && !said {
        say(
            "CERTIFICATE_UNTRUSTED",
            Severity::High,
            "the system that probed does not trust the chain".to_owned(),
        );
    }
}

fn token(probe: &TokenProbe, longest: i64, deviations: &mut Vec<Deviation>) {
    let mut say = |code: &str, severity, text: String| {
        deviations.push(Deviation::new(code, &probe.name, text).severity(severity));
    };
    if probe.algorithm.eq_ignore_ascii_case("none") {
        say(
            "ALG_NONE",
            Severity::Critical,
            "its algorithm is none".to_owned(),
        );
    } else if !probe.signed {
        say(
            "UNSIGNED",
            Severity::Critical,
            "it has no signature".to_owned(),
        );
    }
    match (probe.exp, probe.iat.or(probe.nbf)) {
        (None, _) => say(
            "NO_EXP",
            Severity::High,
            "it has no exp, so it never ends".to_owned(),
        ),
        (Some(_), None) => say(
            "NO_IAT",
            Severity::Medium,
            "it has neither iat nor nbf, so its life is not known".to_owned(),
        ),
        (Some(exp), Some(begun)) => match exp.checked_sub(begun) {
            Some(life) if (0..=longest).contains(&life) => {}
            Some(life) if life > longest => {
                say(
                    "LIFE_TOO_LONG",
                    Severity::High,
                    format!("it lives {life} s, which is more than {longest} s"),
                );
            }
            _ => say(
                "BAD_TIMES",
                Severity::High,
                "it ends before it begins".to_owned(),
            ),
        },
    }
    for claim in ["aud", "iss"] {
        if !probe.claims.iter().any(|known| known == claim) {
            let code = format!("NO_{}", claim.to_ascii_uppercase());
            say(&code, Severity::Medium, format!("it has no {claim}"));
        }
    }
}

fn tls_probes(context: &Context<'_>) -> Result<Probes<TlsProbe>, String> {
    let settings = context.settings().ok();
    let wanted = settings.iter().flat_map(|settings| &settings.probe.tls);
    let wanted: Vec<_> = wanted.map(super::TlsTarget::name).collect();
    newest(context, TLS, wanted.iter(), |probe: &TlsProbe| {
        (probe.target.clone(), probe.at)
    })
}

/// The newest probe of each target that is not too old; the rest is unobservable.
pub(crate) fn newest<'n, T: DeserializeOwned + Send + Sync + 'static>(
    context: &Context<'_>,
    schema: &str,
    wanted: impl Iterator<Item = &'n String>,
    key: impl Fn(&T) -> (String, Timestamp),
) -> Result<Probes<T>, String> {
    let hours: i64 = context.check.parameter("max_age_hours")?;
    let mut found: BTreeMap<String, (Timestamp, Arc<T>)> = BTreeMap::new();
    let mut failed: BTreeMap<String, (Timestamp, String)> = BTreeMap::new();
    for known in context.latest_each(schema) {
        if let Some(why) = &known.evidence.failed {
            let failure = (known.evidence.collected_at, why.clone());
            failed.insert(known.evidence.request.clone(), failure);
        }
    }
    for known in context.collected_each(schema) {
        let probe = context.parsed(known, |bytes| {
            serde_json::from_slice::<T>(bytes).map_err(|error| error.to_string())
        })?;
        let (target, at) = key(&probe);
        if found.get(&target).is_none_or(|(earlier, _)| *earlier <= at) {
            found.insert(target, (at, probe));
        }
    }
    let mut probes = Probes {
        newest: BTreeMap::new(),
        unobservable: Vec::new(),
    };
    let mut missing = |item: &str, what: String| {
        probes.unobservable.push(Unobservable {
            item: item.to_owned(),
            what,
        });
    };
    for target in wanted {
        if !found.contains_key(target) && !failed.contains_key(target) {
            missing(target, "it was never probed".to_owned());
        }
    }
    for (target, (at, why)) in &failed {
        if found.get(target).is_none_or(|(probed, _)| probed < at) {
            missing(target, why.clone());
        }
    }
    for (target, (at, probe)) in found {
        let age = context.at.duration_since(at);
        if age > SignedDuration::from_hours(hours) {
            missing(
                &target,
                format!("the last probe is of {at}, which is longer ago than {hours} h"),
            );
        } else if age < SignedDuration::from_hours(-1) {
            missing(
                &target,
                format!("the probe is of {at}, which lies in the future"),
            );
        } else {
            probes.newest.insert(target, probe);
        }
    }
    Ok(probes)
}

fn judged<T>(probes: Probes<T>, deviations: Vec<Deviation>, section: &str) -> Judgement {
    if probes.newest.is_empty() && probes.unobservable.is_empty() {
        return Judgement::not_applicable(format!(
            "evidence.toml has no {section}, and no probe was saved"
        ));
    }
    Judgement::of(deviations, probes.unobservable)
}
