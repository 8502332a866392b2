//! Links between the entries of a transaction, in R4's order and by its rules (R4, 3.1.0.11.2 and 2.36.4).

use serde_json::{Value, json};

use crate::service::{Answer, Service, observation, on_both, patient};
use crate::transactions::{bundle, place, post};

on_both!(
    every_full_url_is_a_name,
    a_relative_reference_has_the_root_of_its_entry,
    links_outside_of_references_follow,
    versions_of_entries_follow,
    a_name_that_could_mean_another_is_refused,
    a_urn_that_names_no_entry_is_refused,
    entries_of_a_batch_have_no_names,
    what_is_deleted_is_no_target,
    a_condition_that_finds_what_is_written_is_refused,
    conditional_references_come_last,
    entries_whose_conditions_meet_are_refused,
);

const URN: &str = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
const ROOT: &str = "http://example.com/fhir";

fn organization(number: &str) -> Value {
    json!({
        "resourceType": "Organization",
        "identifier": [{"system": "urn:t", "value": number}],
        "name": "Clinic",
    })
}

fn doctor(number: &str) -> Value {
    json!({
        "resourceType": "Practitioner",
        "identifier": [{"system": "urn:t", "value": number}],
    })
}

fn delete(address: &str) -> Value {
    json!({"request": {"method": "DELETE", "url": address}})
}

fn put(address: &str, mut resource: Value) -> Value {
    resource["id"] = json!(address.split_once('/').unwrap().1);
    json!({"resource": resource, "request": {"method": "PUT", "url": address}})
}

async fn transact(service: &Service, entries: &[Value]) -> Answer {
    let caller = service.integration();
    let body = bundle("transaction", entries);
    service.send(&caller, "POST /", &body).await
}

/// What is stored of the entries of a transaction.
async fn stored(service: &Service, entries: &[Value]) -> (Vec<String>, Vec<Value>) {
    let answer = transact(service, entries).await.expect(200).json();
    let places: Vec<String> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(place)
        .collect();
    let mut read = Vec::new();
    for place in &places {
        let one = service.get(&service.integration(), place).await;
        read.push(one.expect(200).json());
    }
    (places, read)
}

#[track_caller]
fn refused(answer: &Answer, path: &str) {
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
    let expression = &answer.json()["issue"][0]["expression"][0];
    assert_eq!(expression, path, "{}", answer.text);
}

/// Those who refer to an organization by this text.
fn referring(text: &str) -> [Value; 2] {
    let mut own = patient("A");
    own["managingOrganization"] = json!({"reference": text});
    own["contained"] = json!([{
        "resourceType": "Organization", "id": "c", "partOf": {"reference": text},
    }]);
    let mut other = doctor("1");
    other["extension"] = json!([{"url": "urn:x", "valueReference": {"reference": text}}]);
    [own, other]
}

async fn every_full_url_is_a_name(service: &Service) {
    for name in [
        URN,
        "urn:uuid:doc1",
        "urn:oid:1.2.3.4",
        "http://example.com/fhir/Organization/o1",
        "https://example.com/some/where",
        "urn:uuid:61EBE359-bfdc-4613-8bf2-c5e300945f0b",
    ] {
        let [own, other] = referring(name);
        let entries = [
            post("urn:uuid:a", &own),
            post(name, &organization("1")),
            post("http://example.com/fhir/Practitioner/p", &other),
        ];
        let (places, read) = stored(service, &entries).await;
        let target = json!({"reference": places[1]});
        assert_eq!(read[0]["managingOrganization"], target, "{name}");
        assert_eq!(read[0]["contained"][0]["partOf"], target, "{name}");
        assert_eq!(read[2]["extension"][0]["valueReference"], target, "{name}");
    }
    // One UUID has two spellings, and is one name.
    let [own, _] = referring(&URN.to_uppercase().replace("URN:UUID:", "urn:uuid:"));
    let entries = [post("urn:uuid:a", &own), post(URN, &organization("1"))];
    let (places, read) = stored(service, &entries).await;
    assert_eq!(read[0]["managingOrganization"]["reference"], places[1]);
    // A longer text is another name.
    let longer = json!({"resourceType": "Organization", "name": "Part", "extension": [
        {"url": "urn:x", "valueUri": format!("{ROOT}/Organization/o12")}]});
    let entries = [
        post(&format!("{ROOT}/Organization/o1"), &organization("1")),
        post(&format!("{ROOT}/Organization/o2"), &longer),
    ];
    let (_, read) = stored(service, &entries).await;
    assert_eq!(read[1]["extension"], longer["extension"]);
}

