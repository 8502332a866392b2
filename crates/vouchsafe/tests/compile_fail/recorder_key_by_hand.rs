//! So does the key of the recorder that is believed.

use vouchsafe::audit::RecorderKey;

fn case() -> RecorderKey {
    RecorderKey::new("log.example/own", [7; 32])
}

fn main() {}
