//! The cost of sealing, compared with raw AES-256-GCM of the same provider.
//!
//! `envelope` is the cost of each slot of a subject's record: header, key commitment, AAD, random nonce, suite 1. It is
//! measured through a system key of that suite, whose envelopes differ only in the AAD's fields. `unbounded` is suite
//! 2. `raw` draws a random nonce per message, as every user must; `raw-nonce-given` leaves that out.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot measure stops"
)]

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vouchsafe::document::Document;
use vouchsafe::ids::TenantId;
use vouchsafe::seal::{KeyVersion, Secret, Suite, SystemKey, SystemPurpose};
use vouchsafe::trusted::SystemCipher;

const SIZES: [usize; 4] = [64, 256, 1024, 16 * 1024];
/// As long as the tenant, type, id, version, owner and slot of a record.
const CONTEXT: [u8; 96] = [7; 96];

fn raw_key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[1; 32]).expect("32 bytes"))
}

fn system_key(suite: Suite) -> SystemKey {
    let tenant = TenantId::random();
    let purpose = SystemPurpose::SearchCursor;
    vouchsafe::trusted::system_key(suite, &Secret::random(), tenant, purpose, KeyVersion::FIRST)
}

/// Nonce, ciphertext and tag in a vector of their own.
fn raw_seal(key: &LessSafeKey, nonce: [u8; NONCE_LEN], plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let body = &mut out[NONCE_LEN..];
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(&CONTEXT), body)
        .expect("seals");
    out.extend_from_slice(tag.as_ref());
    out
}

fn raw_open(key: &LessSafeKey, sealed: &[u8]) -> Vec<u8> {
    let (nonce, body) = sealed.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).expect("12 bytes");
    let mut plain = body.to_vec();
    let len = key
        .open_in_place(nonce, Aad::from(&CONTEXT), &mut plain)
        .expect("opens")
        .len();
    plain.truncate(len);
    plain
}

fn random_nonce() -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).expect("random bytes");
    nonce
}

fn seal(c: &mut Criterion) {
    let mut group = c.benchmark_group("seal");
    for size in SIZES {
        let plain = vec![0x5a; size];
        group.throughput(Throughput::Bytes(size as u64));
        let raw = raw_key();
        group.bench_function(BenchmarkId::new("raw-nonce-given", size), |b| {
            b.iter(|| raw_seal(&raw, [0; NONCE_LEN], black_box(&plain)));
        });
        group.bench_function(BenchmarkId::new("raw", size), |b| {
            b.iter(|| raw_seal(&raw, random_nonce(), black_box(&plain)));
        });
        for (name, suite) in [
            ("envelope", Suite::Aes256Gcm),
            ("unbounded", Suite::Xaes256Gcm),
        ] {
            let own = system_key(suite);
            let key = SystemCipher::new(&own);
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter(|| key.seal(&CONTEXT, black_box(&plain)));
            });
        }
    }
    group.finish();
}

fn open(c: &mut Criterion) {
    let mut group = c.benchmark_group("open");
    for size in SIZES {
        let plain = vec![0x5a; size];
        group.throughput(Throughput::Bytes(size as u64));
        let raw = raw_key();
        let sealed = raw_seal(&raw, random_nonce(), &plain);
        group.bench_function(BenchmarkId::new("raw", size), |b| {
            b.iter(|| raw_open(&raw, black_box(&sealed)));
        });
        for (name, suite) in [
            ("envelope", Suite::Aes256Gcm),
            ("unbounded", Suite::Xaes256Gcm),
        ] {
            let own = system_key(suite);
            let key = SystemCipher::new(&own);
            let sealed = key.seal(&CONTEXT, &plain);
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter(|| key.open(&CONTEXT, black_box(&sealed)).expect("opens"));
            });
        }
    }
    group.finish();
}

/// A document of about 3 KB, like most records, and one of about 200 KB.
fn document(items: usize) -> String {
    let item = r#"{"system":"http://loinc.org","code":"8302-2","display":"Body \"height\"","value":167.40,"given":["Ann","Bo"],"active":true}"#;
    let items = vec![item; items].join(",");
    format!(r#"{{"resourceType":"Observation","component":[{items}]}}"#)
}

fn json(c: &mut Criterion) {
    let mut group = c.benchmark_group("json");
    for items in [23, 1600] {
        let text = document(items);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("parse", text.len()), |b| {
            b.iter(|| Document::parse(black_box(text.as_bytes())).expect("a document"));
        });
        let parsed = Document::parse(text.as_bytes()).expect("a document");
        group.bench_function(BenchmarkId::new("write", text.len()), |b| {
            b.iter(|| black_box(&parsed).to_json());
        });
        group.bench_function(
            BenchmarkId::new("parse-serde-json-value", text.len()),
            |b| {
                b.iter(|| {
                    serde_json::from_slice::<serde_json::Value>(black_box(text.as_bytes()))
                        .expect("JSON")
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, seal, open, json);
criterion_main!(benches);