async fn a_relative_reference_has_the_root_of_its_entry(service: &Service) {
    let [own, other] = referring("Organization/o1");
    let entries = [
        post(&format!("{ROOT}/Patient/p1"), &own),
        post(&format!("{ROOT}/Organization/o1"), &organization("1")),
        post(&format!("{ROOT}/Practitioner/d1"), &other),
        post("http://other.example/Organization/o1", &organization("2")),
    ];
    let (places, read) = stored(service, &entries).await;
    assert_eq!(read[0]["managingOrganization"]["reference"], places[1]);
    let extended = &read[2]["extension"][0]["valueReference"]["reference"];
    assert_eq!(*extended, places[1]);
    // Also the patient that a resource is about.
    let entries = [
        post(&format!("{ROOT}/Observation/1"), &observation("Patient/p1")),
        post(&format!("{ROOT}/Patient/p1"), &patient("B")),
    ];
    let (places, read) = stored(service, &entries).await;
    assert_eq!(read[0]["subject"]["reference"], places[1]);
}

async fn links_outside_of_references_follow(service: &Service) {
    let name = format!("{ROOT}/Organization/o1");
    let div = |one: &str| {
        format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{one}\">{name}</a><a href='{one}'>x</a><img src=\"{one}\" alt=\"{name}\"/><a href=\"{one}/x\">y</a></div>"
        )
    };
    let own = json!({
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": URN},
        "meta": {"source": name, "profile": [name]},
        "implicitRules": name,
        "text": {"status": "generated", "div": div(&name)},
        "contained": [{
            "resourceType": "Organization", "id": "c",
            "text": {"status": "generated", "div": div(&name)},
        }],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": name}],
        "description": name,
        "content": [{"attachment": {"url": name}}],
        "extension": [
            {"url": "urn:x", "valueUri": name},
            {"url": "urn:x", "valueUrl": name},
            {"url": "urn:x", "valueString": name},
            {"url": "urn:x", "valueCanonical": name},
        ],
    });
    let entries = [
        post("urn:uuid:a", &own),
        post(&name, &organization("1")),
        post(URN, &patient("A")),
    ];
    let (places, read) = stored(service, &entries).await;
    let (read, target) = (&read[0], &places[1]);
    assert_eq!(read["meta"]["source"], *target);
    assert_eq!(read["implicitRules"], *target);
    assert_eq!(read["content"][0]["attachment"]["url"], *target);
    assert_eq!(read["extension"][0]["valueUri"], *target);
    assert_eq!(read["extension"][1]["valueUrl"], *target);
    let followed = div(&name)
        .replace(&format!("href=\"{name}\""), &format!("href=\"{target}\""))
        .replace(&format!("href='{name}'"), &format!("href='{target}'"))
        .replace(&format!("src=\"{name}\""), &format!("src=\"{target}\""));
    assert_eq!(read["text"]["div"], followed);
    assert_eq!(read["contained"][0]["text"]["div"], followed);
    // Canonicals, texts and identifiers are no links.
    for kept in [
        &read["meta"]["profile"][0],
        &read["identifier"][0]["value"],
        &read["description"],
        &read["extension"][2]["valueString"],
        &read["extension"][3]["valueCanonical"],
    ] {
        assert_eq!(*kept, name);
    }
}

