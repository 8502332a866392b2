//! `vouchsafe import`, of a synthetic clinic in files.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::civil::date;
use serde_json::{Value, json};
use vouchsafe_synthetic::{ClinicSize, clinic};

use crate::world::World;

/// Writes a clinic's bundles as files, in all packings; returns the number of resources.
fn write_clinic(folder: &Path, patients: u32) -> u64 {
    fs::create_dir_all(folder).unwrap();
    let size = ClinicSize {
        practitioners: 3,
        patients,
    };
    let clinic = clinic(7, size, date(2026, 11, 24));
    let mut resources = 0;
    for (number, text) in clinic.bundles.iter().enumerate() {
        let bundle: Value = serde_json::from_str(text).unwrap();
        resources += bundle["entry"].as_array().unwrap().len() as u64;
        // All other bundles refer to the first one.
        let name = if number == 0 {
            "practitioners".to_owned()
        } else {
            format!("p{number:04}")
        };
        match number % 3 {
            0 => fs::write(folder.join(format!("{name}.json")), text).unwrap(),
            1 => {
                let file = fs::File::create(folder.join(format!("{name}.json.gz"))).unwrap();
                let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
                gz.write_all(text.as_bytes()).unwrap();
                gz.finish().unwrap();
            }
            _ => {
                let file = fs::File::create(folder.join(format!("{name}.json.bz2"))).unwrap();
                let mut bz = bzip2::write::BzEncoder::new(file, bzip2::Compression::fast());
                bz.write_all(text.as_bytes()).unwrap();
                bz.finish().unwrap();
            }
        }
    }
    resources
}

fn import(world: &World, path: &Path) -> (Option<i32>, Value, String) {
    let ran = world.run(&["import", path.to_str().unwrap(), "--json"]);
    let summary = serde_json::from_slice(&ran.0.stdout).unwrap_or(Value::Null);
    (ran.code(), summary, ran.err())
}

/// Number of created records of a type, from the log, which has an entry for each.
fn created(world: &World) -> u64 {
    let out = world
        .run(&[
            "audit", "show", "--from", "0", "--limit", "1000000", "--json",
        ])
        .out();
    let is_create = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["entry"]["operation"] == "create" && line["entry"]["outcome"] == "intent"
    };
    out.lines().filter(is_create).count() as u64
}

#[test]
fn a_clinic_is_loaded_once_however_often_it_is_imported() {
    let world = World::new();
    let folder = world.path("clinic");
    let resources = write_clinic(&folder, 6);
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{summary} {err}");
    assert_eq!(summary["created"], resources);
    assert_eq!(
        (&summary["files"], &summary["failed"]),
        (&json!(7), &json!(0))
    );
    let (ended, summary, _) = import(&world, &folder);
    assert_eq!(ended, Some(0));
    assert_eq!(
        (&summary["files_skipped"], &summary["resources"]),
        (&json!(7), &json!(0))
    );

    // Without the journal the idempotency keys still hold.
    fs::remove_file(world.data().join("import/journal.jsonl")).unwrap();
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{summary} {err}");
    assert_eq!(summary["failed"], 0);
    assert_eq!(created(&world), resources);

    // All of its rights have ended.
    let log = world
        .run(&["audit", "show", "--stream", "identity", "--limit", "500"])
        .out();
    let count = |operation: &str| log.lines().filter(|line| line.contains(operation)).count();
    // One of the granted rights is the first administrator's.
    assert_eq!(count("right-give"), count("right-end") + 1, "{log}");
    assert_eq!(world.run(&["audit", "verify"]).code(), Some(0));
}

