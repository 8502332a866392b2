//! `vouchsafe person`, without a running service: directly on the data folder.

use crate::world::{World, code};

const PASSWORD: &str = "eleven green kettles in a row";

/// An installation, made by a minimal import.
fn installed() -> World {
    let world = World::new();
    let file = world.path("org.json");
    std::fs::write(&file, r#"{"resourceType":"Organization","name":"Clinic"}"#).unwrap();
    let ran = world.run(&["import", file.to_str().unwrap()]);
    assert_eq!(ran.code(), Some(0), "{}{}", ran.out(), ran.err());
    assert!(
        ran.err().contains("vouchsafe person enrol"),
        "{}",
        ran.err()
    );
    world
}

/// Adds a person with a role, and enrols them; returns their one-time-code key.
fn enrolled(world: &World, email: &str, role: &str) -> String {
    let added = world.json(&[
        "person",
        "add",
        "Ada Example",
        email,
        "--role",
        role,
        "--days",
        "30",
        "--reason",
        "a test",
        "--json",
    ]);
    world.enrol(added["link"].as_str().unwrap(), PASSWORD)
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn somebody_is_added_enrols_and_signs_in_and_is_disabled() {
    let world = installed();
    let secret = enrolled(&world, "ada@example.org", "auditor");
    let token = world.sign_in("ada@example.org", PASSWORD, &secret);
    assert!(
        std::fs::read_to_string(&token)
            .unwrap()
            .starts_with("Authorization: Bearer ")
    );
    let shown = world.json(&["person", "show", "ada@example.org", "--json"]);
    assert_eq!(shown["state"], "active");
    assert_eq!(shown["rights"][0]["role"], "auditor");
    assert!(
        shown["rights"][0]["approved_by"]
            .as_str()
            .unwrap()
            .starts_with("os-user/")
    );

    let right = shown["rights"][0]["right"].as_str().unwrap();
    let token = token.to_str().unwrap();
    let who_saw = || world.run(&["audit", "who-saw", NOBODY, "--token-file", token]);
    assert!(
        who_saw().err().contains("there is no Patient"),
        "{}",
        who_saw().err()
    );
    assert_eq!(
        world
            .run(&["person", "end", right, "--reason", "done"])
            .code(),
        Some(0)
    );
    assert!(
        who_saw().err().contains("no policy permits"),
        "{}",
        who_saw().err()
    );
    let disable = ["person", "disable", "ada@example.org", "--reason", "left"];
    assert_eq!(world.run(&disable).code(), Some(0));
    assert!(
        who_saw().err().contains("not accepted"),
        "{}",
        who_saw().err()
    );

    // The log has all of it, including refusals.
    let log = world
        .run(&["audit", "show", "--stream", "identity", "--limit", "500"])
        .out();
    for operation in [
        "person-add",
        "right-give",
        "person-enrol",
        "sign-in",
        "right-end",
    ] {
        assert!(log.contains(operation), "{operation}: {log}");
    }
    let log = world
        .run(&["audit", "show", "--stream", "phi", "--limit", "500"])
        .out();
    assert!(log.contains("resolve-audit"), "{log}");
}

#[test]
fn it_is_told_when_nobody_is_a_security_administrator_any_more() {
    let world = installed();
    let finding = || {
        let ran = world.run(&["check", "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&ran.0.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap().clone();
        let found = checks
            .iter()
            .find(|check| check["name"] == "administrator-active");
        found.map_or_else(String::new, |check| {
            assert_eq!(check["verdict"], "warn");
            check["finding"].as_str().unwrap().to_owned()
        })
    };
    // The first one is invited, and has not enrolled.
    assert!(
        finding().contains("no enrolled and active person"),
        "{}",
        finding()
    );
    enrolled(&world, "ada@example.org", "security-administrator");
    let days_left = finding();
    assert!(
        days_left.contains("no person is a security administrator after"),
        "{days_left}"
    );
    world.run(&["person", "disable", "ada@example.org", "--reason", "left"]);
    assert!(
        finding().contains("no enrolled and active person"),
        "{}",
        finding()
    );
}

#[test]
fn a_code_is_good_once_and_a_refusal_is_in_the_log() {
    let world = installed();
    let secret = enrolled(&world, "ada@example.org", "clinician");
    // Computed before: if the next half minute begins now, it is the older code, and used as well.
    let code = code(&secret, 1);
    world.sign_in("ada@example.org", PASSWORD, &secret);
    let password = world.path("password");
    let ran = world.run(&[
        "person",
        "sign-in",
        "ada@example.org",
        "--password-file",
        password.to_str().unwrap(),
        "--code",
        &code,
    ]);
    assert_eq!(ran.code(), Some(1));
    assert!(
        ran.err().contains("login, password or code is wrong"),
        "{}",
        ran.err()
    );
    let log = world
        .run(&["audit", "show", "--stream", "identity", "--limit", "500"])
        .out();
    assert!(log.contains("code-replayed"), "{log}");
}

#[test]
fn a_role_must_be_known_and_integration_is_for_services() {
    let world = installed();
    let add = |role: &str| {
        world.run(&[
            "person",
            "add",
            "Ben",
            "ben@example.org",
            "--role",
            role,
            "--days",
            "1",
            "--reason",
            "x",
        ])
    };
    assert!(
        add("surgeon").err().contains("the roles are"),
        "{}",
        add("surgeon").err()
    );
    assert!(add("integration").err().contains("for services only"));
    assert_eq!(
        world
            .json(&["person", "list", "--json"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_new_link_voids_the_old_one() {
    let world = installed();
    let email = world.json(&["person", "list", "--json"])[0]["login"]
        .as_str()
        .unwrap()
        .to_owned();
    let make = || {
        world.json(&["person", "link", &email, "--json"])["link"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (make(), make());
    let show = |link: &str| world.run(&["person", "enrol", link, "--show"]);
    assert_eq!(show(&first).code(), Some(1));
    assert!(
        show(&first)
            .err()
            .contains("this link is unknown, used or expired"),
        "{}",
        show(&first).err()
    );
    assert!(
        show(&second).out().contains("otpauth://"),
        "{}",
        show(&second).err()
    );
}

#[test]
fn a_record_stands_for_one_person() {
    let world = installed();
    let email = world.json(&["person", "list", "--json"])[0]["login"]
        .as_str()
        .unwrap()
        .to_owned();
    let record = "Practitioner/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77";
    assert_eq!(
        world.run(&["person", "connect", &email, record]).code(),
        Some(0)
    );
    let again = world.run(&["person", "connect", &email, record]);
    assert!(
        again.err().contains("linked to another person already"),
        "{}",
        again.err()
    );
    assert_eq!(world.run(&["person", "disconnect", record]).code(), Some(0));
    assert_eq!(world.run(&["person", "disconnect", record]).code(), Some(1));
}

/// Whoever uses a link at the same moment as another finds it used: the service is not at fault.
#[test]
fn a_link_that_is_used_by_many_at_once_is_used_by_one_and_not_found_by_the_others() {
    let world = World::new();
    let serving = world.serve();
    let link = serving.said["enrolment"].as_str().unwrap();
    let (_, token) = link.split_once('#').unwrap();
    let shown = world.json(&["person", "enrol", link, "--show", "--json"]);
    let code = code(shown["secret"].as_str().unwrap(), 0);
    let body = serde_json::json!({
        "token": token, "password": "seven odd mangoes on a shelf", "code": code,
    })
    .to_string();
    let ca = world.data().join("tls/certificate.pem");
    let ask = || {
        let output = std::process::Command::new("curl")
            .args([
                "--silent",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
                "--cacert",
            ])
            .arg(&ca)
            .args(["--data", &body, &world.url("/auth/enrol")])
            .output()
            .expect("curl");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut statuses: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    statuses.sort();
    assert_eq!(
        statuses,
        ["204", "404", "404", "404", "404", "404", "404", "404"]
    );
}