async fn versions_of_entries_follow(service: &Service) {
    let name = format!("{ROOT}/Organization/o1");
    for version in ["/_history/7", "/_history/1"] {
        let [own, _] = referring(&format!("{name}{version}"));
        let entries = [post("urn:uuid:a", &own), post(&name, &organization("1"))];
        let (places, read) = stored(service, &entries).await;
        let expected = format!("{}/_history/1", places[1]);
        assert_eq!(read[0]["managingOrganization"]["reference"], expected);
    }
    let (caller, own) = (service.integration(), organization("2"));
    let made = service.send(&caller, "POST Organization", &own).await;
    let at = format!("Organization/{}", made.expect(201).id());
    let mut entry = put(&at, organization("3"));
    entry["fullUrl"] = json!(name);
    let [own, _] = referring(&format!("{name}/_history/9"));
    // Which version that will be is not known before it is written.
    let path = "Bundle.entry[0].resource.managingOrganization.reference";
    refused(
        &transact(service, &[post("urn:uuid:a", &own), entry]).await,
        path,
    );
    // A name is not one of a version.
    let entries = [post(&format!("{name}/_history/1"), &organization("1"))];
    let answer = transact(service, &entries).await;
    let path = answer.json()["issue"][0]["expression"][0].clone();
    assert_eq!(
        (answer.status.as_u16(), path),
        (400, json!("Bundle.entry[0].fullUrl"))
    );
}

async fn a_name_that_could_mean_another_is_refused(service: &Service) {
    let path = "Bundle.entry[0].resource.managingOrganization.reference";
    let target = post(&format!("{ROOT}/Organization/o1"), &organization("1"));
    // The entry that says it has no root of its own.
    for full_url in ["urn:uuid:a", "http://other.example/Patient/1"] {
        let [own, _] = referring("Organization/o1");
        let mut first = post(full_url, &own);
        refused(
            &transact(service, &[first.clone(), target.clone()]).await,
            path,
        );
        first.as_object_mut().unwrap().remove("fullUrl");
        refused(&transact(service, &[first, target.clone()]).await, path);
    }
    // An entry that is made has an id of the client's, and no name or another.
    let mut of_id = organization("1");
    of_id["id"] = json!("o1");
    for full_url in [None, Some(URN)] {
        let mut target = post(URN, &of_id);
        if full_url.is_none() {
            target.as_object_mut().unwrap().remove("fullUrl");
        }
        let [own, _] = referring("Organization/o1");
        refused(
            &transact(service, &[post("urn:uuid:a", &own), target]).await,
            path,
        );
    }
    // A record of ours that is put under its own address is no other.
    let id = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let at = format!("Organization/{id}");
    let mut ours = put(&at, organization("1"));
    ours["fullUrl"] = json!(format!("https://host.example/fhir/R4/{at}"));
    let [own, _] = referring(&at);
    let (_, read) = stored(service, &[post("urn:uuid:a", &own), ours]).await;
    assert_eq!(read[0]["managingOrganization"]["reference"], at);
}

async fn a_urn_that_names_no_entry_is_refused(service: &Service) {
    for name in [
        "urn:uuid:doc2",
        "urn:oid:1.2.3.5",
        "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0f",
    ] {
        let [own, _] = referring(name);
        let entries = [
            post("urn:uuid:a", &own),
            post("urn:uuid:doc1", &organization("1")),
        ];
        let path = "Bundle.entry[0].resource.managingOrganization.reference";
        refused(&transact(service, &entries).await, path);
        let alone = service
            .send(&service.integration(), "POST Patient", &own)
            .await;
        refused(&alone, "Patient.managingOrganization.reference");
    }
    // A search for what has no address yet would find nothing.
    let look = json!({"request": {"method": "GET", "url": format!("Observation?patient={URN}")}});
    let entries = [post(URN, &patient("A")), look];
    refused(
        &transact(service, &entries).await,
        "Bundle.entry[1].request.url",
    );
    // Another server's is what it says.
    let [own, _] = referring("http://other.example/Organization/1");
    let (_, read) = stored(service, &[post("urn:uuid:a", &own)]).await;
    let kept = &read[0]["managingOrganization"]["reference"];
    assert_eq!(*kept, "http://other.example/Organization/1");
}