/// The number of created records is reported, whatever names and copies a file has.
#[test]
fn copies_links_paddings_and_names_of_another_time_are_counted_for_what_they_are() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    let folder = world.path("clinic");
    let resources = write_clinic(&folder, 1);
    let bundle = folder.join("practitioners.json");
    fs::copy(&bundle, folder.join("practitioners-copy.json")).unwrap();
    std::os::unix::fs::symlink(&bundle, folder.join("practitioners-link.json")).unwrap();
    fs::write(folder.join("readme.txt"), "not for an import").unwrap();
    // Padded as on a tape.
    let packed = folder.join("p0001.json.gz");
    let mut padded = fs::read(&packed).unwrap();
    padded.extend_from_slice(&[0; 1_000]);
    fs::remove_file(&packed).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"M\xFCller.json.gz");
    fs::write(folder.join(name), padded).unwrap();
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{summary} {err}");
    assert_eq!(summary["created"], resources, "{summary}");
    assert_eq!(created(&world), resources);
    let others = (&summary["files_same"], &summary["files_other"]);
    assert_eq!(others, (&json!(2), &json!(1)), "{summary}");
}

/// A small file may unpack without end.
#[test]
fn a_document_without_an_end_is_refused_while_it_is_read() {
    let world = World::new();
    let path = world.path("blanks.json.gz");
    let file = fs::File::create(&path).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let blanks = vec![b' '; 1 << 20];
    (0..80).for_each(|_| gz.write_all(&blanks).unwrap());
    gz.finish().unwrap();
    let (ended, summary, err) = import(&world, &path);
    assert_eq!(ended, Some(1), "{summary}");
    assert!(err.contains("larger than 64 MiB"), "{err}");
}

#[test]
fn a_secret_in_a_url_is_refused_and_never_printed() {
    let world = World::new();
    let token = world.path("token");
    fs::write(&token, "x").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let file = world.path("x.json");
    fs::write(&file, "{}").unwrap();
    for url in [
        "https://me:S3cret@localhost:1",
        "https://localhost:1/?key=S3cret",
        "https://localhost:1/#S3cret",
        "http://me:S3cret@localhost:1",
    ] {
        let ran = world.run(&[
            "import",
            file.to_str().unwrap(),
            "--url",
            url,
            "--token-file",
            token.to_str().unwrap(),
        ]);
        assert_eq!(ran.code(), Some(1));
        let said = format!("{}{}", String::from_utf8_lossy(&ran.0.stdout), ran.err());
        assert!(said.contains("URL") && !said.contains("S3cret"), "{said}");
    }
}

