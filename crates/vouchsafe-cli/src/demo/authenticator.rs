//! An authenticator app: one-time codes (RFC 6238) of a key.

use aws_lc_rs::hmac;
use jiff::Timestamp;

const STEP_SECONDS: i64 = 30;

/// An authenticator app with one key.
pub(super) struct Authenticator {
    key: hmac::Key,
    /// The step of the last code: no code is returned twice.
    last: i64,
}

impl Authenticator {
    /// The app with this key (base32, RFC 4648); none if the key is invalid.
    pub(super) fn new(secret: &str) -> Option<Self> {
        Some(Self {
            key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret)?),
            last: i64::MIN,
        })
    }

    /// The next code: the current one, or, if that was used, the one of the next step, which is accepted too.
    pub(super) fn code(&mut self, now: Timestamp) -> String {
        let step = (now.as_second() / STEP_SECONDS).max(self.last.saturating_add(1));
        self.last = step;
        self.code_at(step)
    }

    /// RFC 4226, section 5.3.
    fn code_at(&self, step: i64) -> String {
        let mac = hmac::sign(&self.key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac.last().copied().unwrap_or(0) & 0xf);
        let part = mac
            .get(offset..offset + 4)
            .and_then(|part| part.try_into().ok());
        let number = u32::from_be_bytes(part.unwrap_or_default()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA-1 rows, last six of eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(base32(secret).unwrap(), b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(Authenticator::new(secret).unwrap().code(now), code);
        }
    }

    #[test]
    fn no_code_is_given_twice() {
        let now = Timestamp::from_second(1_234_567_890).unwrap();
        let mut app = Authenticator::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let (first, second) = (app.code(now), app.code(now));
        assert_ne!(first, second);
        assert_eq!(second, app.code_at(1_234_567_890 / 30 + 1));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(Authenticator::new("abc").is_none());
        assert!(Authenticator::new("A1").is_none());
    }
}
