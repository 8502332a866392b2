//! What headers ask for, and those that we answer with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use vouchsafe::ids::Version;
use vouchsafe_records::engine::Proof;

use crate::outcome::Problem;

/// The header that carries the proof that an access was logged.
pub(crate) const RECEIPT: HeaderName = HeaderName::from_static("vouchsafe-receipt");
const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What the caller wants back from a write (`Prefer: return=...`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Return {
    /// Nothing.
    Minimal,
    /// The resource.
    Representation,
    /// An `OperationOutcome`.
    OperationOutcome,
}

/// Preferences of the caller (RFC 7240; FHIR R4, 3.1.0.1.9).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Preferences {
    /// What was said; each interaction has a default of its own.
    pub(crate) returns: Option<Return>,
    /// Whether parameters that are not supported are passed over.
    pub(crate) lenient: bool,
}

/// The preferences; of one that is said twice the first counts (RFC 7240, section 2).
pub(crate) fn preferences(headers: &HeaderMap) -> Preferences {
    let mut returns = None;
    let mut lenient = None;
    for value in headers.get_all(PREFER) {
        for part in value.to_str().unwrap_or_default().split([',', ';']) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "return" => {
                    let said = match value.to_ascii_lowercase().as_str() {
                        "minimal" => Some(Return::Minimal),
                        "representation" => Some(Return::Representation),
                        "operationoutcome" => Some(Return::OperationOutcome),
                        _ => None,
                    };
                    returns = returns.or(said);
                }
                "handling" => lenient = lenient.or(Some(value.eq_ignore_ascii_case("lenient"))),
                _ => {}
            }
        }
    }
    Preferences {
        returns,
        lenient: lenient.unwrap_or(false),
    }
}

/// Refuses callers that cannot take FHIR JSON. `_format` goes before `Accept` (R4, 3.1.0.1.11).
pub(crate) fn check_accept(headers: &HeaderMap, format: Option<&str>) -> Result<(), Problem> {
    let fits = match format {
        // A plus sign in a query is a space.
        Some(format) => format == "json" || is_json(&media_type(&format.replace(' ', "+"))),
        None => accepts(headers),
    };
    if fits {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-supported",
        "only application/fhir+json is served",
    ))
}

fn accepts(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|range| !range.trim().is_empty())
        .peekable();
    if ranges.peek().is_none() {
        return !headers.contains_key(ACCEPT);
    }
    ranges.any(|range| {
        let media = media_type(range);
        let any = matches!(media.as_str(), "*/*" | "application/*");
        let refused = range.split(';').skip(1).any(|part| {
            let weight = part.trim().strip_prefix("q=");
            weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32))
        });
        (any || is_json(&media)) && !refused
    })
}

fn media_type(text: &str) -> String {
    text.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn is_json(media: &str) -> bool {
    matches!(
        media,
        "application/fhir+json" | "application/json" | "application/json+fhir"
    )
}

/// Refuses bodies that are not JSON in UTF-8.
pub(crate) fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    if content_type(headers, is_json) {
        return Ok(());
    }
    Err(unsupported_media(
        "the body must be application/fhir+json in UTF-8",
    ))
}

/// Refuses bodies that are no form in UTF-8.
pub(crate) fn check_form(headers: &HeaderMap) -> Result<(), Problem> {
    if content_type(headers, |media| {
        media == "application/x-www-form-urlencoded"
    }) {
        return Ok(());
    }
    Err(unsupported_media(
        "the body must be application/x-www-form-urlencoded in UTF-8",
    ))
}

const fn unsupported_media(text: &'static str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", text)
}

fn content_type(headers: &HeaderMap, fits: impl Fn(&str) -> bool) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let foreign = text.split(';').skip(1).any(|part| {
        part.split_once('=').is_some_and(|(name, value)| {
            let charset = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("charset")
                && !["utf-8", "utf8"]
                    .iter()
                    .any(|utf8| charset.eq_ignore_ascii_case(utf8))
        })
    });
    fits(&media_type(text)) && !foreign
}

/// The one value of a header, if it is there.
fn one<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    wrong: &'static str,
) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(Some)
            .map_err(|_| Problem::bad("value", wrong)),
        (Some(_), Some(_)) => Err(Problem::bad("value", wrong)),
    }
}

/// The version that `If-Match` names.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    const WRONG: &str = "If-Match must be the ETag of one version: W/\"n\"";
    one(headers, &IF_MATCH, WRONG)?
        .map(|tag| version_of(tag).ok_or(Problem::bad("value", WRONG)))
        .transpose()
}

