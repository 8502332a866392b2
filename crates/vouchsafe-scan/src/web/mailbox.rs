//! E-mail addresses.

use crate::bytes::{at, before, part, run_end};
use crate::class::Confidence;
use crate::value::{is_uuid, looks_like_hash};

/// Endings after the last dot that are those of files and units, and of no domain.
const NO_DOMAINS: [&[u8]; 42] = [
    b"service",
    b"socket",
    b"timer",
    b"mount",
    b"target",
    b"slice",
    b"scope",
    b"path",
    b"device",
    b"swap",
    b"internal",
    b"svc",
    b"local",
    b"lan",
    b"jar",
    b"js",
    b"py",
    b"go",
    b"rs",
    b"html",
    b"png",
    b"jpg",
    b"jpeg",
    b"gif",
    b"svg",
    b"css",
    b"json",
    b"xml",
    b"yaml",
    b"yml",
    b"java",
    b"class",
    b"ts",
    b"tsx",
    b"mjs",
    b"so",
    b"dll",
    b"exe",
    b"localdomain",
    b"localhost",
    b"cluster",
    b"git",
];

/// Mailboxes of a role, not of a person.
const ROLES: [&[u8]; 54] = [
    b"refills",
    b"results",
    b"billing",
    b"appointments",
    b"scheduling",
    b"referrals",
    b"records",
    b"portal",
    b"pharmacy",
    b"claims",
    b"intake",
    b"reminders",
    b"care",
    b"feedback",
    b"docker",
    b"maintainers",
    b"maintainer",
    b"packages",
    b"packaging",
    b"build",
    b"builds",
    b"ci",
    b"bot",
    b"team",
    b"contact",
    b"hello",
    b"press",
    b"licensing",
    b"noreply",
    b"no-reply",
    b"no_reply",
    b"donotreply",
    b"do-not-reply",
    b"postmaster",
    b"mailer-daemon",
    b"root",
    b"admin",
    b"administrator",
    b"support",
    b"info",
    b"help",
    b"helpdesk",
    b"sales",
    b"security",
    b"abuse",
    b"webmaster",
    b"hostmaster",
    b"git",
    b"notifications",
    b"alerts",
    b"alert",
    b"monitoring",
    b"ops",
    b"devnull",
];

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'!' | b'#' | b'~'
        )
        || byte >= 0x80
}

/// The e-mail address around an `@`, which begins at `floor` at the earliest.
pub(crate) fn email(text: &[u8], place: usize, floor: usize) -> Option<(usize, usize, Confidence)> {
    let mut start = place;
    while start > floor && place - start < 64 && is_local(before(text, start)) {
        start -= 1;
    }
    while start < place
        && matches!(
            at(text, start),
            b'.' | b'-' | b'+' | b'%' | b'\'' | b'!' | b'#' | b'~'
        )
    {
        start += 1;
    }
    let local = part(text, start, place);
    let mut end = run_end(text, place + 1, |byte| {
        byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-' || byte >= 0x80
    });
    while end > place && matches!(before(text, end), b'.' | b'-') {
        end -= 1;
    }
    let domain = part(text, place + 1, end);
    let dot = domain.iter().rposition(|byte| *byte == b'.')?;
    let top = part(domain, dot + 1, domain.len());
    let sound = !local.is_empty()
        && dot > 0
        && (2..=24).contains(&top.len())
        && top
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
        && !NO_DOMAINS.contains(&top.to_ascii_lowercase().as_slice());
    // user@host:path of scp and git.
    let remote = at(text, end) == b':' && local.eq_ignore_ascii_case(b"git");
    if !sound || remote {
        return None;
    }
    let lower = local.to_ascii_lowercase();
    let role = ROLES.contains(&lower.as_slice()) || looks_like_hash(&lower) || is_uuid(&lower);
    let confidence = if role {
        Confidence::Low
    } else {
        Confidence::High
    };
    Some((start, end, confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole_email(text: &str) -> Option<&str> {
        let place = text.find('@')?;
        email(text.as_bytes(), place, 0).and_then(|(start, end, _)| text.get(start..end))
    }

    #[test]
    fn addresses_of_people_are_found_and_those_of_programs_are_not() {
        assert_eq!(
            whole_email("to <jane.o'roe+x@mail.example.org>."),
            Some("jane.o'roe+x@mail.example.org")
        );
        for text in [
            "getty@tty1.service",
            "left-pad@1.2.3",
            "git@github.com:x/y",
            "a@b",
            "logo@2x.png",
            "@scope/pkg.js",
        ] {
            assert_eq!(whole_email(text), None, "{text}");
        }
        assert!(matches!(
            email(b"noreply@example.org", 7, 0),
            Some((_, _, Confidence::Low))
        ));
    }
}