#[test]
fn an_import_that_is_killed_goes_on_where_it_was() {
    // With short tokens the import's session is renewed while it runs.
    let world = World::with("access_token_seconds = 4\n");
    let folder = world.path("clinic");
    let resources = write_clinic(&folder, 80);
    // Killed three times, with more and more files loaded, and always some in flight.
    let journal = world.data().join("import/journal.jsonl");
    for files in [3, 20, 45] {
        let mut child = world.command(&["import", folder.to_str().unwrap()]);
        let mut child = child.stderr(std::process::Stdio::null()).spawn().unwrap();
        let done = || {
            fs::read_to_string(&journal)
                .unwrap_or_default()
                .lines()
                .count()
        };
        while done() < files {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it was killed"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{summary} {err}");
    assert_eq!(summary["failed"], 0);
    let verified = world.json(&["audit", "verify", "--json"]);
    assert_eq!(verified["sound"], true, "{verified}");
    assert_eq!(verified["unsettled"], json!([]), "{verified}");
    // Every resource is stored once: none is missing, and none is duplicate.
    let settled = committed_creates(&world);
    assert_eq!(settled, resources);
    let (_, summary, _) = import(&world, &folder);
    assert_eq!(summary["files_skipped"], 81);
}

#[test]
fn an_import_that_is_interrupted_ends_its_right_and_goes_on_later() {
    let world = World::new();
    let folder = world.path("clinic");
    let resources = write_clinic(&folder, 60);
    let journal = world.data().join("import/journal.jsonl");
    let mut command = world.command(&["import", folder.to_str().unwrap(), "--json"]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let child = command.spawn().unwrap();
    while fs::read_to_string(&journal)
        .unwrap_or_default()
        .lines()
        .count()
        < 5
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["interrupted"], &summary["failed"]),
        (&json!(true), &json!(0))
    );
    let log = world
        .run(&["audit", "show", "--stream", "identity", "--limit", "500"])
        .out();
    assert_eq!(log.matches("right-end").count(), 1, "{log}");
    let (ended, again, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{err}");
    let sum = summary["created"].as_u64().unwrap() + again["created"].as_u64().unwrap();
    assert_eq!((sum, committed_creates(&world)), (resources, resources));
}

#[test]
fn files_are_imported_beside_a_service_that_runs() {
    let world = World::new();
    let serving = world.serve();
    let folder = world.path("clinic");
    let resources = write_clinic(&folder, 6);
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(
        (ended, &summary["created"]),
        (Some(0), &json!(resources)),
        "{err}"
    );
    drop(serving);
    assert_eq!(world.json(&["audit", "verify", "--json"])["sound"], true);
}

#[test]
fn a_log_with_one_flipped_byte_does_not_hold() {
    let world = World::new();
    let folder = world.path("clinic");
    write_clinic(&folder, 3);
    assert_eq!(import(&world, &folder).0, Some(0));
    let (log, copy) = (world.data().join("audit/log"), world.path("copy"));
    let status = std::process::Command::new("cp")
        .arg("-r")
        .args([&log, &copy])
        .status()
        .unwrap();
    assert!(status.success());
    let key = |world: &World| {
        let verified = world.json(&["audit", "verify", "--json"]);
        verified["vkey"].as_str().unwrap().to_owned()
    };
    let (path, own) = (copy.to_str().unwrap(), key(&world));
    // The key in a copy proves nothing.
    let ran = world.run(&["audit", "verify", "--log", path]);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.err().contains("--key"), "{}", ran.err());
    let verify = || world.run(&["audit", "verify", "--log", path, "--key", &own]);
    assert_eq!(verify().code(), Some(0), "{}", verify().err());
    let mut bundle = copy.join("tile/entries");
    while bundle.is_dir() {
        bundle = fs::read_dir(&bundle)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
    }
    let mut bytes = fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let ran = verify();
    assert_eq!(ran.code(), Some(1));
    assert!(
        ran.out().contains("FINDING") && ran.out().contains("does not hold"),
        "{}",
        ran.out()
    );
    // With another log's key nothing of it verifies.
    let other = World::new();
    write_clinic(&folder, 3);
    assert_eq!(import(&other, &folder).0, Some(0));
    let ran = world.run(&["audit", "verify", "--key", &key(&other)]);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.err().contains("checkpoint"), "{}", ran.err());
}

/// Creates whose write committed, from the log.
fn committed_creates(world: &World) -> u64 {
    let out = world
        .run(&[
            "audit", "show", "--from", "0", "--limit", "1000000", "--json",
        ])
        .out();
    let entries: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["entry"].clone())
        .collect();
    let committed: std::collections::HashSet<&str> = entries
        .iter()
        .filter(|entry| entry["outcome"] == "committed")
        .filter_map(|entry| entry["intent"].as_str())
        .collect();
    let of = |entry: &&Value| {
        let intent = entry["within"]
            .as_str()
            .or_else(|| entry["intent"].as_str());
        entry["operation"] == "create"
            && entry["outcome"] == "intent"
            && intent.is_some_and(|intent| committed.contains(intent))
    };
    entries.iter().filter(of).count() as u64
}

