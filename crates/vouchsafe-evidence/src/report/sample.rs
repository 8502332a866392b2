//! A report as a project of some size would have it, for tests: made data, a real log.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vouchsafe_tlog::proof::{consistency, inclusion};
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::{Earlier, EvidenceLine, Proven, Report};
use crate::catalogue::{Control, Framework, Rule};
use crate::check::CheckKind;
use crate::digest::Digest;
use crate::entry::{Entry, Evidence, FindingEntry, Kind, PopulationEntry};
use crate::finding::{
    CheckFinding, Coverage, Finding, Findings, Gap, PopulationSummary, Populations, State, csv,
    root_of,
};
use crate::judgement::{Deviation, Excepted, Item, Severity};
use crate::store::{Folder, Log, Writer};
use crate::window::Window;

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) changes: u64,
    pub(super) evidence: u64,
    pub(super) deviations: u64,
}

/// What a report borrows.
#[derive(Debug)]
pub(super) struct Sample {
    key: String,
    checkpoint: Vec<u8>,
    findings: Findings,
    populations: Populations,
    evidence: Vec<(u64, Evidence, Digest, u64)>,
    proven: Vec<Proven>,
    earlier: Vec<Earlier>,
    /// The checkpoint that an auditor kept after three quarters of the evidence.
    pub(super) kept: Vec<u8>,
}

pub(super) const ORIGIN: &str = "evidence.example.org/ledger-api";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn days(from: &str, count: u64) -> Timestamp {
    let hours = i64::try_from(count).unwrap() * 24;
    at(from)
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap()
}

fn window() -> Window {
    Window {
        from: at("2026-01-01T00:00:00Z"),
        to: at("2026-07-01T00:00:00Z"),
    }
}

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::from_seed(KeyName::new(ORIGIN).unwrap(), &[seed; 32]).unwrap()
}

impl Sample {
    pub(super) fn new(size: Size) -> Self {
        Self::signed(size, 9)
    }

    /// The same, signed with the key of a seed.
    pub(super) fn signed(size: Size, seed: u8) -> Self {
        let (findings, populations) = findings(size);
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(folder.path(), signer(seed)).unwrap();
        let mut lines = Vec::new();
        let (mut kept, mut kept_size) = (Vec::new(), 0);
        for n in 0..size.evidence {
            if n == size.evidence * 3 / 4 {
                writer.commit().unwrap();
                kept = std::fs::read(folder.path().join("checkpoint")).unwrap();
                kept_size = writer.size();
            }
            let content =
                format!("{{\"page\":{n}}}\n").repeat(usize::try_from(n % 40).unwrap() + 1);
            let (evidence, content) = evidence(n, content);
            let day = days("2026-01-01T06:00:00Z", n * 180 / size.evidence);
            let index = writer
                .append(day, Kind::Evidence(evidence.clone()), content.as_bytes())
                .unwrap();
            lines.push((
                index,
                evidence,
                Digest::of(content.as_bytes()),
                content.len() as u64,
            ));
        }
        let contents = write_findings(&mut writer, &findings, &populations);
        writer.commit().unwrap();
        drop(writer);
        let log = Log::open(
            Arc::new(Folder::new(folder.path())),
            signer(seed).verifier(),
            &[],
        )
        .unwrap();
        let proven = contents.into_iter().map(|(index, content)| Proven {
            index,
            leaf: log.tree().entry(index).unwrap(),
            path: inclusion(log.tree(), index, log.size()).unwrap(),
            content,
        });
        Self {
            key: signer(seed).verifier().to_string(),
            checkpoint: log.note().to_vec(),
            proven: proven.collect(),
            findings,
            populations,
            evidence: lines,
            earlier: vec![Earlier {
                size: kept_size,
                path: consistency(log.tree(), kept_size, log.size()).unwrap(),
            }],
            kept,
        }
    }

    /// The catalogue.
    pub(super) fn controls(&self) -> Vec<Control> {
        let controls = self.findings.controls.iter();
        controls
            .map(|one| Control {
                id: one.control.clone(),
                framework: one.framework,
                title: one.title.clone(),
                asks: String::new(),
                artefact: String::new(),
                rule: one.rule,
                checks: one.checks.clone(),
                examined: one.state == State::Examined,
            })
            .collect()
    }

