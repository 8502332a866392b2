//! The `Bundle` that answers a batch or a transaction.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};

use super::{EntryOutcome, Kind};
use crate::headers::{RECEIPT, receipt};
use crate::outcome::FHIR_JSON;
use crate::resource::instant;

/// The response: entry by entry, with the proof of the first that was logged.
pub(crate) fn response(kind: Kind, outcomes: Vec<EntryOutcome>) -> Response<Bytes> {
    let proof = outcomes.iter().find_map(|outcome| outcome.proof.clone());
    let mut out = Vec::with_capacity(128 + outcomes.len() * 256);
    out.extend_from_slice(match kind {
        Kind::Batch => b"{\"resourceType\":\"Bundle\",\"type\":\"batch-response\"".as_slice(),
        Kind::Transaction => b"{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\"",
    });
    let mut opening: &[u8] = b",\"entry\":[";
    for outcome in outcomes {
        out.extend_from_slice(opening);
        opening = b",";
        entry(outcome, &mut out);
    }
    out.extend_from_slice(if opening == b"," { b"]}" } else { b"}" });
    let mut response = Response::new(Bytes::from(out));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    if let Some(proof) = &proof {
        headers.insert(RECEIPT, receipt(proof));
    }
    response
}

fn entry(outcome: EntryOutcome, out: &mut Vec<u8>) {
    let mut members = serde_json::Map::new();
    members.insert("status".into(), outcome.status.as_str().into());
    if let Some((record_type, id, version, time)) = &outcome.record {
        if outcome.located {
            let location = format!("{record_type}/{id}/_history/{version}");
            members.insert("location".into(), location.into());
        }
        members.insert("etag".into(), format!("W/\"{version}\"").into());
        members.insert("lastModified".into(), instant(*time).into());
    }
    if let Some(problem) = &outcome.problem {
        members.insert("outcome".into(), problem.body());
    }
    out.push(b'{');
    if let Some(resource) = outcome.resource {
        out.extend_from_slice(b"\"resource\":");
        out.extend_from_slice(&resource);
        out.push(b',');
    }
    out.extend_from_slice(b"\"response\":");
    out.extend_from_slice(serde_json::Value::Object(members).to_string().as_bytes());
    out.push(b'}');
}
