//! A measurement, not a test: a simulated year of 2,000 reviewed changes and a million entries, packed and verified.
//!
//!     cargo test --release -p vouchsafe-evidence --lib year -- --ignored --nocapture
//!
//! Each day is a real run on a real repository that grows, with new pages of the forge; between them every check but
//! those of populations is performed each hour, and 64 endpoints are probed. `VOUCHSAFE_YEAR_DAYS` makes it shorter.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vouchsafe_tlog::{KeyName, NoteSigner};

use crate::check::{Check, CheckKind};
use crate::collect::{Collected, Sink};
use crate::engine;
use crate::entry::{Kind, RunEntry};
use crate::inputs::{Cache, Index};
use crate::pack::{self, Kept, Making};
use crate::project::Project;
use crate::store::{Folder, Log, Writer};
use crate::window::Window;
use crate::witness::Heads;

const CHANGES: usize = 2_000;
const ENDPOINTS: usize = 64;
const FIRST: &str = "2025-01-01T06:00:00Z";

const SETTINGS: &str = "[project]\nname = \"year\"\nsince = \"2025-01-01\"\n[log]\nstore = \"folder:.log\"\nkey = \"KEY\"\n\
    [change]\nbranches = [\"main\"]\npages = [\"evidence/pages\"]\nrequired_checks = [\"build\"]\n";

/// What changed on a day.
struct Change {
    at: Timestamp,
    base: String,
    work: String,
    merge: String,
}

#[test]
#[ignore = "a measurement of a year: minutes in a release build"]
fn a_year_is_packed_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let days: usize =
        std::env::var("VOUCHSAFE_YEAR_DAYS").map_or(365, |days| days.parse().unwrap());
    let changes = history(root, CHANGES * days / 365);
    fs::create_dir_all(root.join("evidence/pages")).unwrap();
    let settings = SETTINGS.replace("KEY", &signer().verifier().to_string());
    fs::write(root.join("evidence/evidence.toml"), settings).unwrap();
    let store = root.join(".log");
    drop(Writer::create(&store, signer()).unwrap());
    let checks = Check::all().unwrap();

    let mut index = Index::default();
    let (mut runs, mut hours) = (Duration::ZERO, Duration::ZERO);
    let mut next = changes.iter().peekable();
    for day in 0..days {
        let now = first() + SignedDuration::from_hours(24 * day as i64 + 18);
        let mut today = Vec::new();
        while let Some(change) = next.next_if(|change| change.at < now) {
            today.push(change);
        }
        pages(root, day, now, &today);
        if let Some(last) = today.last() {
            git(root, &["update-ref", "refs/heads/main", &last.merge]);
        }
        let begun = Instant::now();
        run(root, &store, now, &checks, &mut index);
        runs += begun.elapsed();
        let begun = Instant::now();
        hourly(&store, now, &checks, &mut index);
        hours += begun.elapsed();
        if day % 30 == 0 || day + 1 == days {
            let size = open(&store).size();
            println!("day {day}: {size} entries; runs {runs:.1?}, hours {hours:.1?}");
        }
    }
    let now = first() + SignedDuration::from_hours(24 * days as i64 + 18);
    let begun = Instant::now();
    let mut index = Index::of(&open(&store)).unwrap();
    println!("the log read: {:.1?}", begun.elapsed());
    let begun = Instant::now();
    run(root, &store, now, &checks, &mut index);
    println!("one more run: {:.1?}", begun.elapsed());
    pack(root, &store, now, &checks);
}

fn pack(root: &Path, store: &Path, now: Timestamp, checks: &[Check]) {
    let path = root.join("pack.zip");
    let project = Project::open(root, now).unwrap();
    let days = |at: Timestamp| crate::window::day_of(at);
    let key = signer().verifier().clone();
    let making = Making {
        project: &project,
        key: &key,
        window: Window::days(days(first()), days(now)).unwrap(),
    };
    let head = fs::read(store.join("checkpoint")).unwrap();
    let begun = Instant::now();
    let mut writer = Writer::open(store, signer()).unwrap();
    let say = |step: &str| println!("  {:.1?} {step}", begun.elapsed());
    let settled = pack::settle(&making, &mut writer, say).unwrap();
    let made = pack::make(&making, settled, &writer, &path, say).unwrap();
    println!(
        "pack of {} entries, {} files, {} MB: {:.1?}",
        made.size,
        made.files,
        fs::metadata(&path).unwrap().len() >> 20,
        begun.elapsed()
    );
    let kept = Kept {
        key: Some(key.clone()),
        head: Some(head),
        witnesses: Vec::new(),
    };
    let begun = Instant::now();
    let verified = pack::verify(&path, &kept, |step| {
        println!("  {:.1?} {step}", begun.elapsed())
    });
    let verified = verified.unwrap();
    println!(
        "verified, {} performed again: {:.1?}",
        verified.performed,
        begun.elapsed()
    );
    assert_eq!(verified.faults.first(), None);
    let found = verified.findings.unwrap();
    let reviewed = found
        .checks
        .iter()
        .find(|one| one.check == "change.reviewed")
        .unwrap();
    println!(
        "change.reviewed: {:?} {:?}",
        reviewed.state, reviewed.population
    );
    assert!(checks.len() > 60);
}

