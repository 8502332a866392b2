//! Envelopes and wrapped keys: only what was sealed opens, at its place, under its key.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;
use vouchsafe::class::DataClass;
use vouchsafe::ids::{TenantId, Version};
use vouchsafe::seal::{Blob, KeyVersion, Secret, Suite, SystemKey, SystemPurpose, WrappingKey};
use vouchsafe::trusted::SystemCipher;
use vouchsafe_fuzz::{byte, edited};

const PLACE: &[u8] = b"place";

fn key(suite: Suite, purpose: SystemPurpose) -> SystemKey {
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    let branch = Secret::from_bytes([7; 32]);
    vouchsafe::trusted::system_key(suite, &branch, tenant, purpose, KeyVersion::FIRST)
}

fn wrapping() -> WrappingKey {
    WrappingKey::new(Secret::from_bytes([8; 32]), KeyVersion::FIRST)
}

// The first byte says how long the plaintext is that follows; the rest is what is done to its envelope.
fuzz_target!(|bytes: &[u8]| {
    any_bytes(bytes);
    let mut rest = bytes;
    let length = usize::from(byte(&mut rest)).min(rest.len());
    let (plain, script) = rest.split_at(length);
    for suite in [Suite::Aes256Gcm, Suite::Xaes256Gcm] {
        let own = key(suite, SystemPurpose::Identity);
        let key = SystemCipher::new(&own);
        let sealed = key.seal(PLACE, plain);
        let changed = edited(&sealed, script);
        let opened = key.open(PLACE, &changed);
        if changed == sealed {
            assert_eq!(*opened.expect("what is sealed opens"), *plain);
            assert!(key.open(b"elsewhere", &sealed).is_err());
            let other = self::key(suite, SystemPurpose::SearchCursor);
            assert!(SystemCipher::new(&other).open(PLACE, &sealed).is_err());
        } else {
            assert!(opened.is_err(), "a changed envelope opened");
        }
    }
    let wrapped = wrapping().wrap(PLACE, &Secret::from_bytes([9; 32]));
    let changed = edited(&wrapped, script);
    assert_eq!(
        wrapping().unwrap(PLACE, &changed).is_ok(),
        changed == wrapped
    );
});

/// Nothing was sealed, so nothing opens; and what is taken for a blob is left as it is.
fn any_bytes(bytes: &[u8]) {
    let parsed = Blob::new(
        DataClass::Clinical.into(),
        Version::FIRST,
        Bytes::copy_from_slice(bytes),
    );
    let version = WrappingKey::version_of(bytes);
    match parsed {
        Ok(blob) => {
            assert_eq!(blob.bytes, bytes);
            assert_eq!(Ok(blob.key_version), version);
            assert!(!format!("{blob:?}").contains("bytes"));
        }
        Err(error) => assert_eq!(version.map(|_| ()), Err(error)),
    }
    let key = key(Suite::Xaes256Gcm, SystemPurpose::Identity);
    assert!(SystemCipher::new(&key).open(PLACE, bytes).is_err());
    assert!(wrapping().unwrap(PLACE, bytes).is_err());
}