async fn entries_of_a_batch_have_no_names(service: &Service) {
    let caller = service.integration();
    for (name, own) in [
        (URN.to_owned(), "urn:uuid:a"),
        (format!("{ROOT}/Organization/o1"), "urn:uuid:a"),
        (
            format!("{ROOT}/Organization/o1"),
            "http://example.com/fhir/Patient/1",
        ),
    ] {
        for text in [name.as_str(), "Organization/o1"] {
            if text == "Organization/o1" && name == URN {
                continue;
            }
            let [referring, _] = referring(text);
            let entries = [post(own, &referring), post(&name, &organization("1"))];
            let answer = service
                .send(&caller, "POST /", &bundle("batch", &entries))
                .await;
            let answer = answer.expect(200).json();
            let first = &answer["entry"][0]["response"];
            assert_eq!(first["status"], "422", "{text} {first}");
            assert_eq!(
                first["outcome"]["issue"][0]["expression"][0],
                "Patient.managingOrganization.reference"
            );
        }
    }
}

async fn what_is_deleted_is_no_target(service: &Service) {
    let caller = service.integration();
    for method in ["POST", "PUT"] {
        let id = service.patient("A").await;
        let at = format!("Patient/{id}");
        let about = match method {
            "POST" => post("urn:uuid:a", &observation(&at)),
            _ => {
                let made = service
                    .send(&caller, "POST Observation", &observation(&at))
                    .await;
                put(
                    &format!("Observation/{}", made.expect(201).id()),
                    observation(&at),
                )
            }
        };
        for entries in [[delete(&at), about.clone()], [about.clone(), delete(&at)]] {
            let place = entries
                .iter()
                .position(|entry| entry.get("resource").is_some());
            let path = format!("Bundle.entry[{}].resource.subject", place.unwrap());
            refused(&transact(service, &entries).await, &path);
        }
        service.get(&caller, &at).await.expect(200);
        // Whoever goes with their records leaves nothing behind.
        let made = service
            .send(&caller, "POST Observation", &observation(&at))
            .await;
        let own = format!("Observation/{}", made.expect(201).id());
        transact(service, &[delete(&at), delete(&own)])
            .await
            .expect(200);
    }
    // What is known through another record is not known through one that goes.
    let id = service.patient("B").await;
    let made = service
        .send(
            &caller,
            "POST Observation",
            &observation(&format!("Patient/{id}")),
        )
        .await;
    let own = format!("Observation/{}", made.expect(201).id());
    let provenance = json!({
        "resourceType": "Provenance",
        "target": [{"reference": own}],
        "recorded": "2026-11-24T09:00:00Z",
        "agent": [{"who": {"display": "somebody"}}],
    });
    let entries = [delete(&own), post("urn:uuid:a", &provenance)];
    refused(
        &transact(service, &entries).await,
        "Bundle.entry[1].resource.target[0]",
    );
}

async fn a_condition_that_finds_what_is_written_is_refused(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let at = format!("Patient/{id}");
    let mut found = post(URN, &patient("A"));
    found["request"]["ifNoneExist"] = json!("identifier=urn:mrn|mrn-A");
    for other in [delete(&at), put(&at, patient("A"))] {
        for entries in [
            vec![
                other.clone(),
                found.clone(),
                post("urn:uuid:o", &observation(URN)),
            ],
            vec![found.clone(), other.clone()],
        ] {
            let place = entries
                .iter()
                .position(|entry| entry["fullUrl"] == URN)
                .unwrap();
            refused(
                &transact(service, &entries).await,
                &format!("Bundle.entry[{place}]"),
            );
        }
    }
    let read = service.get(&caller, &at).await.expect(200).json();
    assert_eq!(read["meta"]["versionId"], "1");
}

