//! What headers ask for, and those that we answer with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use vouchsafe::ids::Version;
use vouchsafe_records::engine::{Expected, Proof};

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
    check_coding(headers)?;
    if content_type(headers, is_json) {
        return Ok(());
    }
    Err(unsupported_media(
        "the body must be application/fhir+json in UTF-8",
    ))
}

/// Refuses bodies that are no form in UTF-8.
pub(crate) fn check_form(headers: &HeaderMap) -> Result<(), Problem> {
    check_coding(headers)?;
    if content_type(headers, |media| {
        media == "application/x-www-form-urlencoded"
    }) {
        return Ok(());
    }
    Err(unsupported_media(
        "the body must be application/x-www-form-urlencoded in UTF-8",
    ))
}

/// Refuses bodies that are packed: they would be read as they came, and called bad JSON (RFC 9110, 8.4 and 15.5.16).
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Ok(());
    }
    Err(unsupported_media(
        "send the body as it is: no Content-Encoding is taken",
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

/// The versions that `If-Match` names, in one line or in several.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Expected>, Problem> {
    const WRONG: Problem =
        Problem::bad("value", "If-Match must be *, or ETags of versions: W/\"n\"");
    let lines = headers.get_all(IF_MATCH).iter().map(HeaderValue::to_str);
    let lines: Vec<&str> = lines.collect::<Result<_, _>>().map_err(|_| WRONG)?;
    if lines.is_empty() {
        return Ok(None);
    }
    expected(&lines.join(",")).map(Some).ok_or(WRONG)
}

/// A star, or a list of ETags (RFC 9110, 13.1.1); those that are none of ours are no version.
pub(crate) fn expected(tags: &str) -> Option<Expected> {
    const MOST: usize = 100;
    if tags.trim() == "*" {
        return Some(Expected::Any);
    }
    let (mut versions, mut count) = (Vec::new(), 0);
    let mut rest = tags.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = opaque.split_once('"')?;
        versions.extend(version(tag));
        count += 1;
        let after = after.trim_start_matches([' ', '\t']);
        if count > MOST || !(after.is_empty() || after.starts_with(',')) {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    (count > 0).then_some(Expected::OneOf(versions))
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
        return Err(not_taken());
    }
    Ok(())
}

/// A precondition that would be passed over: who states one relies on it.
pub(crate) const fn not_taken() -> Problem {
    Problem::bad(
        "not-supported",
        "this interaction does not take that precondition; see metadata",
    )
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
///
/// A version without quotes is no ETag, but what fhirpy sends; to read in vain harms nobody.
pub(crate) fn names(tags: &str, version: Version) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || version_of(tag).or_else(|| self::version(tag)) == Some(version))
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
mod tests;
