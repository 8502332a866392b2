//! Addresses of the Internet: e-mail, URLs, IP and MAC addresses, files of images.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::bytes::{at, before, count_digits, is_word, part, run_end};
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
const ROLES: [&[u8]; 26] = [
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

/// Whether a byte can be part of a URL in a text.
pub(crate) const fn is_url_byte(byte: u8) -> bool {
    !matches!(
        byte,
        0..=b' '
            | b'"'
            | b'\''
            | b'<'
            | b'>'
            | b'`'
            | b'{'
            | b'}'
            | b'|'
            | b'\\'
            | b'^'
            | b','
            | b';'
            | b')'
            | b']'
    )
}

/// Whether a URL leads to a machine of one's own: a loopback or private host, one without a dot.
pub(crate) fn is_machine(url: &[u8]) -> bool {
    let after = url
        .windows(3)
        .position(|three| three == b"://")
        .map_or(0, |place| place + 3);
    let end = run_end(url, after, |byte| {
        !matches!(byte, b'/' | b'?' | b':' | b'#')
    });
    let host = part(url, after, end);
    let private = ip(host, 0).is_some_and(|(_, public)| !public);
    private || !host.contains(&b'.') || host.ends_with(b".local") || host.ends_with(b".internal")
}

/// Path segments after which a person's number or name stands.
const PEOPLE: [&[u8]; 22] = [
    b"patient",
    b"patients",
    b"member",
    b"members",
    b"person",
    b"persons",
    b"people",
    b"subscriber",
    b"subscribers",
    b"beneficiary",
    b"beneficiaries",
    b"enrollee",
    b"enrollees",
    b"resident",
    b"residents",
    b"chart",
    b"charts",
    b"mrn",
    b"ssn",
    b"profile",
    b"profiles",
    b"clients",
];

/// Hosts whose paths are people's pages.
const SOCIAL: [&[u8]; 10] = [
    b"facebook.com",
    b"linkedin.com",
    b"instagram.com",
    b"twitter.com",
    b"x.com",
    b"tiktok.com",
    b"youtube.com",
    b"pinterest.com",
    b"snapchat.com",
    b"threads.net",
];

/// What a URL holds of a person.
pub(crate) struct Url {
    /// The place of a password in it.
    pub(crate) password: Option<(usize, usize)>,
    /// Where the part ends that leads to a person.
    pub(crate) person_end: Option<usize>,
}

/// Looks at the URL whose `://` stands at a place.
pub(crate) fn url(text: &[u8], colon: usize) -> Url {
    let start = colon + 3;
    let end = run_end(text, start, is_url_byte);
    let path = run_end(text, start, |byte| {
        is_url_byte(byte) && !matches!(byte, b'/' | b'?' | b'#')
    });
    let authority = part(text, start, path);
    let at_sign = authority.iter().rposition(|byte| *byte == b'@');
    let password = at_sign.and_then(|at_sign| {
        let info = part(authority, 0, at_sign);
        let mark = info.iter().position(|byte| *byte == b':')?;
        let value = part(info, mark + 1, info.len());
        let shown = value.is_empty()
            || value.iter().all(|b| matches!(b, b'*' | b'x' | b'X'))
            || value.first() == Some(&b'$');
        (!shown).then_some((start + mark + 1, start + at_sign))
    });
    let host = authority.to_ascii_lowercase();
    let host = host.strip_prefix(b"www.").unwrap_or(&host);
    let social = SOCIAL.iter().any(|known| {
        host == *known
            || host
                .strip_suffix(*known)
                .is_some_and(|rest| rest.ends_with(b"."))
    });
    let path_end = run_end(text, path, |byte| {
        is_url_byte(byte) && !matches!(byte, b'?' | b'#')
    });
    let person_end = if social && path_end > path + 2 {
        Some(path_end)
    } else {
        person_segment(text, path, path_end).map(|_| path_end)
    };
    Url {
        password,
        person_end: person_end.filter(|person_end| *person_end <= end),
    }
}

/// Where the segment ends that names a person, in a path that begins with a slash.
fn person_segment(text: &[u8], path: usize, end: usize) -> Option<usize> {
    let mut start = path + 1;
    let mut after_people = false;
    while start < end {
        let stop = run_end(text, start, |byte| byte != b'/' && is_url_byte(byte)).min(end);
        let segment = part(text, start, stop);
        if after_people && is_of_somebody(segment) {
            return Some(stop);
        }
        if segment.first() == Some(&b'~') && segment.len() > 2 {
            return Some(stop);
        }
        after_people = is_people(segment);
        start = stop + 1;
    }
    None
}

/// Whether a path segment says that a person's number follows.
pub(crate) fn is_people(segment: &[u8]) -> bool {
    let first = segment.first().map(|byte| byte | 0x20);
    matches!(first, Some(b'p' | b'm' | b's' | b'b' | b'e' | b'r' | b'c'))
        && PEOPLE
            .iter()
            .any(|known| known.eq_ignore_ascii_case(segment))
}

/// Whether a path segment is a person's number or name, and no placeholder, action or random id.
pub(crate) fn is_of_somebody(segment: &[u8]) -> bool {
    let digits = count_digits(segment);
    let slug = digits == 0
        && segment
            .iter()
            .any(|byte| matches!(byte, b'-' | b'.' | b'_'))
        && segment
            .split(|byte| matches!(byte, b'-' | b'.' | b'_'))
            .filter(|word| crate::lexicon::said(word).name_only())
            .count()
            >= 2;
    let number = digits >= 3
        && segment.len() <= 40
        && segment
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (number || slug) && !is_image(segment) && !is_uuid(segment) && !looks_like_hash(segment)
}

/// The IP address that begins at a place: where it ends, and whether it can be a person's.
pub(crate) fn ip(text: &[u8], start: usize) -> Option<(usize, bool)> {
    ip4(text, start).or_else(|| ip6(text, start))
}

/// A dotted quad.
pub(crate) fn ip4(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let end = run_end(text, start, |byte| byte.is_ascii_digit() || byte == b'.');
    let end = if before(text, end) == b'.' && end > start {
        end - 1
    } else {
        end
    };
    let quad = part(text, start, end);
    if quad.len() > 15 || quad.iter().filter(|byte| **byte == b'.').count() != 3 {
        return None;
    }
    let address: Ipv4Addr = std::str::from_utf8(quad).ok()?.parse().ok()?;
    let [a, b, ..] = address.octets();
    let own = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b));
    Some((end, !own))
}