async fn conditional_references_come_last(service: &Service) {
    let caller = service.integration();
    let mut own = patient("A");
    own["generalPractitioner"] = json!([{"reference": "Practitioner?identifier=urn:t|77"}]);
    let about =
        |place: usize| format!("Bundle.entry[{place}].resource.generalPractitioner[0].reference");
    // It finds what the transaction makes.
    let entries = [post("urn:uuid:a", &own), post("urn:uuid:b", &doctor("77"))];
    let (places, read) = stored(service, &entries).await;
    assert_eq!(read[0]["generalPractitioner"][0]["reference"], places[1]);
    // The same request under a key is told again.
    let headers = [("idempotency-key", "k-1")];
    let mut other = own.clone();
    other["generalPractitioner"][0]["reference"] = json!("Practitioner?identifier=urn:t|76");
    let other = [
        post("urn:uuid:a", &other),
        post("urn:uuid:b", &doctor("76")),
    ];
    let body = bundle("transaction", &other);
    let first = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200);
    let again = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200);
    assert_eq!(first.json(), again.json());
    // Another of it makes two.
    refused_with(&transact(service, &entries).await, 412, &about(0));
    // One that goes is not found.
    let made = service
        .send(&caller, "POST Practitioner", &doctor("78"))
        .await
        .expect(201)
        .id();
    let gone = format!("Practitioner/{made}");
    own["generalPractitioner"][0]["reference"] = json!("Practitioner?identifier=urn:t|78");
    refused(
        &transact(service, &[post("urn:uuid:a", &own), delete(&gone)]).await,
        &about(0),
    );
    // One that is changed is found as it is afterwards.
    let changed = put(&gone, doctor("79"));
    let entries = [post("urn:uuid:a", &own), changed.clone()];
    refused(&transact(service, &entries).await, &about(0));
    own["generalPractitioner"][0]["reference"] = json!("Practitioner?identifier=urn:t|79");
    let (_, read) = stored(service, &[post("urn:uuid:a", &own), changed]).await;
    assert_eq!(read[0]["generalPractitioner"][0]["reference"], gone);
    // In a batch there is no afterwards.
    own["generalPractitioner"][0]["reference"] = json!("Practitioner?identifier=urn:t|80");
    let body = bundle(
        "batch",
        &[post("urn:uuid:a", &own), post("urn:uuid:b", &doctor("80"))],
    );
    let answer = service
        .send(&caller, "POST /", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["entry"][0]["response"]["status"], "422");
}

#[track_caller]
fn refused_with(answer: &Answer, status: u16, path: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert_eq!(answer.json()["issue"][0]["expression"][0], path);
}

async fn entries_whose_conditions_meet_are_refused(service: &Service) {
    let conditional = |full_url: &str, number: &str, resource: &Value| {
        let mut entry = post(full_url, resource);
        entry["request"]["ifNoneExist"] = json!(format!("identifier=urn:t|{number}"));
        entry
    };
    let mut both = doctor("1");
    both["identifier"]
        .as_array_mut()
        .unwrap()
        .push(json!({"system": "urn:t", "value": "2"}));
    // Which of them would be made depends on their order, and the order of entries means nothing.
    for first in [
        post("urn:uuid:a", &doctor("2")),
        conditional("urn:uuid:a", "1", &both),
    ] {
        let second = conditional("urn:uuid:b", "2", &doctor("2"));
        for (entries, place) in [
            ([first.clone(), second.clone()], 1),
            ([second.clone(), first.clone()], 0),
        ] {
            let answer = transact(service, &entries).await;
            refused(&answer, &format!("Bundle.entry[{place}]"));
        }
    }
    let none = service
        .get(&service.integration(), "Practitioner?identifier=urn:t%7C2")
        .await;
    assert_eq!(none.expect(200).json()["total"], 0);
}
