//! Reading a bundle: its resources are moved out of the tree, not copied.

use std::collections::HashSet;

use http::StatusCode;
use vouchsafe::document::{Document, Node, Object};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::Expected;

use super::{
    BundleError, BundleRequest, Entry, EntryVerb, Kind, MAX_BODY_BYTES, MAX_ENTRIES, Resource,
};
use crate::headers::{self, check_accept};
use crate::outcome::Problem;
use crate::query::{self, Params};
use crate::references::{is_urn, is_versioned, same};
use crate::resource::{check_id, check_type, id_of, parse, strip, type_of};
use crate::searchset;

/// Entries of a bundle that read or search, at most: what they find is answered at once.
const MAX_LOOKS: usize = 500;

/// Reads a batch or a transaction.
///
/// # Errors
/// [`BundleError`], with the entry that is malformed; in a batch such an entry fails alone, later.
pub fn parse_bundle(bytes: &[u8]) -> Result<BundleRequest, BundleError> {
    if bytes.len() > MAX_BODY_BYTES {
        return Err(BundleError::whole(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-long",
            "a body has at most 16 MiB",
        )));
    }
    from_document(parse(bytes).map_err(BundleError::whole)?)
}

impl BundleRequest {
    /// The transaction that writes these resources: each as the record of its id, or as a new one.
    ///
    /// # Errors
    /// [`BundleError`], with the resource that is not of its type or id.
    pub fn writing(resources: impl IntoIterator<Item = Resource>) -> Result<Self, BundleError> {
        let entry = |(place, resource): (usize, Resource)| {
            let Resource {
                record_type,
                id,
                document,
            } = resource;
            let verb = match id {
                Some(id) => updating((record_type, id), document, None),
                None => creating(record_type, document, None),
            };
            let verb = verb.map_err(|problem| BundleError::at(place, problem))?;
            Ok(Entry {
                full_url: None,
                verb,
            })
        };
        let entries = resources.into_iter().enumerate().map(entry);
        Ok(Self {
            kind: Kind::Transaction,
            entries: entries.collect::<Result<_, BundleError>>()?,
        })
    }
}

fn from_document(document: Document) -> Result<BundleRequest, BundleError> {
    let (kind, items) = opened(document)?;
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let full_url = item
            .get("fullUrl")
            .and_then(Node::as_str)
            .map(str::to_owned);
        let entry = match (read(item, &mut seen), kind) {
            (Ok(entry), _) => entry,
            (Err(problem), Kind::Transaction) => return Err(BundleError::at(place, problem)),
            (Err(problem), Kind::Batch) => Entry {
                full_url,
                verb: EntryVerb::Malformed(problem),
            },
        };
        entries.push(entry);
    }
    for (place, entry) in entries.iter_mut().enumerate() {
        if asks_by_name(&entry.verb, &seen) {
            let problem = Problem::unprocessable(
                "not-supported",
                "a search cannot name an entry of the Bundle by its fullUrl",
            );
            let problem = problem.at("request.url");
            if kind == Kind::Transaction {
                return Err(BundleError::at(place, problem));
            }
            entry.verb = EntryVerb::Malformed(problem);
        }
    }
    let looks =
        |entry: &&Entry| matches!(entry.verb, EntryVerb::Read { .. } | EntryVerb::Search(_));
    if entries.iter().filter(looks).count() > MAX_LOOKS {
        return Err(BundleError::whole(Problem::bad(
            "too-costly",
            "a Bundle may have at most 500 GET entries",
        )));
    }
    Ok(BundleRequest { kind, entries })
}

/// What kind of bundle it is, and its entries.
fn opened(mut document: Document) -> Result<(Kind, Vec<Node>), BundleError> {
    let malformed = |code, text, path: &str| BundleError::whole(Problem::bad(code, text).at(path));
    let root = document
        .root_mut()
        .as_object_mut()
        .filter(|root| text(root, "resourceType") == Some("Bundle"))
        .ok_or_else(|| malformed("invalid", "the body is not a Bundle", "Bundle"))?;
    let kind = match text(root, "type") {
        Some("transaction") => Kind::Transaction,
        Some("batch") => Kind::Batch,
        _ => {
            let text = "only a batch or transaction is taken";
            return Err(malformed("value", text, "Bundle.type"));
        }
    };
    let items = match root.remove("entry") {
        Some(Node::Array(items)) => items,
        None => Vec::new(),
        Some(_) => {
            let text = "entry must be an array";
            return Err(malformed("structure", text, "Bundle.entry"));
        }
    };
    if items.len() > MAX_ENTRIES {
        return Err(BundleError::whole(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-costly",
            "a Bundle may have at most 5000 entries",
        )));
    }
    Ok((kind, items))
}