    pub(super) fn report(&self) -> Report<'_> {
        Report {
            project: "Ledger API <script>alert('project')</script>",
            program: "vouchsafe-evidence 0.1.0",
            origin: ORIGIN,
            key: self.key.clone(),
            checkpoint: &self.checkpoint,
            findings: &self.findings,
            populations: &self.populations,
            evidence: self.evidence.iter().map(line).collect(),
            proven: self.proven.clone(),
            earlier: self.earlier.clone(),
        }
    }
}

fn line((index, evidence, content, size): &(u64, Evidence, Digest, u64)) -> EvidenceLine<'_> {
    EvidenceLine {
        index: *index,
        schema: &evidence.schema,
        source: &evidence.source,
        request: &evidence.request,
        collected_at: evidence.collected_at,
        content: *content,
        size: *size,
        failed: evidence.failed.as_deref(),
        late: evidence.late,
    }
}

const TYPES: [(&str, &str, &str); 6] = [
    ("git.commits/1", "git", "refs/heads/main"),
    ("forge.pages/1", "github:example/ledger-api", "pulls.jsonl"),
    ("osv.database/1", "folder:advisories", "RustSec"),
    ("register.vendors/1", "file", "evidence/vendors.toml"),
    ("kubernetes.manifests/1", "file", "deploy/rendered.yaml"),
    ("prometheus.rules/1", "file", "deploy/alerts.yaml"),
];

fn evidence(n: u64, content: String) -> (Evidence, String) {
    let (schema, source, request) = TYPES[usize::try_from(n % 6).unwrap()];
    let failed =
        (n % 97 == 13).then(|| "HTTP 403: the token may not read the rules of branches".to_owned());
    let hostile = n == 4;
    let evidence = Evidence {
        schema: schema.to_owned(),
        source: if hostile {
            "\"><script>alert('source')</script>"
        } else {
            source
        }
        .to_owned(),
        request: if n == 10 {
            "w".repeat(900)
        } else {
            request.to_owned()
        },
        collector: "sample 1".to_owned(),
        collected_at: days("2026-01-01T06:00:00Z", n % 180),
        effective: None,
        late: n % 131 == 7,
        failed: failed.clone(),
    };
    (
        evidence,
        if failed.is_some() {
            String::new()
        } else {
            content
        },
    )
}

/// Appends what was found: controls, checks, populations. Returns the index and content of each.
fn write_findings(
    writer: &mut Writer,
    findings: &Findings,
    populations: &Populations,
) -> Vec<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut append = |kind: Kind, content: Vec<u8>| {
        let index = writer
            .append(at("2026-07-01T06:00:00Z"), kind, &content)
            .unwrap();
        out.push((index, content));
    };
    let finding = |id: &str, state: State| {
        Kind::Finding(FindingEntry {
            control: id.to_owned(),
            window: window(),
            state: state.word().to_owned(),
        })
    };
    for one in &findings.controls {
        append(
            finding(&one.control, one.state),
            serde_json::to_vec(one).unwrap(),
        );
    }
    for one in &findings.checks {
        append(
            finding(&one.check, one.state),
            serde_json::to_vec(one).unwrap(),
        );
    }
    for (check, items) in populations {
        let kind = Kind::Population(PopulationEntry {
            check: check.clone(),
            window: window(),
            items: items.len() as u64,
            root: root_of(items),
        });
        append(kind, csv(items).into_bytes());
    }
    out
}

/// id, framework, title, rule, checks.
type ControlRow = (
    &'static str,
    Framework,
    &'static str,
    Rule,
    &'static [&'static str],
);

