//! What this server can do, from the pack that it runs on.

use serde_json::{Value, json};
use vouchsafe_records::pack::{Pack, SearchKind};

/// The `CapabilityStatement` (<https://hl7.org/fhir/R4/capabilitystatement.html>).
#[must_use]
pub fn capability_statement(pack: &Pack, base: &str, date: jiff::Timestamp) -> Value {
    let resources: Vec<Value> = pack
        .types()
        .map(|declared| {
            let params: Vec<Value> = declared
                .search_params()
                .iter()
                .map(|param| json!({"name": param.name, "type": kind(param.kind)}))
                .chain([json!({"name": "_lastUpdated", "type": "date"})])
                .collect();
            json!({
                "type": declared.record_type().as_str(),
                "interaction": [
                    {"code": "read"}, {"code": "vread"}, {"code": "create"},
                    {"code": "update"}, {"code": "delete"}, {"code": "search-type"},
                ],
                "versioning": "versioned",
                "readHistory": true,
                "updateCreate": true,
                "conditionalCreate": true,
                "conditionalRead": "not-match",
                "conditionalUpdate": false,
                "conditionalDelete": "not-supported",
                "referencePolicy": ["literal", "logical"],
                "searchParam": params,
            })
        })
        .collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": crate::resource::instant(date),
        "kind": "instance",
        "software": {"name": "Vouchsafe", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Vouchsafe FHIR R4 service", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "service": [{"text": "Bearer access token (RFC 9068), from /auth/sign-in"}],
                "description": "Every access is decided per data class and recorded in an append-only log; the header Vouchsafe-Receipt names the entry.",
            },
            "resource": resources,
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
        }],
    })
}

const fn kind(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Token => "token",
        SearchKind::Reference => "reference",
        SearchKind::Date => "date",
        SearchKind::String => "string",
    }
}