/// Whether a search looks for an entry by a name that no server has for an address: it would find nothing.
fn asks_by_name(verb: &EntryVerb, names: &HashSet<String>) -> bool {
    let EntryVerb::Search(asked) = verb else {
        return false;
    };
    let named = |value: &str| is_urn(value) && names.contains(&*same(value));
    let mut params = asked.search.params.iter();
    params.any(|(_, value)| value.split(',').any(named))
}

fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Node::as_str)
}

fn read(mut item: Node, seen: &mut HashSet<String>) -> Result<Entry, Problem> {
    let structure = |text| Problem::bad("structure", text);
    let item = item
        .as_object_mut()
        .ok_or_else(|| structure("an entry must be an object"))?;
    let Some(Node::Object(request)) = item.remove("request") else {
        return Err(Problem::bad("required", "an entry must have a request").at("request"));
    };
    let resource = match item.remove("resource") {
        Some(node) => Some(
            Document::from_node(node)
                .map_err(|_| structure("a resource must be an object").at("resource"))?,
        ),
        None => None,
    };
    let full_url = match item.remove("fullUrl") {
        None => None,
        Some(Node::String(url)) => Some(String::from(url)),
        Some(_) => return Err(structure("a fullUrl must be a string").at("fullUrl")),
    };
    if let Some(url) = &full_url {
        if is_versioned(url) {
            return Err(Problem::bad("value", "a fullUrl names no version").at("fullUrl"));
        }
        // One full URL, one entry: or a reference to it would mean either.
        if !seen.insert(same(url).into_owned()) {
            return Err(Problem::bad("duplicate", "two entries have this fullUrl").at("fullUrl"));
        }
    }
    Ok(Entry {
        verb: verb(&request, resource)?,
        full_url,
    })
}

fn verb(request: &Object, resource: Option<Document>) -> Result<EntryVerb, Problem> {
    let url = text(request, "url")
        .ok_or_else(|| Problem::bad("required", "request.url is missing").at("request.url"))?;
    let (path, query) = match url.trim_start_matches('/').split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (url.trim_start_matches('/'), None),
    };
    let alone = || match query {
        None => Ok(()),
        Some(_) => Err(at_url(
            "not-supported",
            "conditional updates and deletes are not served",
        )),
    };
    let method = text(request, "method");
    heeded(request, method)?;
    match method {
        Some("POST") => create(path, query, request, resource),
        Some("PUT") => alone().and_then(|()| update(path, request, resource)),
        Some("DELETE") => {
            alone()?;
            let (record_type, id) = address(path)?;
            Ok(EntryVerb::Delete {
                record_type,
                id,
                if_match: if_match(request)?,
            })
        }
        Some("GET") => get(path, query, request),
        _ => Err(Problem::bad(
            "not-supported",
            "request.method must be GET, POST, PUT or DELETE",
        )
        .at("request.method")),
    }
}

/// Refuses the preconditions that an entry's method does not take.
fn heeded(request: &Object, method: Option<&str>) -> Result<(), Problem> {
    let taken = match method {
        Some("POST") => "ifNoneExist",
        Some("PUT" | "DELETE") => "ifMatch",
        // What a read is spared by them is its own affair.
        _ => return Ok(()),
    };
    for (name, path) in [
        ("ifMatch", "request.ifMatch"),
        ("ifNoneMatch", "request.ifNoneMatch"),
        ("ifModifiedSince", "request.ifModifiedSince"),
        ("ifNoneExist", "request.ifNoneExist"),
    ] {
        if name != taken && request.get(name).is_some() {
            return Err(headers::not_taken().at(path));
        }
    }
    Ok(())
}