const CONTROLS: [ControlRow; 14] = [
    (
        "164.308(a)(1)(ii)(D)",
        Framework::Hipaa,
        "Records of activity are reviewed",
        Rule::Required,
        &["audit.reviewed"],
    ),
    (
        "164.308(a)(5)(ii)(A)",
        Framework::Hipaa,
        "Security reminders reach the workforce",
        Rule::Addressable,
        &["training.records"],
    ),
    (
        "164.308(b)(1)",
        Framework::Hipaa,
        "Business associates have agreed in writing to protect PHI",
        Rule::Required,
        &["baa.covers-service"],
    ),
    (
        "164.312(a)(1)",
        Framework::Hipaa,
        "Only people and programs with granted rights get at ePHI",
        Rule::Standard,
        &["access.default-deny"],
    ),
    (
        "164.312(a)(2)(iii)",
        Framework::Hipaa,
        "A session ends after a time of inactivity",
        Rule::Addressable,
        &["session.idle"],
    ),
    (
        "164.312(d)",
        Framework::Hipaa,
        "Whoever seeks access is verified",
        Rule::Standard,
        &["auth.mfa", "jwt.hygiene"],
    ),
    (
        "164.312(e)(1)",
        Framework::Hipaa,
        "ePHI is guarded in transit",
        Rule::Standard,
        &["tls.listen", "net.policy"],
    ),
    (
        "CC6.3",
        Framework::Soc2,
        "Access follows roles and least privilege, and is changed and removed",
        Rule::Standard,
        &["access.review"],
    ),
    (
        "CC7.1",
        Framework::Soc2,
        "New vulnerabilities are detected",
        Rule::Standard,
        &["vuln.exposure-ledger"],
    ),
    (
        "CC7.2",
        Framework::Soc2,
        "Anomalies are monitored",
        Rule::Standard,
        &["alerts.tested"],
    ),
    (
        "CC8.1",
        Framework::Soc2,
        "Changes are authorised, designed, tested, approved and implemented",
        Rule::Standard,
        &[
            "change.reviewed",
            "change.no-direct-push",
            "change.protection",
        ],
    ),
    (
        "CC9.2",
        Framework::Soc2,
        "Risks of vendors and partners are managed",
        Rule::Standard,
        &["vendor.assessment", "baa.covers-service"],
    ),
    (
        "A1.2",
        Framework::Soc2,
        "Backups and recovery infrastructure exist",
        Rule::Standard,
        &["backup.fresh"],
    ),
    (
        "C1.2",
        Framework::Soc2,
        "Confidential information is disposed of",
        Rule::Standard,
        &[],
    ),
];

fn findings(size: Size) -> (Findings, Populations) {
    let mut populations = Populations::new();
    let checks = checks(size, &mut populations);
    let state = |ids: &[&str]| {
        let of = checks
            .iter()
            .filter(|check| ids.contains(&check.check.as_str()));
        of.map(|check| check.state)
            .max()
            .unwrap_or(State::NoEvidence)
    };
    let controls = CONTROLS.map(|(id, framework, title, rule, ids)| Finding {
        control: id.to_owned(),
        framework,
        title: title.to_owned(),
        rule,
        window: window(),
        state: state(ids),
        checks: ids.iter().map(|id| (*id).to_owned()).collect(),
        absent: Vec::new(),
    });
    let findings = Findings {
        window: window(),
        as_of: at("2026-07-01T05:30:00Z"),
        before: size.evidence,
        controls: controls.to_vec(),
        checks,
    };
    (findings, populations)
}

fn check(
    id: &str,
    title: &str,
    kind: CheckKind,
    state: State,
    gaps: &[(u64, u64)],
) -> CheckFinding {
    let gaps: Vec<Gap> = gaps
        .iter()
        .map(|(from, to)| Gap {
            from: days("2026-01-01T00:00:00Z", *from),
            to: days("2026-01-01T00:00:00Z", *to),
        })
        .collect();
    let missing: i64 = gaps
        .iter()
        .map(|gap| gap.to.as_second() - gap.from.as_second())
        .sum();
    CheckFinding {
        check: id.to_owned(),
        title: title.to_owned(),
        kind,
        remedy: format!("Mend what is listed under {id}, then run the check again."),
        definition: Digest::of(id.as_bytes()),
        state,
        observations: if state == State::NoEvidence { 0 } else { 181 },
        last: (state != State::NoEvidence).then_some(17),
        last_at: (state != State::NoEvidence).then(|| at("2026-06-30T06:00:12Z")),
        coverage: Coverage {
            seconds: window().seconds(),
            covered: window().seconds() - missing,
            gaps,
        },
        population: None,
        deviations: Vec::new(),
        excepted: Vec::new(),
        unobservable: BTreeMap::new(),
        notes: Vec::new(),
    }
}

/// id, title, kind, state, gaps in days.
type CheckRow = (
    &'static str,
    &'static str,
    CheckKind,
    State,
    &'static [(u64, u64)],
);

