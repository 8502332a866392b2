//! What the words within a name of a field say, when the table of phrases does not know its end: `mrn_raw2`,
//! `apptSlotBegin`, `retinaScanDigest`.

use std::sync::LazyLock;

use crate::class::Class;
use crate::vocabulary::{Meaning, Strength, Words};

/// Words that say the class wherever they stand in a name.
const ROOTS: &[(&[u8], Class)] = &[
    (b"ssn", Class::Ssn),
    (b"mrn", Class::Mrn),
    (b"npi", Class::License),
    (b"passport", Class::License),
    (b"iban", Class::Account),
    (b"imei", Class::Device),
    (b"imsi", Class::Device),
    (b"pacemaker", Class::Device),
    (b"implant", Class::Device),
    (b"fax", Class::Fax),
    (b"phone", Class::Phone),
    (b"telephone", Class::Phone),
    (b"mobile", Class::Phone),
    (b"msisdn", Class::Phone),
    (b"email", Class::Email),
    (b"zip", Class::Geography),
    (b"zipcode", Class::Geography),
    (b"surname", Class::Name),
    (b"forename", Class::Name),
    (b"dob", Class::Date),
    (b"birthdate", Class::Date),
    (b"medicare", Class::HealthPlan),
    (b"medicaid", Class::HealthPlan),
    (b"subscriber", Class::HealthPlan),
    (b"beneficiary", Class::HealthPlan),
    (b"vin", Class::Vehicle),
];

/// Events in the care of a person: with a word for time they say a date.
const EVENTS: &[&[u8]] = &[
    b"appt",
    b"appointment",
    b"visit",
    b"admit",
    b"admitted",
    b"admission",
    b"discharge",
    b"discharged",
    b"surgery",
    b"procedure",
    b"encounter",
    b"birth",
    b"death",
    b"exam",
    b"consult",
    b"consultation",
    b"vaccination",
    b"immunization",
    b"referral",
    b"prescription",
    b"refill",
    b"dispense",
    b"dispensed",
    b"specimen",
    b"injury",
    b"accident",
    b"onset",
    b"diagnosis",
    b"booking",
    b"therapy",
    b"administered",
    b"hire",
    b"enrollment",
    b"eligibility",
    b"hospitalization",
    b"delivery",
    b"operation",
    b"intake",
    b"triage",
    b"checkup",
    b"followup",
];
const TIMES: &[&[u8]] = &[
    b"date",
    b"dt",
    b"time",
    b"datetime",
    b"dttm",
    b"tm",
    b"on",
    b"day",
    b"start",
    b"end",
    b"from",
    b"to",
    b"begin",
    b"begins",
    b"since",
    b"until",
    b"when",
    b"starts",
    b"ends",
    b"slot",
    b"scheduled",
];

const BODY: &[&[u8]] = &[
    b"fingerprint",
    b"biometric",
    b"biometrics",
    b"faceprint",
    b"voiceprint",
    b"palmprint",
    b"iris",
    b"retina",
    b"retinal",
    b"minutiae",
    b"thumbprint",
    b"facial",
    b"palm",
];
const TRACES: &[&[u8]] = &[
    b"id",
    b"template",
    b"hash",
    b"data",
    b"code",
    b"vector",
    b"embedding",
    b"ref",
    b"token",
    b"scan",
    b"hex",
    b"b64",
    b"base64",
    b"sample",
    b"record",
    b"print",
    b"blob",
    b"no",
    b"number",
    b"digest",
    b"features",
    b"signature",
    b"vec",
];
const PICTURES: &[&[u8]] = &[
    b"photo",
    b"selfie",
    b"headshot",
    b"portrait",
    b"avatar",
    b"mugshot",
    b"picture",
    b"photograph",
];
const PLACES: &[&[u8]] = &[
    b"url",
    b"uri",
    b"path",
    b"file",
    b"filename",
    b"key",
    b"id",
    b"link",
    b"src",
    b"href",
    b"ref",
    b"location",
    b"object",
    b"img",
    b"image",
    b"blob",
    b"data",
    b"base64",
    b"thumb",
    b"name",
    b"s3",
];
/// Last words after which a value is none of the class: `email_verified`, `phone_type`.
const TAILS: &[&[u8]] = &[
    b"type",
    b"count",
    b"enabled",
    b"verified",
    b"status",
    b"valid",
    b"required",
    b"format",
    b"length",
    b"pattern",
    b"label",
    b"kind",
    b"source",
    b"system",
    b"version",
    b"provider",
    b"template",
    b"service",
    b"policy",
    b"at",
    b"ts",
    b"created",
    b"updated",
    b"index",
    b"size",
    b"max",
    b"min",
    b"flag",
    b"error",
    b"errors",
    b"mode",
    b"state",
    b"reason",
    b"settings",
    b"config",
    b"column",
    b"field",
    b"class",
    b"opt",
    b"consent",
    b"preference",
    b"sent",
    b"queue",
    b"server",
    b"client",
    b"host",
    b"port",
    b"app",
    b"os",
    b"model",
    b"sdk",
    b"api",
    b"table",
    b"report",
    b"file",
    b"code",
    b"cert",
    b"sha256",
    b"tls",
    b"ssh",
    b"name",
    b"country",
    b"hash",
];

