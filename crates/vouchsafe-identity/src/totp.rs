//! Time-based one-time codes (RFC 6238): SHA-1, 6 digits, 30 seconds, one step to each side.
//!
//! SHA-1, because it is the only algorithm that all authenticator apps support; collisions do not affect HMAC-SHA-1. No
//! code is accepted twice: see `sign_in`.

use aws_lc_rs::rand;
use jiff::Timestamp;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use vouchsafe::ids::PersonId;
use zeroize::Zeroizing;

/// The length of a secret in bytes (RFC 4226, section 4: 160 bits recommended).
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;

/// A secret shared with an authenticator app.
pub(crate) struct OneTimeSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl OneTimeSecret {
    pub(crate) fn random() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        rand::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes
            .try_into()
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The secret as people type it into an app.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        base32(self.bytes())
    }

    /// The time step of a code, if it is valid now.
    pub(crate) fn matched_step(&self, code: &str, now: Timestamp) -> Option<i64> {
        let seconds = u64::try_from(now.as_second()).ok()?;
        // An app shows the code in two groups.
        let code: Zeroizing<String> = Zeroizing::new(code.split_whitespace().collect());
        let step = self.totp()?.check(&code, seconds)?;
        i64::try_from(step).ok()
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new_stack(*self.0))
            .build()
            .ok()
    }
}

/// The context in which a person's secret is sealed.
pub(crate) fn seal_context(person: PersonId) -> Vec<u8> {
    format!("one-time secret of person/{person}").into_bytes()
}

/// The `otpauth` URI that an app reads from a QR code.
pub(crate) fn uri(issuer: &str, login: &str, base32: &str) -> String {
    let (issuer, login) = (percent_encode(issuer), percent_encode(login));
    format!("otpauth://totp/{issuer}:{login}?secret={base32}&issuer={issuer}")
}

/// RFC 4648, section 6, without padding.
fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let digit = |value: u8| {
        char::from(if value < 26 {
            b'A' + value
        } else {
            b'2' + value - 26
        })
    };
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let group = |at: usize| (at..at + 5).fold(0, |value, at| value << 1 | bit(at));
    Zeroizing::new(
        (0..bytes.len() * 8)
            .step_by(5)
            .map(|at| digit(group(at)))
            .collect(),
    )
}

/// RFC 3986: everything but unreserved characters.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA-1 rows, last six of eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = OneTimeSecret::from_bytes(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(
                secret.matched_step(code, now),
                Some(seconds / 30),
                "{seconds}"
            );
        }
    }

    #[test]
    fn one_step_to_each_side_is_accepted() {
        let secret = OneTimeSecret::from_bytes(b"12345678901234567890").unwrap();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let step = Some(1_111_111_109 / 30);
        for seconds in [1_111_111_109 - 30, 1_111_111_109 + 30] {
            assert_eq!(secret.matched_step("081804", at(seconds)), step);
            assert_eq!(secret.matched_step("081 804", at(seconds)), step);
        }
        for seconds in [1_111_111_109 - 60, 1_111_111_109 + 61, 0, -5] {
            assert_eq!(secret.matched_step("081804", at(seconds)), None);
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let secret = OneTimeSecret::random().unwrap();
        let now = Timestamp::from_second(1_234_567_890).unwrap();
        for code in [
            "",
            "1",
            "12345",
            "1234567",
            "+12345",
            "-12345",
            "abcdef",
            "١٢٣٤٥٦",
        ] {
            assert_eq!(secret.matched_step(code, now), None, "{code}");
        }
        assert!(OneTimeSecret::from_bytes(&[0; 19]).is_none());
    }

    /// RFC 4648, section 10.
    #[test]
    fn secrets_are_shown_in_base32() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_uri_is_one_that_apps_read() {
        assert_eq!(
            uri("Vouchsafe", "ann+x@clinic.example", "ABC"),
            "otpauth://totp/Vouchsafe:ann%2Bx%40clinic.example?secret=ABC&issuer=Vouchsafe"
        );
    }
}
