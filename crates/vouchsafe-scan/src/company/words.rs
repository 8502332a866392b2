//! Names of fields that are the program's own, and words beside pages and pictures.

use crate::bytes::{at, before, is_word, part};
use crate::vocabulary::Words;

/// Words of names of fields whose dates are the program's own, whatever else the line tells.
const RECORDS: &[&[u8]] = &[
    b"created",
    b"updated",
    b"modified",
    b"inserted",
    b"deleted",
    b"build",
    b"built",
    b"release",
    b"released",
    b"version",
    b"generated",
    b"log",
    b"logged",
    b"migration",
    b"schema",
    b"index",
    b"partition",
    b"api",
];

/// Words of names of fields whose times of day are the program's own.
const TIMES: &[&[u8]] = &[
    b"ts",
    b"t",
    b"time",
    b"timestamp",
    b"datetime",
    b"date",
    b"ingested",
    b"emitted",
    b"published",
    b"expires",
    b"expiry",
    b"expiration",
    b"expire",
    b"exp",
    b"iat",
    b"nbf",
    b"occurred",
    b"received",
    b"sent",
    b"processed",
    b"synced",
    b"sync",
    b"queued",
    b"uploaded",
    b"downloaded",
    b"requested",
    b"responded",
    b"login",
    b"logout",
    b"seen",
    b"attempt",
    b"retry",
    b"next",
    b"token",
    b"session",
    b"event",
    b"now",
    b"utc",
    b"local",
    b"recorded",
    b"text",
    b"msg",
    b"message",
    b"line",
];

/// Words of names of fields that count or address something.
const COUNTS: &[&[u8]] = &[
    b"bytes",
    b"size",
    b"length",
    b"offset",
    b"count",
    b"total",
    b"port",
    b"pid",
    b"tid",
    b"lsn",
    b"seq",
    b"sequence",
    b"ms",
    b"ns",
    b"us",
    b"duration",
    b"elapsed",
    b"memory",
    b"rows",
    b"epoch",
    b"hash",
    b"checksum",
    b"crc",
    b"build",
    b"version",
    b"revision",
    b"ts",
    b"timestamp",
    b"time",
    b"ttl",
    b"trace",
    b"span",
    b"thread",
];

/// Words beside pages of a person.
pub(super) const PAGES: &[&[u8]] = &[
    b"website",
    b"web site",
    b"homepage",
    b"home page",
    b"web page",
    b"webpage",
    b"blog",
    b"linkedin",
    b"facebook",
    b"instagram",
    b"twitter",
    b"bio",
    b"portfolio",
    b"caringbridge",
    b"gofundme",
    b"personal",
    b"profile",
    b"social",
];

/// Hosts on which people have pages of their own.
pub(super) const HOSTS: &[&[u8]] = &[
    b".blogspot.com",
    b".wordpress.com",
    b".wixsite.com",
    b".tumblr.com",
    b".substack.com",
    b"caringbridge.org/visit",
    b"gofundme.com/",
    b"strava.com/athletes",
    b"about.me/",
    b"medium.com/@",
    b"sites.google.com/",
    b"mychart.",
    b".weebly.com",
    b".squarespace.com",
    b"flickr.com/",
    b"vimeo.com/",
    b"soundcloud.com/",
    b"linktr.ee/",
];

/// Pictures that show nobody.
pub(super) const DECORATION: &[&[u8]] = &[
    b"logo",
    b"icon",
    b"sprite",
    b"banner",
    b"favicon",
    b"/static/",
    b"/assets/",
    b"placeholder",
    b"default",
    b"badge.",
    b"button",
    b"background",
    b"spinner",
    b"chart.",
    b"graph.",
    b"qr.",
    b"barcode",
];

/// The name of a field.
pub(super) struct Key<'t>(&'t [u8]);

impl Key<'_> {
    /// Whether a number under it counts or addresses something of the program.
    pub(super) fn is_of_program(&self) -> bool {
        self.has(COUNTS)
    }

    /// Whether a day under it is the program's own.
    pub(super) fn is_of_records(&self) -> bool {
        self.has(RECORDS)
    }

    /// Whether a time of day under it is the program's own.
    pub(super) fn is_of_times(&self) -> bool {
        self.0 == b"at" || self.has(RECORDS) || self.has(TIMES)
    }

    fn has(&self, known: &[&[u8]]) -> bool {
        let words = Words::of(self.0);
        known.iter().any(|word| words.has(word))
    }
}

/// The name of the field whose value begins at a place, if one does.
pub(super) fn key_before(text: &[u8], start: usize) -> Option<Key<'_>> {
    let floor = start.saturating_sub(12);
    let mut place = start;
    while place > floor
        && matches!(
            before(text, place),
            b'"' | b'\'' | b'\\' | b' ' | b'[' | b'('
        )
    {
        place -= 1;
    }
    // "=>" and ">" of an element.
    if before(text, place) == b'>' {
        place -= 1;
        while place > floor && matches!(before(text, place), b'=' | b' ') {
            place -= 1;
        }
    } else if matches!(before(text, place), b':' | b'=') {
        place -= 1;
    } else {
        return None;
    }
    while place > floor.saturating_sub(4)
        && matches!(
            before(text, place),
            b'"' | b'\'' | b'\\' | b' ' | b']' | b':'
        )
    {
        place -= 1;
    }
    let mut first = place;
    while place - first < 48
        && (is_word(before(text, first)) || matches!(before(text, first), b'-' | b'.' | b'@'))
    {
        first -= 1;
    }
    (first < place && at(text, first) != b'-').then(|| Key(part(text, first, place)))
}

/// Whether a text has one of some words of lower case, in whatever case.
pub(super) fn contains(text: &[u8], words: &[&[u8]]) -> bool {
    let lower = text.to_ascii_lowercase();
    words
        .iter()
        .any(|word| lower.windows(word.len()).any(|window| window == *word))
}