const CHECKS: [CheckRow; 17] = [
    (
        "access.default-deny",
        "Every route refuses what no policy permits",
        CheckKind::SelfTest,
        State::Held,
        &[],
    ),
    (
        "access.review",
        "Each right was reviewed by a named person this quarter",
        CheckKind::Register,
        State::Deviations,
        &[],
    ),
    (
        "alerts.tested",
        "Each alert fires and is silent in its promtool cases",
        CheckKind::State,
        State::Held,
        &[],
    ),
    (
        "audit.reviewed",
        "Every week's activity was reviewed and signed",
        CheckKind::Register,
        State::Excepted,
        &[],
    ),
    (
        "auth.mfa",
        "Every privileged account has a phishing-resistant factor",
        CheckKind::State,
        State::Held,
        &[],
    ),
    (
        "baa.covers-service",
        "A live agreement covers each service that gets PHI",
        CheckKind::Register,
        State::Deviations,
        &[],
    ),
    (
        "backup.fresh",
        "The last backup is younger than a day",
        CheckKind::State,
        State::Gaps,
        &[(40, 42), (90, 91), (150, 163)],
    ),
    (
        "change.no-direct-push",
        "No change reached a protected branch without a pull request",
        CheckKind::Population,
        State::Deviations,
        &[],
    ),
    (
        "change.protection",
        "The rules of protected branches ask for review and checks",
        CheckKind::State,
        State::NoEvidence,
        &[(0, 181)],
    ),
    (
        "change.reviewed",
        "Somebody with the right to approved the very head that was merged",
        CheckKind::Population,
        State::Deviations,
        &[(0, 9)],
    ),
    (
        "jwt.hygiene",
        "Tokens without an end, or with too late a one, are refused",
        CheckKind::SelfTest,
        State::Held,
        &[],
    ),
    (
        "net.policy",
        "Network policies deny by default",
        CheckKind::State,
        State::Held,
        &[],
    ),
    (
        "session.idle",
        "An idle session is refused",
        CheckKind::SelfTest,
        State::NotApplicable,
        &[],
    ),
    (
        "tls.listen",
        "Plaintext and TLS before 1.2 are refused",
        CheckKind::SelfTest,
        State::Gaps,
        &[(10, 11), (20, 21), (30, 31)],
    ),
    (
        "training.records",
        "The last reminder is younger than a year",
        CheckKind::Register,
        State::Examined,
        &[],
    ),
    (
        "vendor.assessment",
        "Each vendor was assessed in the last year",
        CheckKind::Register,
        State::Held,
        &[],
    ),
    (
        "vuln.exposure-ledger",
        "No advisory stayed in the tree longer than its SLA",
        CheckKind::Population,
        State::Deviations,
        &[],
    ),
];

fn checks(size: Size, populations: &mut Populations) -> Vec<CheckFinding> {
    let made = CHECKS.map(|(id, title, kind, state, gaps)| {
        let mut one = check(id, title, kind, state, gaps);
        fill(&mut one, size, populations);
        one
    });
    made.to_vec()
}

fn fill(check: &mut CheckFinding, size: Size, populations: &mut Populations) {
    match check.check.as_str() {
        "change.reviewed" => changes(check, size, populations),
        "change.no-direct-push" => {
            check.deviations = vec![
                Deviation::new("FORCE_PUSH", "refs/heads/main", "History of main was replaced.")
                    .severity(Severity::Critical)
                    .lasting(Some(at("2026-04-02T21:14:00Z")), None),
            ];
            check.unobservable.insert("the activity of the branch before 2026-03-01 was not collected".to_owned(), 31);
        }
        "access.review" => check.deviations = vec![
            Deviation::new("NOT_DECIDED", "王小明 / deploy", "The right was in the campaign and nobody decided on it.")
                .at("evidence/reviews/2026-q2.toml:41"),
            Deviation::new("SELF_REVIEW", "Zoë Łukasiewicz-Đorđević", "The reviewer decided on a right of their own.")
                .severity(Severity::High)
                .at("evidence/reviews/2026-q2.toml:52"),
            Deviation::new("OVERDUE", "Ольга Ἀλέξανδρος / владелец", "The campaign ended 12 days late.")
                .severity(Severity::Low),
            Deviation::new("NOT_DECIDED", "محمد عبد الله / قراءة", "The right was in the campaign and nobody decided on it."),
        ],
        "baa.covers-service" => check.deviations = vec![
            Deviation::new("NOT_COVERED", "log shipper \u{202e}gnp.exe", "<img src=x onerror=alert('text')> The agreement does not cover this service.")
                .severity(Severity::Critical)
                .lasting(Some(at("2026-02-11T00:00:00Z")), Some(at("2026-03-04T00:00:00Z")))
                .at("evidence/egress.toml:12"),
            Deviation::new("EXPIRES_SOON", "long".repeat(300), "The agreement ends in 20 days.").severity(Severity::Low),
        ],
        "audit.reviewed" => check.excepted = vec![Excepted {
            exception: "EX-2026-03".to_owned(),
            deviation: Deviation::new("MISSED_WEEK", "2026-W09", "The review of the week was signed nine days late.")
                .lasting(Some(at("2026-03-02T00:00:00Z")), Some(at("2026-03-11T00:00:00Z"))),
        }],
        "change.protection" => check.notes = vec![
            "The token may not read the rules of branches (HTTP 403): give it read access to administration.".to_owned(),
        ],
        "vuln.exposure-ledger" => exposures(check, populations),
        _ => {}
    }
}

