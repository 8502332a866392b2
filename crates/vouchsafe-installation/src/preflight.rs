//! The preflight: the checks that must pass before a route that touches PHI opens.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use vouchsafe::audit::{Context, Event, Outcome, Stream};

use crate::clock::now;
use crate::first::ADMINISTRATOR;
use crate::installation::Installation;
use crate::recovery::{Lost, Recovery};
use crate::tls::Tls;

/// A certificate that ends within this time should be renewed now.
const RENEW_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Time limit of a step that asks a database.
const STEP: Duration = Duration::from_secs(6);

/// The result of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The safeguard works.
    Pass,
    /// The safeguard does not work: PHI routes stay closed.
    Fail,
    /// The safeguard works, but could be better: reported, without closing routes.
    Warn,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// The control that it serves (45 CFR, or the Trust Services Criteria).
    pub control: &'static str,
    /// The result.
    pub verdict: Verdict,
    /// The finding.
    pub finding: String,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
}

/// All checks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The checks, in the order in which they ran.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether PHI routes may open.
    #[must_use]
    pub fn passes(&self) -> bool {
        !self.checks.is_empty() && self.failing().next().is_none()
    }

    /// The checks that failed.
    pub fn failing(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.verdict == Verdict::Fail)
    }
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(
        &mut self,
        name: &'static str,
        control: &'static str,
        found: Result<String, String>,
        remedy: &'static str,
    ) {
        let (verdict, finding, remedy) = match found {
            Ok(finding) => (Verdict::Pass, finding, None),
            Err(finding) => (Verdict::Fail, finding, Some(remedy)),
        };
        self.0.push(Check {
            name,
            control,
            verdict,
            finding,
            remedy,
        });
    }

    fn warn(
        &mut self,
        name: &'static str,
        control: &'static str,
        finding: &str,
        remedy: &'static str,
    ) {
        self.0.push(Check {
            name,
            control,
            verdict: Verdict::Warn,
            finding: finding.to_owned(),
            remedy: Some(remedy),
        });
    }
}

/// The answers of the databases, all asked at once and each with a time limit: during a failover they would otherwise
/// answer one after another, and only after it.
struct Asked {
    keys: Result<(), String>,
    administrator: Result<bool, String>,
    administrator_until: Option<Option<Timestamp>>,
    databases: [(&'static Database, Result<vouchsafe_database::Check, String>); 3],
}

/// A database, as checks name it.
struct Database {
    name: &'static str,
    durable: &'static str,
    control: &'static str,
}

const RECORDS: Database = Database {
    name: "records",
    durable: "records-durable",
    control: "164.312(c)(1)",
};
const IDENTITY: Database = Database {
    name: "identity",
    durable: "identity-durable",
    control: "164.312(d)",
};
const KEYS: Database = Database {
    name: "key-database",
    durable: "keys-durable",
    control: "164.312(a)(2)(iv)",
};

async fn ask(installation: &Installation) -> Asked {
    let (keys, administrator, until, records, identity, key_database) = tokio::join!(
        in_time(installation.keys().check()),
        in_time(installation.identity().first_administrator_enrolled()),
        in_time(
            installation
                .identity()
                .role_held_until(ADMINISTRATOR, now())
        ),
        in_time(installation.engine().store().check()),
        in_time(installation.identity().check()),
        in_time(installation.keys().check_database()),
    );
    Asked {
        keys,
        administrator,
        administrator_until: until.ok(),
        databases: [
            (&RECORDS, records),
            (&IDENTITY, identity),
            (&KEYS, key_database),
        ],
    }
}

async fn in_time<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(STEP, Box::pin(asked)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!(
            "the database did not answer within {} seconds",
            STEP.as_secs()
        )),
    }
}