/// The condition of a conditional create, as it was sent.
pub(crate) fn if_none_exist(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    one(headers, &IF_NONE_EXIST, "If-None-Exist must be one query")
}

/// The caller's key for a write that is to be done once.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const WRONG: &str = "Idempotency-Key must be one of 1 to 255 characters";
    match one(headers, &IDEMPOTENCY_KEY, WRONG)? {
        None => Ok(None),
        Some(text) if (1..=255).contains(&text.len()) => Ok(Some(text.to_owned())),
        Some(_) => Err(Problem::bad("value", WRONG)),
    }
}

/// Refuses preconditions that a write would not heed.
pub(crate) fn check_preconditions(
    headers: &HeaderMap,
    served: &[HeaderName],
) -> Result<(), Problem> {
    let unheeded = [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, IF_NONE_EXIST]
        .iter()
        .any(|name| headers.contains_key(name) && !served.contains(name));
    if unheeded {
        return Err(Problem::bad(
            "not-supported",
            "this interaction does not take that precondition; see metadata",
        ));
    }
    Ok(())
}

/// The preconditions of a create.
pub(crate) const OF_CREATE: [HeaderName; 1] = [IF_NONE_EXIST];
/// The preconditions of an update or a delete.
pub(crate) const OF_CHANGE: [HeaderName; 1] = [IF_MATCH];

/// The version that an ETag names; weak or not, it is the same version.
pub(crate) fn version_of(tag: &str) -> Option<Version> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    version(tag.strip_prefix('"')?.strip_suffix('"')?)
}

/// A version as we write it, and in no other spelling.
pub(crate) fn version(text: &str) -> Option<Version> {
    let version = Version::new(text.parse().ok()?)?;
    (version.to_string() == text).then_some(version)
}

/// Whether `If-None-Match` names this version.
pub(crate) fn none_match(headers: &HeaderMap, version: Version) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|tags| names(tags, version))
}

/// Whether a list of ETags names this version; a star names all.
pub(crate) fn names(tags: &str, version: Version) -> bool {
    tags.split(',')
        .any(|tag| tag.trim() == "*" || version_of(tag) == Some(version))
}

pub(crate) fn etag(version: Version) -> HeaderValue {
    header(&format!("W/\"{version}\""))
}

