//! Expired rows are deleted when the service starts.

use std::process::Command;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use vouchsafe_identity::{Actor, Approval, NewPerson, OsUser};
use vouchsafe_installation::settings::Settings;
use vouchsafe_installation::{Installation, Opening};
use vouchsafe_ledger::Gap;

use crate::world::World;

/// A person who was invited a week ago and never enrolled.
async fn invite_long_ago(world: &World) {
    let installation = Installation::open(Opening {
        gap: Gap::Refused,
        folder: world.data(),
        program: env!("CARGO_BIN_EXE_vouchsafe").into(),
        administrator: "Ada Example <ada@example.org>".parse().unwrap(),
        create: false,
        settings: Settings::load(&world.data(), std::iter::empty()).unwrap(),
    });
    let installation = installation.await.unwrap().installation;
    let late = NewPerson {
        name: "Lee Example".to_owned(),
        login: "lee@example.org".to_owned(),
        rights: Vec::new(),
    };
    let by = Approval::by(Actor::OsUser(OsUser::new("tester").unwrap()));
    let week_ago = Timestamp::now() - SignedDuration::from_hours(7 * 24);
    let added = installation
        .identity()
        .add_person(installation.tenant(), &late, &by, week_ago)
        .await;
    added.unwrap().confirm().await.unwrap();
    installation.close().await;
}

pub(crate) fn metrics(world: &World, operations: &str) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(world.data().join("tls/certificate.pem"))
        .arg(format!("{operations}/metrics"))
        .output()
        .expect("curl");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_link_that_nobody_used_is_deleted_at_the_next_start() {
    let world = World::new();
    let mut first = world.serve();
    first.signal("TERM");
    assert!(first.wait().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(invite_long_ago(&world));

    let mut again = world.serve();
    let operations = again.said["operations"].as_str().unwrap().to_owned();
    let swept = "vouchsafe_swept_rows_total{kind=\"links\"} 1";
    let deadline = Instant::now() + Duration::from_secs(30);
    while !metrics(&world, &operations).contains(swept) {
        assert!(
            Instant::now() < deadline,
            "{}",
            metrics(&world, &operations)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let shown = world.json(&["person", "list", "--json"]);
    assert_eq!(shown.as_array().unwrap().len(), 2, "people stay");
    again.signal("TERM");
    assert!(again.wait().success());
}