/// Runs all checks, and logs the result.
pub async fn run(installation: &Installation) -> Report {
    let mut checks = Checks(Vec::new());
    let asked = ask(installation).await;
    checks.add(
        "keys",
        "164.312(a)(2)(iv)",
        asked.keys.map(|()| "the root key unwraps".to_owned()),
        "give the root key file of this installation, or restore the key database",
    );
    checks.add(
        "audit-log",
        "164.312(b)",
        append_probe(installation).await,
        "look at the recorder's messages: disk, folder and its keys",
    );
    checks.add(
        "tls",
        "164.312(e)(1)",
        certificate(&installation.tls()),
        renewal(&installation.tls()),
    );
    checks.add(
        "policies",
        "164.312(a)(1)",
        Ok(format!(
            "bundle {} version {}, signature holds, hash {}",
            installation.bundle().id(),
            installation.bundle().version(),
            installation.bundle().hash()
        )),
        "restore the policies folder, or sign the bundle with the pinned key",
    );
    databases(asked.databases, &mut checks);
    names(installation, &mut checks);
    weaknesses(&mut checks);
    recovered(installation.recoveries(), &mut checks);
    checks.add(
        "administrator",
        "164.308(a)(2)",
        administrator(asked.administrator),
        "open the enrolment link of the first start, or make a new one with `vouchsafe person link`",
    );
    successor(asked.administrator_until, &mut checks);
    let report = Report { checks: checks.0 };
    note(installation, &report).await;
    report
}

/// Checks that verifying clients accept the certificate at this time.
fn certificate(tls: &Tls) -> Result<String, String> {
    let (from, until) = (tls.leaf.from(), tls.leaf.until());
    if now() < from {
        return Err(format!("the certificate is not valid before {from}"));
    }
    if now() > until {
        return Err(format!("the certificate was valid until {until}"));
    }
    let fingerprint = &tls.fingerprint;
    Ok(format!("certificate SHA-256 {fingerprint}, until {until}"))
}

const fn renewal(tls: &Tls) -> &'static str {
    match tls.own {
        true => {
            "remove tls/certificate.pem: the next start makes one with the same key, which clients must be given; \
             or set tls.certificate and tls.key"
        }
        false => {
            "renew the certificate of tls.certificate: its file is looked at each minute, and at SIGHUP"
        }
    }
}

/// Warns of faults that verifying clients will meet, now or soon.
fn names(installation: &Installation, checks: &mut Checks) {
    let tls = installation.tls();
    let left = tls.leaf.until().duration_since(now());
    if left > SignedDuration::ZERO && left < RENEW_WITHIN {
        let finding = format!(
            "the certificate is valid for {} more days",
            left.as_hours() / 24
        );
        checks.warn("tls-validity", "164.312(e)(1)", &finding, renewal(&tls));
    }
    if let Some(refused) = installation.certificate().refused() {
        let finding =
            format!("the files of the certificate were replaced and are not used: {refused}");
        checks.warn(
            "tls-replaced",
            "164.312(e)(1)",
            &finding,
            "give a certificate and a key that fit each other; they are looked at each minute, and at SIGHUP",
        );
    }
    let url = installation.settings().base_url();
    if !tls.leaf.covers(&url) {
        let finding =
            format!("the certificate does not name the host of {url}: clients will refuse it");
        let remedy = match tls.own {
            true => {
                "set public_url, and host_names with its host; remove tls/certificate.pem, and start again"
            }
            false => {
                "set public_url to a host that the certificate names, or give another certificate"
            }
        };
        checks.warn("tls-names", "164.312(e)(1)", &finding, remedy);
    }
}

/// An administrator exists: with two factors, under their own name.
fn administrator(enrolled: Result<bool, String>) -> Result<String, String> {
    match enrolled? {
        true => Ok("a first administrator is enrolled, with two factors".to_owned()),
        false => Err("no administrator has enrolled yet".to_owned()),
    }
}

/// Warns if there is no administrator, now or soon: PHI is no less safe, but nobody looks after it. If the database did
/// not answer, the previous check has reported it.
fn successor(until: Option<Option<Timestamp>>, checks: &mut Checks) {
    let finding = match until {
        None => return,
        Some(None) => "no enrolled and active person is a security administrator".to_owned(),
        Some(Some(until)) if until.duration_since(now()) < RENEW_WITHIN => {
            format!("no person is a security administrator after {until:.0}")
        }
        Some(Some(_)) => return,
    };
    checks.warn(
        "administrator-active",
        "164.308(a)(2)",
        &finding,
        "give somebody the role: `vouchsafe person add` or `vouchsafe person give`, with `--role security-administrator`",
    );
}

/// Warns of safeguards that work, but could be better.
fn weaknesses(checks: &mut Checks) {
    checks.warn(
        "audit-separation",
        "164.312(b)",
        "not-separated: the recorder runs as a child process of the same user, which isolates crashes and not privileges",
        "in production run the recorder on a host of its own",
    );
}

