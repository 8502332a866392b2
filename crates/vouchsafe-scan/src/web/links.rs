//! Secrets in URLs: tokens of links that were made for one person, signatures, and the addresses of webhooks.

use crate::bytes::{part, run_end, run_within};
use crate::digits;
use crate::value::is_uuid;
use crate::web::is_url_byte;

/// Parameters whose values let in whoever has the link.
const PARAMETERS: [&[u8]; 24] = [
    b"token",
    b"access_token",
    b"id_token",
    b"auth_token",
    b"reset_token",
    b"confirmation_token",
    b"invite_token",
    b"magic",
    b"key",
    b"apikey",
    b"api_key",
    b"code",
    b"otp",
    b"ticket",
    b"sig",
    b"signature",
    b"x-amz-signature",
    b"x-amz-security-token",
    b"x-goog-signature",
    b"secret",
    b"jwt",
    b"t",
    b"auth",
    b"hmac",
];

/// Segments of a path after which such a token stands.
const SEGMENTS: [&[u8]; 15] = [
    b"reset",
    b"reset-password",
    b"password-reset",
    b"invite",
    b"invitation",
    b"invitations",
    b"magic",
    b"magic-link",
    b"verify",
    b"verify-email",
    b"activate",
    b"activation",
    b"confirm",
    b"sso",
    b"webhooks",
];

/// Hosts and paths of webhooks: whoever has the whole address may post there.
const WEBHOOKS: [&[u8]; 4] = [
    b"hooks.slack.com/services/",
    b"discord.com/api/webhooks/",
    b"discordapp.com/api/webhooks/",
    b"webhook.office.com/webhookb2/",
];

/// More parts of a URL are not looked at.
const MOST: usize = 48;

/// The places of secrets in the URL between two places, the first of which is that after its scheme.
pub(crate) fn secrets(text: &[u8], start: usize, end: usize) -> Vec<(usize, usize)> {
    let end = end.min(start + 2048);
    let url = part(text, start, end);
    // The last of them has a digit.
    digits::read_in(url);
    for hook in WEBHOOKS {
        if let Some(place) = memchr::memmem::find(url, hook) {
            let from = start + place + hook.len();
            let to = run_within(text, from, end, |byte| is_url_byte(byte) && byte != b'?');
            return if to >= from + 16 {
                vec![(from, to)]
            } else {
                Vec::new()
            };
        }
    }
    let mut found = Vec::new();
    let mut place = start;
    let mut before: &[u8] = b"";
    for _ in 0..MOST {
        let stop = run_within(text, place, end, |byte| {
            !matches!(byte, b'/' | b'?' | b'&' | b'#')
        });
        let piece = part(text, place, stop);
        let equals = piece.iter().position(|byte| *byte == b'=');
        if let Some(equals) = equals {
            let (name, value) = (part(piece, 0, equals), (place + equals + 1, stop));
            if is(name, &PARAMETERS) && is_token(part(text, value.0, value.1)) {
                found.push(value);
            }
        } else if is(before, &SEGMENTS) && is_token(piece) {
            found.push((place, stop));
        }
        before = piece;
        if stop >= end {
            break;
        }
        place = stop + 1;
    }
    found
}

fn is(name: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a value is long and mixed enough to be guessed by nobody; an id is none.
fn is_token(value: &[u8]) -> bool {
    let plain = run_end(value, 0, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'%' | b'~' | b'+')
    });
    value.len() >= 16
        && plain == value.len()
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && !(is_uuid(value) && value.contains(&b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_in_whoever_has_the_link_is_a_secret() {
        for (url, secret) in [
            (
                "app.example/reset?token=4f3c2b1a0d9e8f7a6b5c",
                "4f3c2b1a0d9e8f7a6b5c",
            ),
            (
                "app.example/invite/8f7a6b5c4d3e2f1a0b9c",
                "8f7a6b5c4d3e2f1a0b9c",
            ),
            (
                "hooks.slack.com/services/T02AB3CD4/B05EF6GH7/aBcDeFg",
                "T02AB3CD4/B05EF6GH7/aBcDeFg",
            ),
        ] {
            let places = secrets(url.as_bytes(), 0, url.len());
            let found: Vec<&str> = places
                .iter()
                .filter_map(|place| url.get(place.0..place.1))
                .collect();
            assert_eq!(found, [secret], "{url}");
        }
        for url in [
            "app.example/reset?token={token}",
            "app.example/verify/email",
            "app.example/search?key=name&code=404",
            "app.example/invite/3f2b6c1e-8a4d-4e21-9f3a-2b1c0d9e8f7a",
        ] {
            assert_eq!(secrets(url.as_bytes(), 0, url.len()), [], "{url}");
        }
    }
}
