//! Addresses of the Internet: e-mail, URLs, IP and MAC addresses, files of images.

mod ip;
mod links;
mod mailbox;

use crate::bytes::{count_digits, part, run_end, run_within};
use crate::value::{is_uuid, looks_like_hash};
pub(crate) use crate::web::ip::{ip, ip4, ip6, mac};
pub(crate) use crate::web::links::secrets;
pub(crate) use crate::web::mailbox::email;

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

/// Path segments after which the number of a page stands that was made for one person.
const SHARES: [&[u8]; 6] = [b"p", b"u", b"r", b"share", b"portal", b"results"];

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
    /// Where it ends.
    pub(crate) end: usize,
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
    // The pages of portals are those of whoever has the number in the path.
    let own_page = host.starts_with(b"portal.") && count_digits(part(text, path, path_end)) > 0;
    let found = (social && path_end > path + 2)
        || own_page
        || person_segment(text, path, path_end).is_some();
    let person_end = found.then_some(path_end);
    Url {
        password,
        person_end: person_end.filter(|person_end| *person_end <= end),
        end,
    }
}

/// Where the segment ends that names a person, in a path that begins with a slash.
fn person_segment(text: &[u8], path: usize, end: usize) -> Option<usize> {
    let mut start = path + 1;
    let (mut after_people, mut after_share) = (false, false);
    while start < end {
        let stop = run_within(text, start, end, |byte| byte != b'/' && is_url_byte(byte));
        let segment = part(text, start, stop);
        let shared = after_share && segment.len() >= 7 && count_digits(segment) == segment.len();
        if shared || after_people && is_of_somebody(segment) {
            return Some(stop);
        }
        if segment.first() == Some(&b'~') && segment.len() > 2 {
            return Some(stop);
        }
        after_people = is_people(segment);
        after_share = SHARES.contains(&segment);
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

/// Whether the path of a URL has a number that a page of somebody can have: `/m/88123456/eob`.
pub(crate) fn is_numbered(url: &[u8]) -> bool {
    let after = memchr::memmem::find(url, b"://").map_or(0, |place| place + 3);
    let path = part(url, after, url.len());
    let mut segments = path.split(|byte| matches!(byte, b'/' | b'?' | b'#'));
    // The host.
    segments.next();
    segments.any(|segment| {
        let digits = count_digits(segment);
        digits >= 6 && digits == segment.len() && segment.len() <= 12
    })
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

    #[test]
    fn a_url_with_a_password_or_a_persons_number_says_so() {
        let text = b"postgres://app:s3cret@db.example.org/x";
        assert_eq!(url(text, 8).password, Some((15, 21)));
        let text = b"https://h.example.org/api/patients/883412/labs?x=1";
        // The whole path, which says more than the number.
        assert_eq!(url(text, 5).person_end, Some(46));
        for text in [
            "https://portal.example.org/visits/3",
            "https://h.example.org/p/43926164/summary",
        ] {
            assert_eq!(
                url(text.as_bytes(), 5).person_end,
                Some(text.len()),
                "{text}"
            );
        }
        for text in [
            "https://portal.example.org/login",
            "https://h.example.org/p/251",
            "https://h.example.org/patients/{id}",
            "https://h.example.org/orders/12345",
            "https://h/patients/search",
        ] {
            assert_eq!(url(text.as_bytes(), 5).person_end, None, "{text}");
        }
    }
}