#[test]
fn ndjson_keeps_uuids_and_points_at_the_lines_that_are_wrong() {
    let world = World::new();
    let folder = world.path("export");
    fs::create_dir(&folder).unwrap();
    let id = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
    let patients: Vec<String> = (0..450)
        .map(|number| {
            json!({"resourceType": "Patient", "id": id(number), "active": true}).to_string()
        })
        .collect();
    let mut observations: Vec<String> = (0..450)
        .map(|number| {
            json!({
                "resourceType": "Observation", "id": id(1000 + number), "status": "final",
                "code": {"text": "weight"}, "subject": {"reference": format!("Patient/{}", id(number))},
            })
            .to_string()
        })
        .collect();
    observations[7] = "{\"resourceType\":\"Observation\",\"secret-7\"".to_owned();
    observations[260] = observations[260].replace(&id(260), &id(999_999));
    observations[300] = observations[300].replace("\"final\"", "[\"Jonathan-Doe\"]");
    // With a byte order mark, as some programs write it.
    let marked = format!("\u{feff}{}", patients.join("\n"));
    fs::write(folder.join("Patient.ndjson"), marked).unwrap();
    fs::write(
        folder.join("Observation.ndjson"),
        observations.join("\n") + "\n\n",
    )
    .unwrap();
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(1), "{err}");
    assert_eq!(summary["failed"], 3, "{err}");
    assert_eq!(summary["created"], 897, "{err}");
    assert_eq!(
        (&summary["files"], &summary["files_failed"]),
        (&json!(1), &json!(1))
    );
    for line in ["line 8", "line 261", "line 301"] {
        assert!(err.contains(line), "{line}: {err}");
    }
    for value in ["secret-7", "Jonathan", &id(999_999)] {
        assert!(!err.contains(value), "{value}: {err}");
    }
    assert!(err.contains("status"), "{err}");

    // After the correction, only the missing resources are new.
    observations[7] = json!({
        "resourceType": "Observation", "id": id(1007), "status": "final",
        "code": {"text": "weight"}, "subject": {"reference": format!("Patient/{}", id(7))},
    })
    .to_string();
    observations.remove(300);
    observations.remove(260);
    fs::write(folder.join("Observation.ndjson"), observations.join("\n")).unwrap();
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{err}");
    assert_eq!(
        (&summary["created"], &summary["matched"]),
        (&json!(1), &json!(447)),
        "{err}"
    );
    assert_eq!(summary["files_skipped"], 1);
}

#[test]
fn ndjson_with_ids_of_elsewhere_is_the_same_records_in_every_import() {
    let world = World::new();
    let folder = world.path("export");
    fs::create_dir(&folder).unwrap();
    let mut patients: Vec<String> = (0..250)
        .map(|number| {
            json!({"resourceType": "Patient", "id": format!("MRN.{number}"), "active": true})
                .to_string()
        })
        .collect();
    let about = |number: u32| json!({"reference": format!("Patient/MRN.{number}")});
    let mut observations: Vec<String> = (0..250)
        .map(|number| {
            json!({"resourceType": "Observation", "id": number.to_string(), "status": "final",
                "code": {"text": "weight"}, "subject": about(number)})
            .to_string()
        })
        .collect();
    // Two equal resources without an id are two records.
    let same = json!({"resourceType": "Observation", "status": "final", "code": {"text": "pulse"},
        "subject": about(3)});
    observations.extend([same.to_string(), same.to_string()]);
    observations.push(observations[0].replace("MRN.0", "MRN.999"));
    let write = |patients: &[String], observations: &[String]| {
        fs::write(folder.join("Patient.ndjson"), patients.join("\n")).unwrap();
        fs::write(folder.join("Observation.ndjson"), observations.join("\n")).unwrap();
    };
    write(&patients, &observations);
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(1), "{err}");
    // A resource with a dangling reference is refused; all other references were found.
    assert_eq!(
        (&summary["created"], &summary["failed"]),
        (&json!(502), &json!(1)),
        "{err}"
    );
    assert!(err.contains("line 253"), "{err}");
    assert!(!err.contains("MRN"), "{err}");

    patients[17] = patients[17].replace("true", "false");
    observations.pop();
    write(&patients, &observations);
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(0), "{err}");
    assert_eq!(
        [&summary["created"], &summary["matched"]],
        [&json!(0), &json!(502)],
        "{err}"
    );
    assert_eq!(created(&world), 502);
}

#[test]
fn what_is_no_bundle_is_refused_with_a_reason_and_no_value() {
    let world = World::new();
    let folder = world.path("bad");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("a.json"),
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\"}",
    )
    .unwrap();
    fs::write(folder.join("b.json"), "Mallory Smith").unwrap();
    fs::write(folder.join("c.json.gz"), "not packed").unwrap();
    fs::write(folder.join("d.json"), "").unwrap();
    let (ended, summary, err) = import(&world, &folder);
    assert_eq!(ended, Some(1));
    assert_eq!(summary["files_failed"], 4, "{err}");
    for name in ["a.json", "b.json", "c.json.gz", "d.json"] {
        assert!(err.contains(name), "{name}: {err}");
    }
    assert!(!err.contains("Mallory"), "{err}");
}
