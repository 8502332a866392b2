//! Canary values that must not be in the log, and a scan for them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

pub(crate) const FAMILY: &str = "Canaryfield";
pub(crate) const BIRTH_DATE: &str = "1931-04-07";
pub(crate) const SSN: &str = "219-09-9999";
pub(crate) const MRN: &str = "MRN-5551212";
pub(crate) const STREET: &str = "Zebrastrasse 7";
pub(crate) const DIAGNOSIS: &str = "carcinoid syndrome";
pub(crate) const NOTE: &str = "wept through the session";

const ALL: [&str; 7] = [FAMILY, BIRTH_DATE, SSN, MRN, STREET, DIAGNOSIS, NOTE];

/// Fails if a canary is in the text: plain in any case, as hex, base64 at any offset, or as its bare SHA-256, which a
/// list of likely values would reverse.
pub(crate) fn assert_none(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lower = text.to_lowercase();
    for canary in ALL {
        assert!(
            !lower.contains(&canary.to_lowercase()),
            "{what} has {canary}: {text}"
        );
        assert!(
            !lower.contains(&hex(canary.as_bytes())),
            "{what} has {canary} in hex"
        );
        let hash = digest(&SHA256, canary.as_bytes());
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            for form in base64_forms(engine, canary.as_bytes()) {
                assert!(!text.contains(&form), "{what} has {canary} in base64");
            }
            assert!(
                !text.contains(&engine.encode(hash)),
                "{what} has the hash of {canary}"
            );
        }
        assert!(
            !lower.contains(&hex(hash.as_ref())),
            "{what} has the hash of {canary}"
        );
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The base64 forms of these bytes inside a longer text, for each offset.
fn base64_forms(engine: &impl base64::Engine, bytes: &[u8]) -> Vec<String> {
    (0..3)
        .map(|offset| {
            let shifted = [&[0; 3][..offset], bytes].concat();
            let whole = engine.encode(shifted);
            // The first and last characters hold bits of the neighbours.
            let start = (offset * 8).div_ceil(6);
            let end = (offset + bytes.len()) * 8 / 6;
            whole.get(start..end).unwrap().to_owned()
        })
        .collect()
}

#[test]
fn the_scan_finds_what_is_hidden() {
    let plain = format!("{{\"a\":\"{}\"}}", FAMILY.to_uppercase());
    let in_hex = hex(format!("..{SSN}..").as_bytes());
    let in_base64 = ["", "x", "xy"].map(|before| {
        let text = format!("{before}{BIRTH_DATE}tail");
        STANDARD_NO_PAD.encode(text)
    });
    let texts = [plain, in_hex].into_iter().chain(in_base64);
    for text in texts {
        let found = std::panic::catch_unwind(|| assert_none("text", text.as_bytes()));
        assert!(found.is_err(), "{text}");
    }
    assert_none("text", b"nothing of interest");
}