fn changes(check: &mut CheckFinding, size: Size, populations: &mut Populations) {
    let mut items = Vec::new();
    for n in 0..size.changes {
        let id = Digest::of(&n.to_be_bytes()).to_string();
        let id: String = id.chars().take(40).collect();
        let columns = [
            ("author", format!("person-{}", n % 23)),
            ("pull_request", format!("#{}", n + 400)),
            (
                "approved_by",
                if n % 19 == 4 {
                    String::new()
                } else {
                    format!("person-{}", (n + 7) % 23)
                },
            ),
            (
                "subject",
                if n == 3 {
                    "=HYPERLINK(\"x\") </td><script>alert('item')</script>".to_owned()
                } else {
                    format!("Change number {n}")
                },
            ),
        ];
        items.push(Item {
            id,
            at: Some(days("2026-01-02T10:00:00Z", n * 179 / size.changes)),
            until: None,
            columns: columns
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        });
    }
    check.deviations = unreviewed(&items, size);
    check.unobservable.insert(
        "rights of the reviewer before the first snapshot (2026-01-10)".to_owned(),
        61,
    );
    check.population = Some(PopulationSummary {
        items: size.changes,
        observed: size.changes - size.changes.min(61),
        completeness: "The first-parent chain of refs/heads/main is unbroken, from the root commit to the head.".to_owned(),
        root: root_of(&items),
    });
    populations.insert(check.check.clone(), items);
}

fn unreviewed(items: &[Item], size: Size) -> Vec<Deviation> {
    let mut out = Vec::new();
    let codes = [
        "NO_APPROVAL",
        "STALE_APPROVAL",
        "SELF_APPROVAL",
        "APPROVED_AFTER_MERGE",
    ];
    for n in 0..size.deviations {
        let item = &items[usize::try_from(n % size.changes).unwrap()];
        let code = codes[usize::try_from(n % 4).unwrap()];
        let severity = if n % 4 == 2 {
            Severity::High
        } else {
            Severity::Medium
        };
        let text = "The last approval is of another head than the one that was merged.";
        out.push(
            Deviation::new(code, item.id.clone(), text)
                .severity(severity)
                .lasting(item.at, None),
        );
    }
    out
}

fn exposures(check: &mut CheckFinding, populations: &mut Populations) {
    let items: Vec<Item> = (0..9)
        .map(|n| Item {
            id: format!("RUSTSEC-2026-{n:04} / crate-{n}"),
            at: Some(days("2026-01-20T00:00:00Z", n * 15)),
            until: (n != 4).then(|| days("2026-01-24T00:00:00Z", n * 15)),
            columns: BTreeMap::from([(
                "state".to_owned(),
                if n == 4 { "open" } else { "closed" }.to_owned(),
            )]),
        })
        .collect();
    check.deviations = vec![
        Deviation::new(
            "SLA_EXCEEDED",
            "RUSTSEC-2026-0004 / crate-4",
            "In the tree for 92 days; the SLA of high is 30 days.",
        )
        .severity(Severity::High)
        .lasting(Some(at("2026-03-21T00:00:00Z")), None)
        .at("Cargo.lock"),
    ];
    check.population = Some(PopulationSummary {
        items: 9,
        observed: 9,
        completeness: "Every revision of Cargo.lock on refs/heads/main was joined with every advisory of the database.".to_owned(),
        root: root_of(&items),
    });
    populations.insert(check.check.clone(), items);
}

/// The header of a leaf, for tests that change one.
pub(super) fn header(leaf: &[u8]) -> Entry {
    Entry::decode(leaf).unwrap().0
}