fn first() -> Timestamp {
    FIRST.parse().unwrap()
}

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/year").unwrap(), &[7; 32]).unwrap()
}

fn open(store: &Path) -> Log {
    Log::open(Arc::new(Folder::new(store)), signer().verifier(), &[]).unwrap()
}

fn run(root: &Path, store: &Path, now: Timestamp, checks: &[Check], index: &mut Index) {
    let project = Project::open(root, now).unwrap();
    let mut writer = Writer::open(store, signer()).unwrap();
    let signer = signer();
    let key = signer.verifier();
    let heads = Heads::default();
    engine::run_after(&project, index, &mut writer, checks, key, &heads, |_| {}).unwrap();
}

/// The hours after a run: endpoints are probed, and every check but those of populations is performed.
fn hourly(store: &Path, now: Timestamp, checks: &[Check], index: &mut Index) {
    let mut log = open(store);
    let mut writer = Writer::open(store, signer()).unwrap();
    let detector = vouchsafe_scan::detect::Detector::new();
    let cache = Cache::default();
    for hour in 1..24 {
        let at = now + SignedDuration::from_hours(hour);
        let before = writer.size();
        for check in checks
            .iter()
            .filter(|check| check.kind != CheckKind::Population)
        {
            let (observation, record) = engine::perform(check, at, before, index, &log, &cache);
            let content = serde_json::to_vec(&record).unwrap();
            writer
                .append(at, Kind::Observation(observation), &content)
                .unwrap();
        }
        let mut sink = Sink::new(&mut writer, index, &detector, "probe", at);
        for endpoint in 0..ENDPOINTS {
            probe(&mut sink, endpoint, at);
        }
        let program = "year".to_owned();
        writer
            .append(
                at,
                Kind::Run(RunEntry {
                    program,
                    first: before,
                }),
                b"",
            )
            .unwrap();
        // What is judged next is in the log before it.
        writer.commit().unwrap();
        log = open(store);
    }
}

fn probe(sink: &mut Sink<'_>, endpoint: usize, at: Timestamp) {
    let target = format!("api-{endpoint}.example.org:443");
    let refused = json!({"answer": "refused", "how": "alert 70"});
    let suites = |name: &str| json!({"answer": "accepted", "suites": [name], "all": true});
    let content = json!({
        "v": 1, "target": target, "name": format!("api-{endpoint}.example.org"), "at": at,
        "versions": {
            "SSL 3.0": refused, "TLS 1.0": refused, "TLS 1.1": refused,
            "TLS 1.2": suites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "TLS 1.3": suites("TLS_AES_128_GCM_SHA256"),
        },
        "plaintext": "refused",
        "certificate": {
            "from": "2025-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z",
            "names": [format!("api-{endpoint}.example.org")], "named": true, "trusted": true, "proved": true, "sha256": "x",
        },
    });
    let content = content.to_string();
    let collected = Collected {
        schema: "probe.tls/1",
        source: "probe",
        request: &target,
        collected_at: None,
        effective: None,
        content: content.as_bytes(),
    };
    sink.put(&collected).unwrap();
}

/// A repository of merged pull requests, evenly over a year; `main` is at its first commit.
fn history(root: &Path, changes: usize) -> Vec<Change> {
    git(root, &["init", "-q", "-b", "main"]);
    let mut stream = String::new();
    let moments: Vec<Timestamp> = (1..=changes)
        .map(|number| {
            first() + SignedDuration::from_secs(number as i64 * 365 * 86_400 / CHANGES as i64)
        })
        .collect();
    commit(&mut stream, "refs/heads/main", 1, first(), &[], "Begin");
    for (number, at) in (1..).zip(&moments) {
        let made = *at - SignedDuration::from_hours(3);
        let (work, merge, base) = (2 * number, 2 * number + 1, 2 * number - 1);
        commit(&mut stream, "refs/heads/work", work, made, &[base], "Work");
        commit(
            &mut stream,
            "refs/heads/main",
            merge,
            *at,
            &[base, work],
            &format!("Merge pull request #{number}"),
        );
    }
    stream.push_str(
        "reset refs/heads/all\nfrom refs/heads/main\n\nreset refs/heads/main\nfrom :1\n\n",
    );
    import(root, &stream);
    let listed = git(
        root,
        &[
            "rev-list",
            "--first-parent",
            "--parents",
            "--reverse",
            "all",
        ],
    );
    let merges = listed.lines().skip(1).zip(moments);
    merges
        .map(|(line, at)| {
            let mut ids = line.split(' ').map(str::to_owned);
            let mut id = || ids.next().unwrap();
            let (merge, base, work) = (id(), id(), id());
            Change {
                at,
                base,
                work,
                merge,
            }
        })
        .collect()
}