/// Whether a name begins with a word that says its class: `mrnOut`, `dob_raw2`.
pub(crate) fn begins(name: &[u8]) -> bool {
    let mut end = 0;
    while name.get(end).is_some_and(u8::is_ascii_alphabetic)
        && !(end > 0 && name.get(end).is_some_and(u8::is_ascii_uppercase))
    {
        end += 1;
    }
    let first = name.get(..end).unwrap_or_default();
    (3..=11).contains(&first.len())
        && end < name.len()
        && ROOTS
            .iter()
            .any(|(root, _)| root.eq_ignore_ascii_case(first))
}

/// Whether a name speaks of an event in the care of a person.
pub(crate) fn has_event(words: &Words) -> bool {
    EVENTS.iter().any(|event| words.has(event))
}

/// Words for machines: what is beside them is not of a body.
const MACHINES: &[&[u8]] = &[
    b"cert", b"tls", b"ssh", b"sha256", b"alert", b"group", b"key",
];

/// All words that say something.
pub(crate) fn words() -> impl Iterator<Item = &'static [u8]> {
    let lists = [
        EVENTS, TIMES, BODY, TRACES, PICTURES, PLACES, TAILS, MACHINES,
    ];
    let roots = ROOTS.iter().map(|(root, _)| *root);
    lists.into_iter().flatten().copied().chain(roots)
}

/// A meaning for each of these classes.
static MEANINGS: LazyLock<Vec<Meaning>> = LazyLock::new(|| {
    Class::ALL
        .into_iter()
        .map(|class| Meaning::of_root(class.name(), class, Strength::Shape))
        .collect()
});

fn meaning(class: Class) -> Option<&'static Meaning> {
    MEANINGS.get(class as usize)
}

/// What the words of a name say, wherever they stand in it.
pub(crate) fn of<'w>(words: &(impl Iterator<Item = &'w [u8]> + Clone)) -> Option<&'static Meaning> {
    let has = |known: &[&[u8]]| words.clone().any(|word| known.contains(&word));
    let last = words.clone().last()?;
    words.clone().nth(1)?;
    if has(EVENTS) && has(TIMES) {
        return meaning(Class::Date);
    }
    let machine = has(MACHINES);
    if has(BODY) && TRACES.contains(&last) && !machine {
        return meaning(Class::Biometric);
    }
    if has(PICTURES) && PLACES.contains(&last) {
        return meaning(Class::Photo);
    }
    if TAILS.contains(&last) {
        return None;
    }
    let root = ROOTS
        .iter()
        .find(|(root, _)| words.clone().any(|word| word == *root));
    root.and_then(|(_, class)| meaning(*class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> Option<Class> {
        let meaning = of(&name.split(' ').map(str::as_bytes))?;
        meaning.classes.first().map(|(class, _)| *class)
    }

    #[test]
    fn a_word_within_a_name_says_the_class() {
        assert_eq!(class("patient mrn raw"), Some(Class::Mrn));
        assert_eq!(class("appt slot begin"), Some(Class::Date));
        assert_eq!(class("retina scan digest"), Some(Class::Biometric));
        assert_eq!(class("selfie s3 key"), Some(Class::Photo));
    }

    #[test]
    fn what_is_said_about_a_field_is_no_value_of_it() {
        for name in [
            "email verified",
            "phone type",
            "tls fingerprint id",
            "visit count",
            "mrn format",
            "ssn",
        ] {
            assert_eq!(class(name), None, "{name}");
        }
    }
}
