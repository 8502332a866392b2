//! Policy bundles: unsigned ones never open, signed ones are sound or refused, whatever they say.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use libfuzzer_sys::fuzz_target;
use vouchsafe::access::{Bundle, BundleFiles, BundleRefused};
use vouchsafe::trusted;
use vouchsafe_fuzz::{edited, until};

const SEED: [u8; 32] = [7; 32];

static TRUSTED: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
    pair.public_key().as_ref().try_into().unwrap()
});

/// Manifest and schema of the product: quick to read, and what every policy needs.
static FILES: LazyLock<BundleFiles> = LazyLock::new(|| {
    let all = Bundle::default_files();
    let few = |(name, _): &(&str, &[u8])| !name.ends_with(".cedar");
    all.iter().filter(few).collect()
});

// The name of a file, a line feed, its content. With an empty name the rest is what is done to a signature.
fuzz_target!(|bytes: &[u8]| {
    let mut content = bytes;
    let name = String::from_utf8_lossy(until(&mut content, b'\n'));
    let mut files = FILES.clone();
    if name.is_empty() {
        let signature = trusted::sign_bundle(&files, &SEED).unwrap();
        let changed = edited(&signature, content);
        let opened = trusted::bundle(&files, &changed, &TRUSTED);
        assert_eq!(opened.is_ok(), changed == signature);
        return;
    }
    let before = trusted::sign_bundle(&files, &SEED).unwrap();
    files.insert(name, content);
    let signature = trusted::sign_bundle(&files, &SEED).unwrap();
    assert_eq!(files == *FILES, signature == before);
    if signature != before {
        let unsigned = trusted::bundle(&files, &before, &TRUSTED);
        assert!(matches!(
            unsigned,
            Err(BundleRefused::Signature | BundleRefused::Files { .. })
        ));
    }
    match trusted::bundle(&files, &signature, &TRUSTED) {
        Ok(bundle) => sound(&bundle, &files),
        Err(refused) => assert_ne!(refused, BundleRefused::Signature),
    }
});

fn sound(bundle: &Bundle, files: &BundleFiles) {
    assert_eq!(bundle.hash(), files.hash());
    assert!(is_name(bundle.id()));
    let ids: BTreeSet<&str> = bundle.policies().iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids.len(), bundle.policies().len());
    for policy in bundle.policies() {
        assert!(is_name(&policy.id) && !policy.control.is_empty() && !policy.owner.is_empty());
        assert!(files.get(&policy.file).is_some());
    }
    let roles: BTreeSet<_> = bundle.roles().collect();
    assert_eq!(roles.len(), bundle.roles().count());
}

fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(plain)
}
