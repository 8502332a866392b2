//! And a policy bundle, under a key of one's own.

use vouchsafe::access::{Bundle, BundleFiles};

fn case(files: &BundleFiles, seed: &[u8; 32]) {
    let _ = Bundle::sign(files, seed);
}

fn main() {}