fn create(
    path: &str,
    query: Option<&str>,
    request: &Object,
    resource: Option<Document>,
) -> Result<EntryVerb, Problem> {
    let record_type = type_of(path).map_err(|problem| problem.at("request.url"))?;
    let condition = match (request.get("ifNoneExist"), query) {
        (None, None) => None,
        (Some(Node::String(text)), None) => {
            let condition = query::condition_on(&record_type, text);
            Some(condition.map_err(|problem| problem.at("request.ifNoneExist"))?)
        }
        // The query form, as with a create alone.
        (None, Some(query)) => {
            let condition = query::condition(query);
            Some(condition.map_err(|problem| problem.at("request.url"))?)
        }
        (Some(_), _) => {
            return Err(
                Problem::bad("value", "ifNoneExist must be one query, said once")
                    .at("request.ifNoneExist"),
            );
        }
    };
    let document = resource.ok_or_else(missing)?;
    creating(record_type, document, condition)
}

fn creating(
    record_type: RecordType,
    mut document: Document,
    condition: Option<Params>,
) -> Result<EntryVerb, Problem> {
    check_type(&document, &record_type).map_err(of_resource)?;
    let own_id = match strip(&mut document) {
        Some(Node::String(id)) => Some(id),
        _ => None,
    };
    Ok(EntryVerb::Create {
        record_type,
        document,
        condition,
        own_id,
    })
}

fn update(path: &str, request: &Object, resource: Option<Document>) -> Result<EntryVerb, Problem> {
    let address = address(path)?;
    let document = resource.ok_or_else(missing)?;
    updating(address, document, if_match(request)?)
}

fn updating(
    (record_type, id): (RecordType, RecordId),
    mut document: Document,
    if_match: Option<Expected>,
) -> Result<EntryVerb, Problem> {
    check_type(&document, &record_type).map_err(of_resource)?;
    check_id(strip(&mut document).as_ref(), id).map_err(of_resource)?;
    Ok(EntryVerb::Update {
        record_type,
        id,
        document,
        if_match,
    })
}

fn get(path: &str, query: Option<&str>, request: &Object) -> Result<EntryVerb, Problem> {
    let mut params = query::decode(query.unwrap_or_default())?;
    if let Some(format) = query::take_format(&mut params) {
        check_accept(&http::HeaderMap::new(), Some(&format))
            .map_err(|problem| problem.at("request.url"))?;
    }
    if !path.contains('/') {
        let record_type = type_of(path).map_err(|problem| problem.at("request.url"))?;
        return searchset::parse(record_type, params, false)
            .map(|asked| EntryVerb::Search(Box::new(asked)));
    }
    if !params.is_empty() {
        return Err(at_url("not-supported", "a read takes no parameters"));
    }
    let (path, version) = match path.split_once("/_history/") {
        None => (path, None),
        Some((path, version)) => (
            path,
            Some(headers::version(version).ok_or_else(Problem::not_found)?),
        ),
    };
    let (record_type, id) = address(path)?;
    Ok(EntryVerb::Read {
        record_type,
        id,
        version,
        none_match: text(request, "ifNoneMatch").map(str::to_owned),
    })
}

fn missing() -> Problem {
    Problem::bad("required", "the entry has no resource").at("resource")
}

fn of_resource(problem: Problem) -> Problem {
    problem.at("resource")
}

fn at_url(code: &'static str, text: &'static str) -> Problem {
    Problem::bad(code, text).at("request.url")
}

fn address(path: &str) -> Result<(RecordType, RecordId), Problem> {
    let (name, id) = path
        .split_once('/')
        .ok_or_else(|| at_url("value", "request.url must be Type/id"))?;
    if id.split('/').any(|step| step.starts_with(['_', '$'])) {
        return Err(Problem::not_served().at("request.url"));
    }
    let address = type_of(name).and_then(|record_type| Ok((record_type, id_of(id)?)));
    address.map_err(|problem| problem.at("request.url"))
}

fn if_match(request: &Object) -> Result<Option<Expected>, Problem> {
    match request.get("ifMatch") {
        None => Ok(None),
        Some(tags) => {
            let expected = tags.as_str().and_then(headers::expected);
            let wrong =
                || Problem::bad("value", "ifMatch must be *, or ETags of versions: W/\"n\"");
            expected
                .map(Some)
                .ok_or_else(|| wrong().at("request.ifMatch"))
        }
    }
}

#[cfg(test)]
mod tests;
