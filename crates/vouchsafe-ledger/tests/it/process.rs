//! The recorder process of these tests: this test binary, started again.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use vouchsafe_ledger::recorder::{self, RecorderConfig};

/// The policy bundle that these recorders are started with.
pub(crate) const TOLD: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

const DIR: &str = "LEDGER_TEST_DIR";
const SOCKET: &str = "LEDGER_TEST_SOCKET";
const SEGMENT: &str = "LEDGER_TEST_SEGMENT";

/// The program and arguments that run [`recorder_process`].
pub(crate) fn command() -> (std::path::PathBuf, Vec<OsString>) {
    let args = [
        "process::recorder_process",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    (
        std::env::current_exe().unwrap(),
        args.map(OsString::from).to_vec(),
    )
}

/// The environment that makes [`recorder_process`] a recorder.
pub(crate) fn environment(
    dir: &Path,
    socket: &Path,
    segment_bytes: u64,
) -> [(&'static str, OsString); 3] {
    [
        (DIR, dir.into()),
        (SOCKET, socket.into()),
        (SEGMENT, segment_bytes.to_string().into()),
    ]
}

/// Not a test by itself: a recorder, if another test starts it as one.
#[test]
fn recorder_process() {
    let (Some(dir), Some(socket)) = (std::env::var_os(DIR), std::env::var_os(SOCKET)) else {
        return;
    };
    let mut config = RecorderConfig::new(dir, socket);
    config.checkpoint_every = Duration::from_millis(50);
    if let Some(bytes) = std::env::var(SEGMENT)
        .ok()
        .and_then(|bytes| bytes.parse().ok())
    {
        config.segment_bytes = bytes;
    }
    config.bundles = vec![TOLD.parse().unwrap()];
    if let Err(error) = recorder::run(&config, std::io::stdin()) {
        eprintln!("recorder: {error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}