/// What was done after losses: no fault now, and said for ever.
fn recovered(recoveries: &[Recovery], checks: &mut Checks) {
    for recovery in recoveries {
        let remedy = match recovery.lost {
            Lost::Log => "keep the folder of the log before it for its retention: it is evidence",
            Lost::Clock | Lost::Database => "nothing is to be done: this is shown for ever",
        };
        let name = recovery.lost.check();
        checks.warn(name, "164.308(a)(7)(ii)(B)", &recovery.told(), remedy);
    }
}

/// The whole log, read and hashed: that takes a while, so only who asks for it is told. It closes nothing, since what is recorded from
/// now on is not less sound by it.
#[must_use]
pub fn whole_log(installation: &Installation) -> Check {
    let (name, control) = ("audit-log-whole", "164.312(c)(2)");
    let remedy = "keep the folder as it is, and compare it with a backup or with checkpoints that were kept elsewhere";
    let (verdict, finding, remedy) = match whole(installation) {
        Ok(finding) => (Verdict::Pass, finding, None),
        Err(finding) => (Verdict::Fail, finding, Some(remedy)),
    };
    Check {
        name,
        control,
        verdict,
        finding,
        remedy,
    }
}

fn whole(installation: &Installation) -> Result<String, String> {
    let log = installation.published_log();
    let report = log.map_err(|error| error.to_string())?.verify();
    if let Some(finding) = report.findings.first() {
        let count = report.findings.len() as u64 + report.more_findings;
        return Err(format!(
            "the log does not hold ({count} findings): {finding}"
        ));
    }
    // Whoever takes one out of `installation.json` cannot take it out of the log.
    let known = |index| {
        let mut recoveries = installation.recoveries().iter();
        recoveries.any(|recovery| recovery.entry == Some(index))
    };
    match report.recovered.iter().find(|found| !known(found.index)) {
        None => Ok(format!("{} entries hold", report.entries)),
        Some(found) => Err(format!(
            "entry {} ({} by {}) is not in installation.json: it was changed",
            found.index, found.operation, found.actor
        )),
    }
}

/// The three databases: tables, durability, encryption of their connections.
fn databases(
    checked: [(&Database, Result<vouchsafe_database::Check, String>); 3],
    checks: &mut Checks,
) {
    for (of, checked) in checked {
        if checked.as_ref().is_ok_and(|check| !check.durable) {
            checks.warn(
                of.durable,
                of.control,
                "the database acknowledges commits before they are on the disk: a power cut may lose writes that were acknowledged",
                "switch fsync and full_page_writes on",
            );
        }
        checks.add(
            of.name,
            of.control,
            checked.and_then(sound),
            "look at the database, at the rights of its role, and at its certificate",
        );
    }
}

/// The result of a database's check.
fn sound(check: vouchsafe_database::Check) -> Result<String, String> {
    let faults: Vec<&str> = [
        (!check.schema_current, "its tables are not this program's"),
        (!check.writable, "it takes no writes"),
        (
            check.secure_delete == Some(false),
            "it does not overwrite what is deleted",
        ),
    ]
    .into_iter()
    .filter_map(|(fails, text)| fails.then_some(text))
    .collect();
    if !faults.is_empty() {
        return Err(format!("{}: {}", check.database, faults.join(", ")));
    }
    let connection = check
        .tls
        .map_or_else(String::new, |tls| format!(", over {tls}"));
    Ok(format!("{}{connection}", check.database))
}

/// Appends an entry: that is the only proof that the log accepts entries.
async fn append_probe(installation: &Installation) -> Result<String, String> {
    let context = Context::default();
    let probe = Event::new(
        Stream::System,
        "preflight-probe",
        Outcome::Permitted,
        &context,
    );
    let appended = installation
        .append(vec![probe.draft(now())])
        .await
        .map_err(|error| error.to_string())?;
    Ok(appended
        .entries()
        .first()
        .map_or_else(String::new, |appended| {
            format!("entry {} is durable and acknowledged", appended.index())
        }))
}

async fn note(installation: &Installation, report: &Report) {
    let context = Context::default();
    let detail = serde_json::to_vec(report).unwrap_or_default();
    let outcome = match report.passes() {
        true => Outcome::Permitted,
        false => Outcome::Refused,
    };
    if let Ok(keys) = installation.audit_keys().await {
        let event = Event {
            tenant: Some(installation.tenant()),
            detail: Some((&keys, &detail)),
            ..Event::new(Stream::System, "preflight", outcome, &context)
        };
        // If the log accepts nothing, the check above has reported it.
        let _ = installation.append(vec![event.draft(now())]).await;
    }
}
