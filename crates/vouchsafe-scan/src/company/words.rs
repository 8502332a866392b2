//! Names of fields that are the program's own, and words beside pages and pictures.

use crate::bytes::{at, before, is_word, part};
use crate::vocabulary::Words;

/// Words of names of fields whose dates are the program's own, whatever else the line tells.
const RECORDS: &[&[u8]] = &[
    b"expires",
    b"expiry",
    b"expiration",
    b"expire",
    b"deadline",
    b"ended",
    b"started",
    b"deployed",
    b"until",
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
    b"asctime",
    b"isotimestamp",
    b"eventtime",
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
    b"px.",
    b"pixel",
    b"spacer",
    b"beacon",
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

/// Words before the plate of a vehicle.
pub(super) const PLATES: &[&[u8]] = &[
    b"plate",
    b"plates",
    b"tag",
    b"tags",
    b"reg",
    b"registration",
];

/// Words before a number or code that is somebody's, in a line that tells of somebody.
pub(super) const NUMBERED: &[&[u8]] = &[
    b"no",
    b"num",
    b"nbr",
    b"number",
    b"id",
    b"ref",
    b"reference",
    b"record",
    b"chart",
    b"template",
    b"card",
    b"holding",
    b"case",
    b"sent",
    b"badge",
    b"permit",
    b"certificate",
    b"cert",
    b"passport",
    b"serial",
    b"sn",
    b"subj",
    b"subject",
    b"subjid",
    b"identifier",
    b"policy",
    b"claim",
    b"device",
    b"tracking",
    b"authorization",
    b"auth",
    b"referral",
    b"confirmation",
    b"accession",
    b"specimen",
    b"visit",
    b"encounter",
    b"sample",
    b"donor",
    b"barcode",
    b"registry",
    b"lic",
    b"license",
    b"licence",
    b"account",
    b"acct",
    b"acc",
];

/// Words before the number of a licence or certificate.
pub(super) const LICENCES: &[&[u8]] = &[
    b"lic",
    b"license",
    b"licence",
    b"registry",
    b"cert",
    b"certificate",
    b"certification",
    b"passport",
    b"permit",
    b"visa",
];

/// Words of lines about insurance.
pub(super) const PLANS: &[&[u8]] = &[
    b"member",
    b"insur",
    b"subscriber",
    b"policy",
    b"dental",
    b"payer",
    b"coverage",
    b"medicaid",
    b"medicare",
    b"blue cross",
    b"bcbs",
    b"aetna",
    b"cigna",
    b"humana",
    b"kaiser",
    b"health plan",
    b"denial",
    b"cardholder",
];

/// Words of names of fields whose numbers are the program's own.
const REQUESTS: &[&[u8]] = &[
    b"request",
    b"req",
    b"trace",
    b"span",
    b"correlation",
    b"thread",
    b"process",
    b"job",
    b"task",
    b"event",
    b"message",
    b"msg",
    b"batch",
    b"commit",
    b"container",
    b"pod",
    b"node",
    b"instance",
    b"host",
    b"deployment",
    b"image",
    b"queue",
    b"topic",
    b"app",
    b"project",
    b"build",
    b"worker",
    b"session",
    b"connection",
    b"conn",
    b"transaction",
    b"txn",
    b"tx",
    b"error",
    b"status",
    b"http",
    b"response",
    b"exit",
    b"zip",
    b"country",
    b"area",
    b"group",
    b"tenant",
    b"org",
    b"line",
];

/// Whether the number after a word is the program's own: "job id 8412345678", "offset 4155552671".
pub(super) fn is_of_program(word: &[u8]) -> bool {
    let is = |known: &[&[u8]]| known.iter().any(|known| known.eq_ignore_ascii_case(word));
    is(COUNTS) || is(REQUESTS) || is(&[b"id", b"user", b"n", b"order", b"invoice", b"record"])
}

/// Whether a day in a column of this name is the program's own.
pub(crate) fn is_of_records(name: &[u8]) -> bool {
    Key(name).is_of_records()
}

/// Whether a day and time in a column of this name is that of something that happened to somebody: `arrival_ts`.
///
/// Beside its word for time it has another word, and none that says that it is the program's own.
pub(crate) fn is_of_event(name: &[u8]) -> bool {
    const SUFFIXES: [&[u8]; 12] = [
        b"ts",
        b"t",
        b"time",
        b"timestamp",
        b"datetime",
        b"dt",
        b"dttm",
        b"tm",
        b"date",
        b"at",
        b"on",
        b"utc",
    ];
    let key = Key(name);
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(|byte| !byte.is_ascii_alphanumeric());
    let own = |word: &&[u8]| TIMES.contains(word) && !SUFFIXES.contains(word);
    let said = words.clone().filter(|word| word.len() > 1);
    !key.is_of_records()
        && !words.any(|word| own(&word))
        && said.clone().any(|word| SUFFIXES.contains(&word))
        && said.clone().any(|word| !SUFFIXES.contains(&word))
}

/// The word before a place, over a blank and a few marks.
pub(super) fn word_before(text: &[u8], place: usize) -> &[u8] {
    let mut end = place;
    while place - end < 3
        && matches!(
            before(text, end),
            b' ' | b':' | b'#' | b'=' | b'.' | b'"' | b'\''
        )
    {
        end -= 1;
    }
    let start = crate::bytes::word_start(text, end, 16);
    part(text, start, end)
}

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
        self.0 == b"at"
            || self.has(RECORDS)
            || self.has(TIMES) && !crate::roots::has_event(&Words::of(self.0))
    }

    /// Whether a number under it is that of a request, a process, a machine.
    pub(super) fn is_of_request(&self) -> bool {
        self.has(REQUESTS)
    }

    /// Whether the last word of it is one of these.
    pub(super) fn ends_with(&self, known: &[&[u8]]) -> bool {
        // The id of a row, of an object.
        !matches!(
            self.0,
            b"id" | b"_id" | b"ID" | b"Id" | b"code" | b"_index" | b"index"
        ) && Words::of(self.0).ends_with(known)
    }

    /// Whether it says that its value is a day, and of what.
    pub(super) fn is_of_days(&self) -> bool {
        self.0.len() > 4 && self.ends_with(&[b"date", b"day", b"dt", b"dos"])
    }

    /// Whether it is one of the times of FHIR.
    pub(super) fn is_of_fhir(&self) -> bool {
        matches!(
            self.0,
            b"dateTime" | b"start" | b"end" | b"started" | b"issued" | b"authoredOn"
        ) || self.0.ends_with(b"Date") && self.0 != b"recordedDate"
            || self.0.ends_with(b"DateTime") && !self.0.starts_with(b"created")
    }

    /// Whether it speaks of a licence or certificate.
    pub(super) fn is_of_licence(&self) -> bool {
        self.has(LICENCES)
    }

    /// Whether it says nothing of its value.
    pub(super) fn says_nothing(&self) -> bool {
        matches!(self.0, b"key" | b"value" | b"val" | b"id" | b"arg") || self.0.len() <= 2
    }

    /// Whether it is the name of a number or code.
    pub(super) fn is_of_row(&self) -> bool {
        matches!(self.0, b"id" | b"Id" | b"ID")
    }

    /// Whether it says that its value is a number or code.
    pub(super) fn is_numbered(&self) -> bool {
        self.ends_with(NUMBERED) || matches!(self.0, b"id" | b"_id" | b"code")
    }

    fn has(&self, known: &[&[u8]]) -> bool {
        let words = Words::of(self.0);
        known.iter().any(|word| words.has(word))
    }
}

