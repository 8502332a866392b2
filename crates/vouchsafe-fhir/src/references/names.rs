//! What the entries of a bundle are called by its references (R4, 2.36.4 and 3.1.0.11.2).

use std::borrow::Cow;
use std::collections::HashMap;

use uuid::Uuid;
use vouchsafe::ids::{RecordId, RecordType, Version};

use crate::outcome::Problem;

/// What an entry is, for those that refer to it.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// The record that it is or makes, and the version that it has then, where that is known.
    Record {
        record_type: RecordType,
        id: RecordId,
        version: Option<Version>,
    },
    /// A record that it makes or changes on its own: none that another entry can count on.
    Apart(RecordType, RecordId),
    /// Nothing: it deletes its record, or fails.
    Gone,
}

/// The names of all entries.
#[derive(Default)]
pub(crate) struct Names {
    /// Full URLs.
    names: HashMap<Box<str>, Named>,
    /// What entries might be called beside: `Type/id`, and whether that would be another record than the text says.
    loose: HashMap<Box<str>, bool>,
}

/// What a text means among the entries.
pub(super) enum Meaning {
    /// This record.
    Target(String),
    /// Nothing here.
    Outside,
}

impl Names {
    /// An entry, by its full URL and the id that its resource has with the client.
    pub(crate) fn add(&mut self, full_url: Option<&str>, id: Option<&str>, named: Named) {
        let record = match &named {
            Named::Record {
                record_type, id, ..
            }
            | Named::Apart(record_type, id) => Some((record_type, *id)),
            Named::Gone => None,
        };
        if let Some((record_type, own)) = record {
            let (root, of_url) = full_url.map_or((None, None), |url| (rooted(url), uuid_of(url)));
            let rooted = root.map(|(_, below)| below.to_owned());
            let of_url = of_url.map(|uuid| format!("{record_type}/{uuid}"));
            let of_body = id.map(|id| format!("{record_type}/{id}"));
            let target = format!("{record_type}/{own}");
            for name in [rooted, of_url, of_body].into_iter().flatten() {
                let other = name != target;
                *self.loose.entry(name.into()).or_default() |= other;
            }
        }
        if let Some(url) = full_url {
            self.names.insert(same(url).into(), named);
        }
    }

    /// What a text means in an entry with that full URL.
    ///
    /// # Errors
    /// [`Problem`] for a name that the text must not use.
    pub(super) fn meaning(&self, text: &str, full_url: Option<&str>) -> Result<Meaning, Problem> {
        if self.names.is_empty() {
            return Ok(Meaning::Outside);
        }
        let (bare, versioned) = match text.rsplit_once("/_history/") {
            Some((bare, _)) => (bare, true),
            None => (text, false),
        };
        let rooted = || {
            let (root, _) = full_url.and_then(rooted)?;
            is_relative(bare).then(|| format!("{root}/{bare}"))
        };
        let named = self.names.get(&*same(bare));
        let named = named.or_else(|| self.names.get(&*same(&rooted()?)));
        match named {
            None => Ok(Meaning::Outside),
            Some(Named::Gone) => Err(wrong("it names an entry that leaves no resource")),
            Some(Named::Apart(record_type, id)) => {
                let target = format!("{record_type}/{id}");
                if target == bare {
                    return Ok(Meaning::Outside);
                }
                Err(wrong(
                    "it names another entry by its fullUrl, and entries of a batch cannot refer to one another",
                ))
            }
            Some(Named::Record {
                record_type,
                id,
                version,
            }) => match (versioned, version) {
                (false, _) => Ok(Meaning::Target(format!("{record_type}/{id}"))),
                (true, Some(version)) => {
                    let target = format!("{record_type}/{id}/_history/{version}");
                    Ok(Meaning::Target(target))
                }
                (true, None) => Err(wrong(
                    "it names a version of an entry that is updated; name the resource without the version",
                )),
            },
        }
    }

    /// Whether a relative reference, which means nothing here by itself, may have been meant for an entry.
    pub(super) fn is_loose(&self, text: &str) -> bool {
        let bare = text
            .rsplit_once("/_history/")
            .map_or(text, |(bare, _)| bare);
        self.loose.get(bare).copied().unwrap_or(false)
    }
}

pub(super) const fn wrong(text: &'static str) -> Problem {
    Problem::unprocessable("not-found", text)
}

/// A full URL as it is compared: as text, but a UUID has two spellings.
pub(crate) fn same(url: &str) -> Cow<'_, str> {
    match uuid_of(url) {
        Some(uuid) => format!("urn:uuid:{uuid}").into(),
        None => url.into(),
    }
}

fn uuid_of(url: &str) -> Option<Uuid> {
    const URN: &str = "urn:uuid:";
    let (urn, uuid) = url.split_at_checked(URN.len())?;
    urn.eq_ignore_ascii_case(URN)
        .then(|| Uuid::try_parse(uuid).ok())?
}

/// Whether a text is the name of an entry and nothing else: no server has it for an address.
pub(crate) fn is_urn(text: &str) -> bool {
    ["urn:uuid:", "urn:oid:"].iter().any(|urn| {
        let start = text.get(..urn.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(urn))
    })
}

/// The root of a RESTful URL, and what is below: `Type/id`.
fn rooted(url: &str) -> Option<(&str, &str)> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))?;
    let (before, _) = rest.rsplit_once('/')?;
    let (root, _) = before.rsplit_once('/')?;
    let at = url.len() - rest.len() + root.len();
    let below = url.get(at + 1..).filter(|below| is_relative(below))?;
    Some((url.get(..at)?, below))
}

/// Whether a text is `Type/id`, of whatever server.
fn is_relative(text: &str) -> bool {
    let Some((name, id)) = text.split_once('/') else {
        return false;
    };
    let name_fits = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    name_fits && (1..=64).contains(&id.len()) && id.bytes().all(fits)
}

/// Whether a full URL names one version, which none may.
pub(crate) fn is_versioned(url: &str) -> bool {
    url.contains("/_history/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_what_stands_before_type_and_id() {
        let split = |url| rooted(url);
        assert_eq!(
            split("http://a.example/fhir/Patient/1"),
            Some(("http://a.example/fhir", "Patient/1"))
        );
        assert_eq!(
            split("https://a.example/Patient/1"),
            Some(("https://a.example", "Patient/1"))
        );
        for url in [
            "urn:uuid:x",
            "http://Patient/1",
            "http://a/b/c",
            "Patient/1",
            "http://",
            "http://a/Patient/",
        ] {
            assert_eq!(split(url), None, "{url}");
        }
    }

    #[test]
    fn one_uuid_is_one_name() {
        let upper = "URN:UUID:11111111-1111-4111-8111-11111111111F";
        assert_eq!(same(upper), "urn:uuid:11111111-1111-4111-8111-11111111111f");
        assert_eq!(same("urn:uuid:Doc"), "urn:uuid:Doc");
        assert!(is_urn(upper) && is_urn("urn:oid:1.2") && !is_urn("urn:x:1") && !is_urn("é"));
    }
}
