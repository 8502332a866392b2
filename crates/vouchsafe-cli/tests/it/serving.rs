//! `vouchsafe serve` and `check`.

use crate::world::World;

const PASSWORD: &str = "seven odd mangoes on a shelf";

#[test]
fn an_empty_folder_becomes_a_service_and_stays_one() {
    let world = World::new();
    let mut serving = world.serve();
    assert_eq!(serving.said["base"], world.url(""));
    assert_eq!(serving.said["passes"], false);
    let link = serving.said["enrolment"]
        .as_str()
        .expect("a first start")
        .to_owned();

    // Until an administrator has enrolled, PHI routes are closed, and `check` says so.
    let checked = world.run(&["check", "--json"]);
    assert_eq!(checked.code(), Some(1));
    assert!(
        checked.out().contains("\"administrator\""),
        "{}",
        checked.out()
    );
    let people = world.json(&["person", "list", "--json"]);
    let email = people[0]["login"].as_str().unwrap().to_owned();
    assert_eq!(people[0]["state"], "invited");

    let secret = world.enrol(&link, PASSWORD);
    let token = world.sign_in(&email, PASSWORD, &secret);
    let (status, body) = world.get("/auth/me", &token);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("security-administrator"), "{body}");
    // The routes are open now; this role sees no record.
    let none = "/fhir/R4/Patient/00000000-0000-4000-8000-000000000000";
    assert_eq!(world.get(none, &token).0, 404);
    let checked = world.run(&["check"]);
    assert_eq!(
        checked.code(),
        Some(0),
        "{}{}",
        checked.out(),
        checked.err()
    );

    // The link was good once.
    assert_eq!(
        world.run(&["person", "enrol", &link, "--show"]).code(),
        Some(1)
    );

    serving.signal("TERM");
    assert!(serving.wait().success());
    let mut again = world.serve();
    assert!(again.said["enrolment"].is_null());
    assert_eq!(again.said["passes"], true);
    assert_eq!(world.get("/auth/me", &token).0, 200);
    again.signal("INT");
    assert!(again.wait().success());
    assert_eq!(world.run(&["audit", "verify"]).code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_said_and_the_link_is_not_lost() {
    let world = World::new();
    let port = crate::world::free_port();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut command = world.command(&["serve"]);
    let output = command
        .env("VOUCHSAFE_DATA_LISTEN", format!("127.0.0.1:{port}"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(err.contains(&port.to_string()), "{err}");
    assert!(out.contains("/auth/enrol#"), "{out}");
    drop(taken);
}

#[test]
fn what_is_not_there_is_not_made() {
    let world = World::new();
    for args in [&["check"][..], &["person", "list"], &["audit", "verify"]] {
        let ran = world.run(args);
        assert_eq!(ran.code(), Some(1), "{args:?}");
        assert!(
            ran.err().contains("no data folder of Vouchsafe"),
            "{args:?}: {}",
            ran.err()
        );
    }
    let left: Vec<_> = std::fs::read_dir(world.data()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "only the settings: {left:?}");
}
