//! Routes: a method and a template of a path; those that a service says that it has.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An id that nobody has.
const NOBODY: &str = "6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11";
/// A service has fewer types.
const MOST_TYPES: usize = 300;

/// The methods by which something can be read or changed.
pub(super) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A route: `GET /patients/{id}`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: String,
}

impl Route {
    pub(super) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
        }
    }

    /// The path with a value in the place of each parameter.
    pub(super) fn filled(&self, values: &BTreeMap<String, String>) -> String {
        let mut out = String::new();
        let mut rest = self.path.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            out.push_str(before);
            out.push_str(values.get(name).map_or(NOBODY, String::as_str));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no route: METHOD /path/{{parameter}} is");
        let (method, path) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let known = METHODS.into_iter().find(|known| *known == method);
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let path = path.trim();
        if !path.starts_with('/') || path.starts_with("//") || !path.bytes().all(plain) {
            return Err(wrong());
        }
        Ok(Self::new(known.ok_or_else(wrong)?, path))
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a service says of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Declared {
    pub(super) routes: Vec<Route>,
    pub(super) public: Vec<Route>,
    pub(super) control: Option<Route>,
}

/// The routes of a `CapabilityStatement` of FHIR below a base, and those that every Vouchsafe has beside them.
///
/// None when it is no such statement, or says nothing of a server.
pub(super) fn declared(statement: &Value, base: &str) -> Option<Declared> {
    if statement.get("resourceType")?.as_str()? != "CapabilityStatement" {
        return None;
    }
    let server = statement.get("rest")?.as_array()?.first()?;
    let mut routes = Vec::new();
    let types = server.get("resource").and_then(Value::as_array);
    for one in types.into_iter().flatten().take(MOST_TYPES) {
        let name = one.get("type").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        for code in codes(one) {
            routes.extend(of_type(code, &format!("{base}/{name}")));
        }
    }
    for code in codes(server) {
        match code {
            "transaction" | "batch" => routes.push(Route::new("POST", base)),
            "search-system" => routes.push(Route::new("GET", base)),
            "history-system" => routes.push(Route::new("GET", format!("{base}/_history"))),
            _ => {}
        }
    }
    if routes.is_empty() {
        return None;
    }
    let mut declared = Declared {
        routes,
        public: vec![Route::new("GET", format!("{base}/metadata"))],
        control: None,
    };
    let software = statement.pointer("/software/name").and_then(Value::as_str);
    if software == Some("Vouchsafe") {
        declared.add_ours();
    }
    Some(declared)
}

impl Declared {
    /// What every Vouchsafe has beside FHIR.
    fn add_ours(&mut self) {
        let control = Route::new("GET", "/auth/me");
        self.routes
            .extend([control.clone(), Route::new("POST", "/auth/sign-out")]);
        self.control = Some(control);
        self.public.extend([
            Route::new("GET", "/.well-known/jwks.json"),
            Route::new("POST", "/auth/sign-in"),
            Route::new("POST", "/auth/enrolment"),
            Route::new("GET", "/auth/enrol"),
            Route::new("POST", "/auth/enrol"),
            Route::new("GET", "/auth/enrol.css"),
            Route::new("GET", "/auth/enrol.js"),
            Route::new("GET", "/auth/qr.js"),
        ]);
    }
}

fn codes(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.get("interaction").and_then(Value::as_array);
    let codes = list.into_iter().flatten();
    codes.filter_map(|one| one.get("code").and_then(Value::as_str))
}

/// The routes of an interaction (<https://hl7.org/fhir/R4/http.html>).
fn of_type(code: &str, path: &str) -> Vec<Route> {
    let one = format!("{path}/{{id}}");
    match code {
        "read" => vec![Route::new("GET", one)],
        "vread" => vec![Route::new("GET", format!("{one}/_history/{{version}}"))],
        "update" => vec![Route::new("PUT", one)],
        "patch" => vec![Route::new("PATCH", one)],
        "delete" => vec![Route::new("DELETE", one)],
        "history-instance" => vec![Route::new("GET", format!("{one}/_history"))],
        "history-type" => vec![Route::new("GET", format!("{path}/_history"))],
        "create" => vec![Route::new("POST", path)],
        "search-type" => vec![
            Route::new("GET", path),
            Route::new("POST", format!("{path}/_search")),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_is_a_method_and_a_path() {
        let route: Route = "PUT /a/{id}/b/{v}".parse().unwrap();
        let values = BTreeMap::from([("v".to_owned(), "7".to_owned())]);
        assert_eq!(route.filled(&values), format!("/a/{NOBODY}/b/7"));
        for wrong in [
            "/a",
            "GET a",
            "GET //evil.example/a",
            "BREW /a",
            "GET /a b",
            "",
        ] {
            wrong.parse::<Route>().unwrap_err();
        }
    }

    #[test]
    fn a_statement_names_every_route_of_its_interactions() {
        let statement = json!({"resourceType": "CapabilityStatement", "software": {"name": "Vouchsafe"}, "rest": [{
            "resource": [{"type": "Patient", "interaction": [{"code": "read"}, {"code": "search-type"}, {"code": "odd"}]},
                {"type": "../x", "interaction": [{"code": "read"}]}],
            "interaction": [{"code": "batch"}]}]});
        let found = declared(&statement, "/fhir/R4").unwrap();
        let routes: Vec<_> = found.routes.iter().map(ToString::to_string).collect();
        assert_eq!(
            routes,
            [
                "GET /fhir/R4/Patient/{id}",
                "GET /fhir/R4/Patient",
                "POST /fhir/R4/Patient/_search",
                "POST /fhir/R4",
                "GET /auth/me",
                "POST /auth/sign-out"
            ]
        );
        assert_eq!(found.control.unwrap().to_string(), "GET /auth/me");
        assert_eq!(declared(&json!({"resourceType": "Patient"}), ""), None);
        assert_eq!(
            declared(
                &json!({"resourceType": "CapabilityStatement", "rest": [{}]}),
                ""
            ),
            None
        );
    }
}
