//! Searches: GET, POST, pages, what is not served.

use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::service::{BASE, CANARY, Service, observation, on_both};

on_both!(
    commas_are_alternatives,
    a_patient_is_found_by_what_is_indexed,
    a_form_searches_as_a_query_does,
    pages_follow_their_links,
    counting_shows_no_resource,
    what_is_not_served_is_refused_or_reported,
);

pub(crate) fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let id = |entry: &Value| entry["resource"]["id"].as_str().map(str::to_owned);
    entries.iter().filter_map(id).collect()
}

/// The query of a link of a page, if it is there.
pub(crate) fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let link = links.iter().find(|link| link["relation"] == relation)?;
    Some(link["url"].as_str()?.strip_prefix(BASE)?.to_owned())
}

async fn a_patient_is_found_by_what_is_indexed(service: &Service) {
    let caller = service.integration();
    let id = service.patient(CANARY).await;
    service.patient("Other").await;
    for query in [
        format!("family={CANARY}"),
        format!("identifier=urn:mrn|mrn-{CANARY}"),
        format!("identifier=urn:mrn%7Cmrn-{CANARY}&birthdate=1970-02-03"),
        format!("_id={id}"),
    ] {
        let page = service
            .get(&caller, &format!("Patient?{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(ids(&page), [id.as_str()], "{query}");
        assert_eq!(
            (&page["type"], &page["total"]),
            (&"searchset".into(), &1.into())
        );
        let entry = &page["entry"][0];
        assert_eq!(entry["fullUrl"], format!("{BASE}/Patient/{id}"));
        assert_eq!(entry["search"]["mode"], "match");
        let own = link(&page, "self").unwrap();
        assert!(!own.contains(CANARY) && !own.contains("1970"), "{own}");
    }
    let none = service
        .get(&caller, "Patient?family=Nobody")
        .await
        .expect(200)
        .json();
    assert!(none.get("entry").is_none());
    assert_eq!(none["total"], 0);
}

async fn a_form_searches_as_a_query_does(service: &Service) {
    let caller = service.integration();
    let id = service.patient(CANARY).await;
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert("content-type", form);
    let body = format!("family={CANARY}&_count=3");
    let page = service
        .raw(
            &caller,
            "POST Patient/_search",
            &headers,
            body.clone().into(),
        )
        .await;
    let page = page.expect(200).json();
    assert_eq!(ids(&page), [id]);
    assert!(
        link(&page, "self")
            .unwrap()
            .starts_with("/Patient?_count=3&family=")
    );
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let refused = service
        .raw(&caller, "POST Patient/_search", &headers, body.into())
        .await;
    assert_eq!(refused.error().0, 415);
}

async fn pages_follow_their_links(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    let reference = format!("Patient/{patient}");
    for _ in 0..5 {
        let body = observation(&reference);
        service
            .send(&caller, "POST Observation", &body)
            .await
            .expect(201);
    }
    let mut address = format!("Observation?patient={patient}&_count=2");
    let mut seen = Vec::new();
    for _ in 0..9 {
        let page = service.get(&caller, &address).await.expect(200).json();
        seen.extend(ids(&page));
        match link(&page, "next") {
            Some(next) => {
                assert!(!next.contains(&patient), "{next}");
                address = next.trim_start_matches('/').to_owned();
            }
            None => break,
        }
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
    // A page link is the caller's own.
    let other = service.integration();
    if address.contains("_cursor") {
        assert_eq!(
            service.get(&other, &address).await.error(),
            (400, "expired".to_owned())
        );
    }
    let full = format!("Observation?subject={BASE}/Patient/{patient}");
    let page = service.get(&caller, &full).await.expect(200).json();
    assert_eq!(ids(&page).len(), 5);
    let torn = service.get(&caller, "Observation?_cursor=AAAA").await;
    assert_eq!(torn.error(), (400, "expired".to_owned()));
}

async fn counting_shows_no_resource(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    for _ in 0..3 {
        let body = observation(&format!("Patient/{patient}"));
        service
            .send(&caller, "POST Observation", &body)
            .await
            .expect(201);
    }
    for how in ["_summary=count", "_count=0", "_count=0&_totalMethod=count"] {
        let address = format!("Observation?patient={patient}&{how}");
        let page = service.get(&caller, &address).await.expect(200).json();
        assert_eq!(page["total"], 3, "{how}");
        assert!(
            page.get("entry").is_none() && link(&page, "next").is_none(),
            "{how}"
        );
    }
}

async fn what_is_not_served_is_refused_or_reported(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let unserved = [
        format!("{CANARY}=1"),
        format!("_include={CANARY}"),
        format!("_tag={CANARY}"),
        format!("_elements={CANARY}"),
        format!("_has:{CANARY}:patient:code=1"),
    ];
    for query in unserved {
        let address = format!("Patient?_id={id}&{query}");
        let refused = service.get(&caller, &address).await;
        assert_eq!(
            refused.error(),
            (400, "not-supported".to_owned()),
            "{query}"
        );
        let lenient = [("prefer", "handling=lenient")];
        let line = format!("GET {address}");
        let page = service
            .send_with(&caller, &line, &lenient, &Value::Null)
            .await
            .expect(200);
        assert!(!page.text.contains(CANARY), "{}", page.text);
        let page = page.json();
        let last = page["entry"].as_array().unwrap().last().unwrap();
        assert_eq!(last["search"]["mode"], "outcome", "{query}");
        assert_eq!(page["entry"].as_array().unwrap().len(), 2);
    }
    for query in [
        "birthdate=xx",
        "_lastUpdated=never",
        "_sort=family",
        "family:above=x",
    ] {
        let answer = service.get(&caller, &format!("Patient?{query}")).await;
        assert_eq!(answer.error().0, 400, "{query}");
    }
    assert_eq!(service.get(&caller, "Unheard?x=1").await.error().0, 404);
}

async fn commas_are_alternatives(service: &Service) {
    let caller = service.integration();
    let (one, two) = (service.patient("One").await, service.patient("Two").await);
    service.patient("Three").await;
    let found = async |query: &str| {
        let mut found = ids(&service.get(&caller, query).await.expect(200).json());
        found.sort_unstable();
        found
    };
    let mut both = [one.clone(), two];
    both.sort_unstable();
    for query in [
        "Patient?family=one,TWO".to_owned(),
        "Patient?identifier=urn:mrn|mrn-One,urn:mrn|mrn-Two".to_owned(),
        "Patient?family=one,two,four&birthdate=1970-02-03,1999-01-01".to_owned(),
        format!("Patient?_id={},{}", both[0], both[1]),
    ] {
        assert_eq!(found(&query).await, both, "{query}");
    }
    for patient in [&one, &both[0], &both[1]] {
        let observation = observation(&format!("Patient/{patient}"));
        service
            .send(&caller, "POST Observation", &observation)
            .await
            .expect(201);
    }
    let observations = format!("Observation?patient={one}");
    let all = found(&observations).await.len();
    for (more, expected) in [
        ("&status=final,amended", all),
        ("&status=amended,cancelled", 0),
        ("&status:not=amended,final", 0),
        ("&status:not=amended,cancelled", all),
    ] {
        let query = format!("{observations}{more}");
        assert_eq!(found(&query).await.len(), expected, "{query}");
    }
    let first = service
        .get(&caller, &format!("Observation?patient={}", both.join(",")))
        .await;
    assert_eq!(ids(&first.expect(200).json()).len(), 3);
}