/// An address of eight groups, or fewer with `::`.
pub(crate) fn ip6(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let end = run_end(text, start, |byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
    });
    let mut group = part(text, start, end);
    while matches!(group.last(), Some(b'.'))
        || (group.last() == Some(&b':') && !group.ends_with(b"::"))
    {
        group = part(group, 0, group.len() - 1);
    }
    if !(3..=45).contains(&group.len()) || group.iter().filter(|byte| **byte == b':').count() < 2 {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(group).ok()?.parse().ok()?;
    let public = match address.to_ipv4_mapped() {
        Some(inner) => ip4(inner.to_string().as_bytes(), 0).is_some_and(|(_, public)| public),
        None => matches!(address.segments().first(), Some(0x2000..=0x3fff)),
    };
    Some((start + group.len(), public))
}

/// Where the hardware address of a network interface that begins at a place ends.
pub(crate) fn mac(text: &[u8], start: usize) -> Option<usize> {
    let mark = at(text, start + 2);
    if !matches!(mark, b':' | b'-') {
        return None;
    }
    for pair in 0..6 {
        let place = start + pair * 3;
        let pair_sound =
            at(text, place).is_ascii_hexdigit() && at(text, place + 1).is_ascii_hexdigit();
        if !pair_sound || (pair < 5 && at(text, place + 2) != mark) {
            return None;
        }
    }
    let end = start + 17;
    let whole = part(text, start, end);
    let dull = whole
        .iter()
        .filter(|byte| **byte != mark)
        .all(|byte| matches!(byte, b'0'))
        || whole
            .iter()
            .filter(|byte| **byte != mark)
            .all(|byte| matches!(byte, b'f' | b'F'));
    let bound = !is_word(at(text, end))
        && at(text, end) != mark
        && !is_word(before(text, start))
        && before(text, start) != mark;
    (bound && !dull).then_some(end)
}

