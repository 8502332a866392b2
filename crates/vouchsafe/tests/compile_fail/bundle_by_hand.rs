//! A policy bundle under another key comes only from the trusted module.

use vouchsafe::access::{Bundle, BundleFiles};

fn case(files: &BundleFiles, seed: &[u8; 32]) {
    let _ = Bundle::sign(files, seed);
}

fn main() {}