fn import(root: &Path, stream: &str) {
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(import.wait().unwrap().success());
}

fn commit(
    stream: &mut String,
    branch: &str,
    mark: usize,
    at: Timestamp,
    parents: &[usize],
    message: &str,
) {
    let seconds = at.as_second();
    let committer = if parents.len() > 1 {
        "GitHub <noreply@github.com>"
    } else {
        "Bob <bob@example.org>"
    };
    write!(
        stream,
        "commit {branch}\nmark :{mark}\nauthor Bob <bob@example.org> {seconds} +0000\ncommitter {committer} {seconds} +0000\ndata {}\n{message}\n",
        message.len()
    )
    .unwrap();
    for (place, parent) in parents.iter().enumerate() {
        writeln!(
            stream,
            "{} :{parent}",
            if place == 0 { "from" } else { "merge" }
        )
        .unwrap();
    }
    stream.push('\n');
}

/// The forge's pages of the pull requests that were merged on a day; each month, who has which right.
fn pages(root: &Path, day: usize, now: Timestamp, changes: &[&Change]) {
    let mut lines = String::new();
    let mut page = |path: &str, query: &str, body: Value| {
        let page = json!({
            "page": 1, "method": "GET", "path": format!("/repos/acme/app{path}"), "query": query, "status": 200, "at": now,
            "headers": {}, "complete": true, "body": body,
        });
        writeln!(lines, "{page}").unwrap();
    };
    if day.is_multiple_of(20) {
        let people =
            ["ann", "bob"].map(|login| json!({"login": login, "permissions": {"push": true}}));
        page(
            "/collaborators",
            "affiliation=all&per_page=100",
            json!(people),
        );
    }
    for change in changes {
        of_change(change, &mut page);
    }
    fs::write(root.join(format!("evidence/pages/{day:03}.jsonl")), lines).unwrap();
}

fn of_change(change: &Change, page: &mut impl FnMut(&str, &str, Value)) {
    let user = |login: &str| json!({"login": login, "id": login.len() + usize::from(login == "ann"), "type": "User"});
    let number = change.at.as_second() / 100;
    let made = change.at - SignedDuration::from_hours(3);
    let approved = change.at - SignedDuration::from_hours(1);
    let written = json!({"name": "Bob", "email": "bob@example.org", "date": made});
    let (work, merge) = (&change.work, &change.merge);
    page(
        &format!("/commits/{merge}/pulls"),
        "",
        json!([{
            "number": number, "merged_at": change.at, "merge_commit_sha": merge, "base": {"ref": "main"},
        }]),
    );
    page(
        &format!("/pulls/{number}"),
        "",
        json!({
            "number": number, "merged": true, "merged_at": change.at, "merge_commit_sha": merge, "user": user("bob"),
            "labels": [], "base": {"ref": "main"}, "head": {"sha": work}, "commits": 1,
        }),
    );
    page(
        &format!("/pulls/{number}/commits"),
        "",
        json!([{
            "sha": work, "parents": [{"sha": change.base}], "author": user("bob"), "committer": user("bob"),
            "commit": {"message": "Work", "author": written, "committer": written},
        }]),
    );
    page(
        &format!("/pulls/{number}/reviews"),
        "",
        json!([{
            "id": 1, "user": user("ann"), "state": "APPROVED", "commit_id": work, "submitted_at": approved,
        }]),
    );
    page(
        &format!("/commits/{work}/check-runs"),
        "",
        json!({"total_count": 1, "check_runs": [{
            "name": "build", "status": "completed", "conclusion": "success", "started_at": made, "completed_at": approved,
        }]}),
    );
    page(
        &format!("/commits/{work}/status"),
        "",
        json!({"total_count": 0, "statuses": []}),
    );
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}");
    String::from_utf8(done.stdout).unwrap()
}