/// The name of the field whose value begins at a place, if one does.
pub(super) fn key_before(text: &[u8], start: usize) -> Option<Key<'_>> {
    let floor = start.saturating_sub(12);
    let mut place = called_start(text, start);
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
    let name = part(text, first, place);
    // "ValueError: '219099999' is not valid": what was raised is the name of no field.
    let raised = name.ends_with(b"Error") || name.ends_with(b"Exception");
    (at(text, first) != b'-' && !raised && name.iter().any(u8::is_ascii_alphabetic))
        .then_some(Key(name))
}

/// Where a call begins whose first argument stands at a place: `ISODate('…')`, `to_date('…')`.
fn called_start(text: &[u8], start: usize) -> usize {
    let mut open = start;
    while start - open < 2 && matches!(before(text, open), b'\'' | b'"') {
        open -= 1;
    }
    if before(text, open) != b'(' {
        return start;
    }
    let first = crate::bytes::word_start(text, open - 1, 24);
    if first < open - 1 { first } else { start }
}

/// The words of the names that were found in a line, in lower case: as many as pages are compared with.
pub(super) fn names_of(text: &[u8], known: &crate::company::Known) -> Vec<Vec<u8>> {
    known
        .iter()
        .filter(|(class, _, _)| *class == crate::class::Class::Name)
        .flat_map(|(_, start, end)| {
            part(text, *start, *end).split(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80)
        })
        .filter(|name| name.len() >= 3)
        .map(<[u8]>::to_ascii_lowercase)
        .take(16)
        .collect()
}

/// Whether a URL carries the name of one of those who were found.
pub(super) fn carries_name(url: &[u8], names: &[Vec<u8>]) -> bool {
    let url = url.to_ascii_lowercase();
    let host = memchr::memmem::find(&url, b"://").map_or(0, |place| place + 3);
    let url = part(&url, host, url.len());
    let weights = names
        .iter()
        .filter(|name| memchr::memmem::find(url, name).is_some())
        .map(|name| if name.len() >= 6 { 2 } else { 1 });
    weights.sum::<usize>() >= 2
}

/// Whether a text has one of some words of lower case, in whatever case.
pub(super) fn contains(text: &[u8], words: &[&[u8]]) -> bool {
    let lower = text.to_ascii_lowercase();
    words
        .iter()
        .any(|word| lower.windows(word.len()).any(|window| window == *word))
}
