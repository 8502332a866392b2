//! The key of the trusted recorder comes only from the trusted module.

use vouchsafe::audit::RecorderKey;

fn case() -> RecorderKey {
    RecorderKey::new("log.example/own", [7; 32])
}

fn main() {}
