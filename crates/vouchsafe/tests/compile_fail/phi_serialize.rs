//! PHI does not serialise.

use vouchsafe::phi::Phi;

fn case(phi: Phi<bool>) {
    let _ = serde_json::to_string(&phi);
}

fn main() {}
