//! The command `vouchsafe-scan`.

fn main() {}