/// Whether a text ends as the name of a file of a picture does.
pub(crate) fn is_image(text: &[u8]) -> bool {
    let end = run_end(text, 0, |byte| !matches!(byte, b'?' | b'#'));
    let text = part(text, 0, end);
    text.iter()
        .rposition(|byte| *byte == b'.')
        .is_some_and(|dot| dot > 0 && is_image_ending(part(text, dot + 1, text.len())))
}

/// Whether a word after a full stop is the ending of a file of a picture.
#[inline]
pub(crate) fn is_image_ending(word: &[u8]) -> bool {
    let is = |known: &[&[u8]]| known.iter().any(|known| known.eq_ignore_ascii_case(word));
    match word.len() {
        3 => is(&[b"jpg", b"png", b"gif", b"bmp", b"tif", b"raw"]),
        4 => is(&[b"jpeg", b"heic", b"webp", b"tiff", b"heif", b"jfif"]),
        _ => false,
    }
}

/// Whether the path of a picture says that it shows a person.
pub(crate) fn is_of_person(path: &[u8]) -> bool {
    const SIGNS: [&[u8]; 16] = [
        b"patient",
        b"face",
        b"photo",
        b"avatar",
        b"selfie",
        b"headshot",
        b"portrait",
        b"mugshot",
        b"member",
        b"person",
        b"profile",
        b"mrn",
        b"faces",
        b"people",
        b"webcam",
        b"id_card",
    ];
    let lower = path.to_ascii_lowercase();
    let named = SIGNS
        .iter()
        .any(|sign| lower.windows(sign.len()).any(|window| window == *sign));
    let generic = [
        b"default".as_slice(),
        b"placeholder",
        b"icon",
        b"logo",
        b"sprite",
        b"interface",
        b"surface",
    ]
    .iter()
    .any(|sign| lower.windows(sign.len()).any(|window| window == *sign));
    named && !generic && count_digits(path) >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole_email(text: &str) -> Option<&str> {
        let place = text.find('@')?;
        email(text.as_bytes(), place, 0).map(|(start, end, _)| &text[start..end])
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

    #[test]
    fn only_addresses_that_can_be_a_persons_are_public() {
        assert_eq!(ip(b"203.0.113.7:80", 0), Some((11, true)));
        assert_eq!(ip(b"10.1.2.3", 0), Some((8, false)));
        assert_eq!(ip(b"2001:db8::7 x", 0), Some((11, true)));
        assert_eq!(ip(b"fe80::1", 0), Some((7, false)));
        for text in ["1.2.3", "300.1.1.1", "12:30:45", "::", "1.2.3.4.5"] {
            assert!(
                ip(text.as_bytes(), 0).is_none_or(|(_, public)| !public),
                "{text}"
            );
        }
    }

    #[test]
    fn a_url_with_a_password_or_a_persons_number_says_so() {
        let text = b"postgres://app:s3cret@db.example.org/x";
        assert_eq!(url(text, 8).password, Some((15, 21)));
        let text = b"https://h.example.org/api/patients/883412/labs?x=1";
        assert_eq!(url(text, 5).person_end, Some(41));
        for text in [
            "https://h.example.org/patients/{id}",
            "https://h.example.org/orders/12345",
            "https://h/patients/search",
        ] {
            assert_eq!(url(text.as_bytes(), 5).person_end, None, "{text}");
        }
    }

    #[test]
    fn hardware_addresses_are_six_pairs() {
        assert_eq!(mac(b"3c:22:fb:4a:9e:01", 0), Some(17));
        assert_eq!(mac(b"00:00:00:00:00:00", 0), None);
        assert_eq!(mac(b"12:30:45", 0), None);
    }
}
