//! Searches and their `Bundle`.

use serde_json::{Value, json};
use vouchsafe::document::Node;
use vouchsafe::ids::RecordType;
use vouchsafe_records::engine::{Failure, Page, Search};
use vouchsafe_records::pack::Pack;

use crate::outcome::words::is_parameter;
use crate::outcome::{Problem, issue};
use crate::query::{self, Params};
use crate::references::relative_params;
use crate::resource::{ServerSet, instant};

/// Resources of a page, when the caller does not say.
const DEFAULT_COUNT: usize = 50;
/// Resources of a page, at most.
const MAX_COUNT: usize = 500;
/// Modifiers that may stand in a link to oneself.
const MODIFIERS: [&str; 6] = ["exact", "contains", "missing", "not", "identifier", "text"];
/// Parameters of all types that the engine serves; no others begin so.
const SERVED: [&str; 3] = ["_id", "_lastUpdated", "_sort"];

/// A search as it was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) search: Search,
    /// Whether the caller wants no total.
    without_total: bool,
    /// Parameters that were passed over.
    passed_over: Vec<String>,
}

/// Takes the parameters out that say how the result is given, and keeps those that filter or sort.
pub(crate) fn parse(
    record_type: RecordType,
    params: Params,
    lenient: bool,
) -> Result<Asked, Problem> {
    let mut asked = Asked {
        search: Search {
            record_type,
            params: Vec::new(),
            count: DEFAULT_COUNT,
            cursor: None,
            total: false,
            lenient,
        },
        without_total: false,
        passed_over: Vec::new(),
    };
    let mut counts_only = false;
    for (name, value) in params {
        match (name.as_str(), value.as_str()) {
            ("_count", number) => asked.search.count = count(number)?,
            ("_cursor", _) => asked.search.cursor = Some(value),
            ("_summary", "count") => counts_only = true,
            ("_summary", "false") => {}
            ("_summary", "true" | "text" | "data") => asked.unserved(name)?,
            ("_total", "none") => asked.without_total = true,
            // `_totalMethod` is what some clients say for it. The true number is the best estimate of it.
            ("_total" | "_totalMethod", "accurate" | "estimate" | "count") => {
                asked.search.total = true;
            }
            ("_summary" | "_total" | "_totalMethod", _) => return Err(wrong(&name)),
            _ => {
                let base = name.split_once(':').map_or(name.as_str(), |(base, _)| base);
                if base.starts_with('_') && !SERVED.contains(&base) {
                    asked.unserved(base.to_owned())?;
                } else {
                    asked.search.params.push((name, value));
                }
            }
        }
    }
    if counts_only {
        asked.search.count = 0;
    }
    if asked.search.cursor.is_some() && !asked.search.params.is_empty() {
        // The cursor holds the search that it goes on with; others would be passed over.
        return Err(Problem::bad(
            "invalid",
            "a page link takes no search parameters",
        ));
    }
    Ok(asked)
}

fn count(text: &str) -> Result<usize, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<usize>() {
        Ok(count) if digits => Ok(count.min(MAX_COUNT)),
        // More digits than a number of ours has.
        Err(_) if digits => Ok(MAX_COUNT),
        _ => Err(wrong("_count")),
    }
}

fn wrong(name: &str) -> Problem {
    Problem::from(&Failure::BadParam(name.to_owned()))
}

impl Asked {
    /// Makes references to this server relative.
    pub(crate) fn make_relative(&mut self, base: &str, pack: &Pack) {
        let declared = pack.record_type(self.search.record_type.as_str());
        relative_params(
            base,
            declared.map(|declared| &**declared),
            &mut self.search.params,
        );
    }

    fn unserved(&mut self, name: String) -> Result<(), Problem> {
        if self.search.lenient {
            self.passed_over.push(name);
            return Ok(());
        }
        Err(Problem::from(&Failure::Unsupported(name)))
    }