/// `Last-Modified` (RFC 9110, section 8.8.2).
pub(crate) fn http_date(time: Timestamp) -> HeaderValue {
    header(&time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// The proof as a dictionary of RFC 8941 (section 3.2).
pub(crate) fn receipt(proof: &Proof) -> HeaderValue {
    let origin = proof.origin.replace('\\', "\\\\").replace('"', "\\\"");
    header(&format!(
        "origin=\"{origin}\", index={}, leaf=:{}:, recorded=\"{:.6}\"",
        proof.index,
        STANDARD.encode(proof.leaf),
        proof.recorded
    ))
}

/// A header of our own text; an empty one if it could not be one.
pub(crate) fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn json_in_any_of_its_names_is_accepted() {
        assert!(check_accept(&HeaderMap::new(), None).is_ok());
        for range in [
            "application/fhir+json",
            "application/json",
            "application/json+fhir",
            "*/*",
            "application/*",
            "text/html, application/fhir+json;fhirVersion=4.0;q=0.9",
            "Application/FHIR+JSON; charset=utf-8",
        ] {
            assert!(check_accept(&with(&ACCEPT, range), None).is_ok(), "{range}");
        }
        for range in [
            "",
            "text/html",
            "application/fhir+xml",
            "application/fhir+json;q=0",
            "application/json; q=0.0, text/html",
            "json",
        ] {
            let refused = check_accept(&with(&ACCEPT, range), None).unwrap_err();
            assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{range}");
        }
    }

    #[test]
    fn format_goes_before_accept() {
        let html = with(&ACCEPT, "text/html");
        for format in [
            "json",
            "application/json",
            "application/fhir json",
            "application/json+fhir",
        ] {
            assert!(check_accept(&html, Some(format)).is_ok(), "{format}");
        }
        let json = with(&ACCEPT, "application/json");
        for format in ["xml", "", "html", "application/fhir+xml", "ttl"] {
            assert!(check_accept(&json, Some(format)).is_err(), "{format}");
        }
    }

    #[test]
    fn bodies_are_json_in_utf_8() {
        for media in [
            "application/fhir+json",
            "application/json; charset=UTF-8",
            "application/json+fhir;charset=\"utf-8\"",
            "application/fhir+json; fhirVersion=4.0",
        ] {
            assert!(check_json(&with(&CONTENT_TYPE, media)).is_ok(), "{media}");
        }
        assert!(check_json(&HeaderMap::new()).is_err());
        for media in [
            "text/json",
            "application/xml",
            "application/json; charset=latin1",
            "",
        ] {
            let refused = check_json(&with(&CONTENT_TYPE, media)).unwrap_err();
            assert_eq!(
                refused.status,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{media}"
            );
        }
        assert!(check_form(&with(&CONTENT_TYPE, "application/x-www-form-urlencoded")).is_ok());
        assert!(check_form(&with(&CONTENT_TYPE, "multipart/form-data")).is_err());
    }

    #[test]
    fn preferences_are_read_as_they_are_written() {
        let read = |text: &str| {
            let preferences = preferences(&with(&PREFER, text));
            (preferences.returns, preferences.lenient)
        };
        assert_eq!(read("return=minimal"), (Some(Return::Minimal), false));
        assert_eq!(
            read("Return=\"representation\", handling=lenient"),
            (Some(Return::Representation), true)
        );
        assert_eq!(
            read("return=OperationOutcome; handling=strict"),
            (Some(Return::OperationOutcome), false)
        );
        assert_eq!(
            read("return=minimal, return=representation"),
            (Some(Return::Minimal), false)
        );
        assert_eq!(read("respond-async, wait=10"), (None, false));
    }

    #[test]
    fn a_version_has_one_spelling() {
        let tag = |text: &str| version_of(text).map(Version::number);
        assert_eq!(tag("W/\"3\""), Some(3));
        assert_eq!(tag("\"3\""), Some(3));
        for text in [
            "3",
            "W/3",
            "W/\"0\"",
            "W/\"+3\"",
            "W/\"03\"",
            "W/\"-1\"",
            "\"\"",
            "\"",
            "*",
            "W/\"4294967296\"",
        ] {
            assert_eq!(tag(text), None, "{text}");
        }
    }

    #[test]
    fn none_match_takes_lists_and_stars() {
        let second = Version::new(2).unwrap();
        for (text, named) in [
            ("W/\"2\"", true),
            ("W/\"1\", W/\"2\"", true),
            ("*", true),
            ("W/\"1\"", false),
            ("2", false),
        ] {
            assert_eq!(
                none_match(&with(&IF_NONE_MATCH, text), second),
                named,
                "{text}"
            );
        }
        assert!(!none_match(&HeaderMap::new(), second));
    }

    #[test]
    fn preconditions_are_heeded_or_refused() {
        let tag = with(&IF_MATCH, "W/\"1\"");
        assert_eq!(if_match(&tag).unwrap().map(Version::number), Some(1));
        assert!(if_match(&with(&IF_MATCH, "*")).is_err());
        assert!(check_preconditions(&tag, &OF_CHANGE).is_ok());
        assert!(check_preconditions(&tag, &OF_CREATE).is_err());
        assert!(check_preconditions(&with(&IF_NONE_MATCH, "*"), &OF_CHANGE).is_err());
        let mut twice = tag;
        twice.append(IF_MATCH, HeaderValue::from_static("W/\"2\""));
        assert!(if_match(&twice).is_err());
    }

    #[test]
    fn keys_have_a_length() {
        assert_eq!(
            idempotency_key(&with(&IDEMPOTENCY_KEY, "k"))
                .unwrap()
                .as_deref(),
            Some("k")
        );
        assert!(idempotency_key(&with(&IDEMPOTENCY_KEY, "")).is_err());
        assert!(idempotency_key(&with(&IDEMPOTENCY_KEY, &"k".repeat(256))).is_err());
    }

    #[test]
    fn what_we_answer_has_its_form() {
        let time: Timestamp = "2026-11-24T09:05:03.123456Z".parse().unwrap();
        assert_eq!(http_date(time), "Tue, 24 Nov 2026 09:05:03 GMT");
        assert_eq!(etag(Version::FIRST), "W/\"1\"");
        let proof = Proof {
            origin: "log.example/\"a\"".into(),
            index: 7,
            leaf: [0; 32],
            recorded: time,
        };
        assert_eq!(
            receipt(&proof),
            "origin=\"log.example/\\\"a\\\"\", index=7, \
             leaf=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:, \
             recorded=\"2026-11-24T09:05:03.123456Z\""
        );
    }
}