    /// The names of the parameters, for the link of the search to itself: no values, which may be
    /// PHI, and no names but ours, since a caller's slip may put a value there.
    fn names<'a>(&'a self, pack: &'a Pack) -> impl Iterator<Item = &'a str> {
        self.search
            .params
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| {
                let (base, modifier) = name
                    .split_once(':')
                    .map_or((*name, None), |(base, modifier)| (base, Some(modifier)));
                let known = |modifier: &str| {
                    MODIFIERS.contains(&modifier) || pack.record_type(modifier).is_some()
                };
                is_parameter(base) && modifier.is_none_or(known)
            })
    }

    /// The `Bundle` of a page.
    pub(crate) fn bundle(
        &self,
        base: &str,
        pack: &Pack,
        page: Page,
        now: jiff::Timestamp,
    ) -> Vec<u8> {
        let record_type = &self.search.record_type;
        let at = if base.is_empty() {
            String::new()
        } else {
            format!("{base}/")
        };
        let mut out = Vec::with_capacity(512 + page.items.len() * 2048);
        out.extend_from_slice(
            b"{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"timestamp\":",
        );
        string(&instant(now), &mut out);
        if let Some(total) = page.total.filter(|_| !self.without_total) {
            out.extend_from_slice(format!(",\"total\":{total}").as_bytes());
        }
        let count = self.search.count;
        let mut own = format!("{at}{record_type}?_count={count}");
        for name in self.names(pack) {
            own.push('&');
            own.push_str(&query::encode(name));
            own.push('=');
        }
        out.extend_from_slice(b",\"link\":[");
        link("self", &own, &mut out);
        if let Some(cursor) = &page.next {
            out.push(b',');
            let cursor = query::encode(cursor);
            link(
                "next",
                &format!("{at}{record_type}?_count={count}&_cursor={cursor}"),
                &mut out,
            );
        }
        out.push(b']');
        let warnings = self.warnings(&page.unsupported, page.uncounted);
        let mut opening: &[u8] = b",\"entry\":[";
        for released in page.items {
            out.extend_from_slice(opening);
            opening = b",";
            out.extend_from_slice(b"{\"fullUrl\":");
            string(&format!("{at}{record_type}/{}", released.id), &mut out);
            out.extend_from_slice(b",\"resource\":");
            ServerSet::of(&released).write(released.document, &mut out);
            out.extend_from_slice(b",\"search\":{\"mode\":\"match\"}}");
        }
        if let Some(warnings) = warnings {
            out.extend_from_slice(opening);
            opening = b",";
            let entry = json!({"resource": warnings, "search": {"mode": "outcome"}});
            out.extend_from_slice(entry.to_string().as_bytes());
        }
        out.extend_from_slice(if opening == b"," { b"]}" } else { b"}" });
        out
    }

    /// What was passed over, and whether the total that was asked for is not known; the name of each parameter only if it is
    /// ours.
    fn warnings(&self, unsupported: &[String], uncounted: bool) -> Option<Value> {
        let names = self.passed_over.iter().chain(unsupported);
        let mut paths: Vec<Option<String>> = names
            .map(|name| is_parameter(name).then(|| format!("http.{name}")))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        let text = "a search parameter is not supported here and was passed over";
        let mut issues: Vec<Value> = paths
            .iter()
            .map(|path| issue("warning", "not-supported", text, path.as_deref()))
            .collect();
        if uncounted && !self.without_total {
            let text =
                "there are more resources than are counted for one search; the total is not known";
            issues.push(issue("warning", "too-costly", text, Some("http._total")));
        }
        if issues.is_empty() {
            return None;
        }
        Some(json!({"resourceType": "OperationOutcome", "issue": issues}))
    }
}

fn link(relation: &str, url: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"relation\":");
    string(relation, out);
    out.extend_from_slice(b",\"url\":");
    string(url, out);
    out.push(b'}');
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(Node::string(text).to_json().as_bytes());
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use vouchsafe_records::engine::Proof;

    use super::*;

    fn patient() -> RecordType {
        "Patient".parse().unwrap()
    }

    fn asked(text: &str, lenient: bool) -> Result<Asked, Problem> {
        parse(patient(), query::decode(text).unwrap(), lenient)
    }

    fn page(next: Option<&str>, total: Option<u64>, unsupported: &[&str]) -> Page {
        Page {
            items: Vec::new(),
            next: next.map(str::to_owned),
            total,
            uncounted: false,
            unsupported: unsupported.iter().map(|name| (*name).to_owned()).collect(),
            proof: Proof {
                origin: "log".into(),
                index: 0,
                leaf: [0; 32],
                recorded: jiff::Timestamp::UNIX_EPOCH,
            },
        }
    }

    fn bundle(asked: &Asked, page: Page) -> Value {
        let pack = crate::pack().unwrap();
        let bytes = asked.bundle(
            "https://host/fhir/R4",
            &pack,
            page,
            jiff::Timestamp::UNIX_EPOCH,
        );
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn filters_go_to_the_engine_and_the_rest_stays_here() {
        let asked = asked(
            "family=Smith&_count=7&_sort=_id&_total=accurate&_lastUpdated=gt2020",
            false,
        );
        let asked = asked.unwrap();
        let names: Vec<_> = asked
            .search
            .params
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["family", "_sort", "_lastUpdated"]);
        assert_eq!(asked.search.count, 7);
    }

    #[test]
    fn counting_is_asked_for_in_three_ways() {
        for text in [
            "_summary=count",
            "_count=0",
            "_count=0&_totalMethod=count",
            "_summary=count&_count=9",
        ] {
            assert_eq!(asked(text, false).unwrap().search.count, 0, "{text}");
        }
        assert_eq!(asked("", false).unwrap().search.count, DEFAULT_COUNT);
        for text in ["_count=501", "_count=99999999999999999999999"] {
            assert_eq!(
                asked(text, false).unwrap().search.count,
                MAX_COUNT,
                "{text}"
            );
        }
        for text in [
            "_count=",
            "_count=-1",
            "_count=+1",
            "_count=x",
            "_total=x",
            "_summary=x",
        ] {
            assert_eq!(
                asked(text, true).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_served_is_refused_or_reported() {
        for (text, name) in [
            ("_include=Patient:link", "_include"),
            ("_include:iterate=Patient:link", "_include"),
            ("_has:Observation:patient:code=1", "_has"),
            ("_elements=id", "_elements"),
            ("_tag=x", "_tag"),
            ("_summary=true", "_summary"),
        ] {
            let refused = asked(text, false).unwrap_err();
            assert_eq!(refused.code, "not-supported");
            let asked = asked(text, true).unwrap();
            let bundle = bundle(&asked, page(None, None, &[]));
            assert_eq!(bundle["entry"][0]["search"]["mode"], "outcome");
            let issue = &bundle["entry"][0]["resource"]["issue"][0];
            assert_eq!(issue["severity"], "warning");
            assert_eq!(issue["expression"][0], format!("http.{name}"));
        }
    }

    #[test]
    fn a_page_link_stands_alone() {
        assert!(asked("_cursor=abc&_count=5&_format=json", false).is_err());
        assert!(asked("_cursor=abc&_count=5", false).is_ok());
        assert!(asked("_cursor=abc&family=Smith", false).is_err());
    }

    #[test]
    fn links_hold_no_value_and_no_name_that_is_not_ours() {
        let asked = asked(
            "family:exact=Smith&Smith=1&given:Smith=x&birthdate=2001-02-03",
            true,
        )
        .unwrap();
        let bundle = bundle(&asked, page(Some("c/+"), Some(3), &["Smith", "?", "?"]));
        let text = bundle.to_string();
        assert!(!text.contains("Smith") && !text.contains("2001"), "{text}");
        assert_eq!(
            bundle["link"][0]["url"],
            "https://host/fhir/R4/Patient?_count=50&family%3Aexact=&birthdate="
        );
        assert_eq!(
            bundle["link"][1]["url"],
            "https://host/fhir/R4/Patient?_count=50&_cursor=c%2F%2B"
        );
        assert_eq!(bundle["total"], 3);
        assert_eq!(bundle["entry"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            bundle["entry"][0]["resource"]["issue"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    }

    #[test]
    fn a_total_that_is_not_known_is_said_to_be_so() {
        for (query, said) in [("_total=accurate", true), ("_total=none", false)] {
            let uncounted = Page {
                uncounted: true,
                ..page(Some("c"), None, &[])
            };
            let bundle = bundle(&asked(query, false).unwrap(), uncounted);
            assert!(bundle.get("total").is_none());
            let outcome = &bundle["entry"][0];
            assert_eq!(outcome["search"]["mode"] == "outcome", said, "{query}");
            let path = &outcome["resource"]["issue"][0]["expression"][0];
            assert_eq!(path == "http._total", said);
        }
    }

    #[test]
    fn an_empty_page_has_no_entries() {
        let empty = bundle(&asked("", false).unwrap(), page(None, None, &[]));
        assert!(empty.get("entry").is_none() && empty.get("total").is_none());
        let none = asked("_total=none", false).unwrap();
        assert!(
            bundle(&none, page(None, Some(3), &[]))
                .get("total")
                .is_none()
        );
    }
}
