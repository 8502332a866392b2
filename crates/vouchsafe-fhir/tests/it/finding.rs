//! What a search finds by names, references and codes: all that R4 says, or it is refused by name.

use serde_json::{Value, json};
use vouchsafe::access::Purpose;

use crate::searches::ids;
use crate::service::{BASE, Service, observation, on_both, patient};

on_both!(
    a_name_is_found_by_the_beginning_of_each_word,
    exact_heeds_case_and_accents,
    names_that_no_index_serves_are_refused_by_name,
    each_alternative_of_a_reference_may_be_absolute,
    ids_are_one_spelling,
    a_code_has_the_system_of_its_value_set,
    a_total_that_is_asked_for_is_told_or_it_is_said_that_not,
    who_may_see_all_is_never_told_of_a_part,
);

async fn named(service: &Service, families: &[&str]) -> Vec<String> {
    let mut made = Vec::new();
    for family in families {
        let answer = service
            .send(&service.integration(), "POST Patient", &patient(family))
            .await;
        made.push(answer.expect(201).id());
    }
    made
}

async fn a_name_is_found_by_the_beginning_of_each_word(service: &Service) {
    let families = [
        "Smith-Jones",
        "van der Berg",
        "O\u{2019}Neil",
        "Smith",
        "Smithson",
        "Müller",
        "Li",
        "Lindberg",
        "d'Angelo",
        "Jean\u{2010}Luc",
    ];
    let made = named(service, &families).await;
    for (value, expected) in [
        ("Smith", vec![0, 3, 4]),
        ("smi", vec![0, 3, 4]),
        ("Smit", vec![0, 3, 4]),
        ("Smith-J", vec![0]),
        ("Smith-Jones", vec![0]),
        ("Smith Jones", vec![0]),
        ("jones", vec![0]),
        ("Smithso", vec![4]),
        ("Smithsonian", vec![]),
        ("Berg", vec![1]),
        ("van der B", vec![1]),
        ("der berg", vec![1]),
        ("van Berg", vec![]),
        ("O'Neil", vec![2]),
        ("O\u{2019}Neil", vec![2]),
        ("O\u{b4}Nei", vec![2]),
        ("neil", vec![2]),
        ("MULLER", vec![5]),
        ("mü", vec![5]),
        ("Li", vec![6, 7]),
        ("Lin", vec![7]),
        ("D\u{2019}ANGELO", vec![8]),
        ("jean-luc", vec![9]),
        ("Li,Smithson", vec![4, 6, 7]),
    ] {
        let address = format!("Patient?family={value}");
        let found = service.get(&service.integration(), &address).await;
        let found = sorted(ids(&found.expect(200).json()));
        assert_eq!(found, sorted(pick(&made, &expected)), "{value}");
    }
    // What is changed is found by its new words alone.
    let mut changed = patient("Taylor");
    changed["id"] = json!(made[3]);
    let put = format!("PUT Patient/{}", made[3]);
    let answer = service.send(&service.integration(), &put, &changed).await;
    answer.expect(200);
    for (value, expected) in [("Tay", vec![3]), ("Smith", vec![0, 4])] {
        let address = format!("Patient?family={value}");
        let found = service.get(&service.integration(), &address).await;
        let found = sorted(ids(&found.expect(200).json()));
        assert_eq!(found, sorted(pick(&made, &expected)), "{value}");
    }
}

async fn exact_heeds_case_and_accents(service: &Service) {
    let made = named(
        service,
        &[
            "Müller",
            "Muller",
            "muller",
            "Mullers",
            "O",
            "O\u{2019}Neil",
        ],
    )
    .await;
    for (value, expected) in [
        ("Müller", vec![0]),
        ("Muller", vec![1]),
        ("MULLER", vec![]),
        ("Mul", vec![]),
        ("O", vec![4]),
        ("O\u{2019}Neil", vec![5]),
        ("O'Neil", vec![]),
        ("Muller,Müller", vec![0, 1]),
    ] {
        let address = format!("Patient?family:exact={value}");
        let found = service.get(&service.integration(), &address).await;
        let found = sorted(ids(&found.expect(200).json()));
        assert_eq!(found, sorted(pick(&made, &expected)), "{value}");
    }
    let address = format!("Patient?_id={}&family:contains=LLE", made.join(","));
    let found = service.get(&service.integration(), &address).await;
    assert_eq!(ids(&found.expect(200).json()).len(), 4);
    let address = format!("Patient?_id={}&family:contains='ne", made.join(","));
    let found = service.get(&service.integration(), &address).await;
    assert_eq!(ids(&found.expect(200).json()).len(), 1);
}

async fn names_that_no_index_serves_are_refused_by_name(service: &Service) {
    let caller = service.integration();
    named(service, &["Smith"]).await;
    for (query, name) in [
        ("family=S", "family"),
        ("family=Smith,S", "family"),
        ("family:contains=mit", "family"),
        ("given:missing=true", "given"),
        ("family:missing=false", "family"),
        ("identifier=urn:mrn|", "identifier"),
        ("identifier:not=urn:mrn|1", "identifier"),
    ] {
        let refused = service.get(&caller, &format!("Patient?{query}")).await;
        assert_eq!(refused.error(), (400, "too-costly".to_owned()), "{query}");
        let issue = &refused.json()["issue"][0];
        assert_eq!(issue["expression"][0], format!("http.{name}"), "{query}");
        // With something that an index serves it is a filter as any other.
        let both = format!("Patient?{query}&birthdate=1970-02-03");
        service.get(&caller, &both).await.expect(200);
    }
    for query in ["family=-", "family='", "family=%20"] {
        let refused = service.get(&caller, &format!("Patient?{query}")).await;
        assert_eq!(refused.error(), (400, "value".to_owned()), "{query}");
    }
}

async fn each_alternative_of_a_reference_may_be_absolute(service: &Service) {
    let caller = service.integration();
    let (one, two) = (service.patient("A").await, service.patient("B").await);
    let doctors = [
        crate::service::record_of(&service.clinician(&[]).await),
        crate::service::record_of(&service.clinician(&[]).await),
    ];
    for (patient, doctor) in [&one, &two].into_iter().zip(&doctors) {
        let mut body = observation(&format!("Patient/{patient}"));
        body["performer"] = json!([{"reference": doctor}]);
        let made = service.send(&caller, "POST Observation", &body).await;
        made.expect(201);
    }
    let [first, second] = &doctors;
    for query in [
        format!("patient={BASE}/Patient/{one},{BASE}/Patient/{two}"),
        format!("patient=Patient/{one},{BASE}/Patient/{two}"),
        format!("patient={one},{BASE}/Patient/{two}"),
        format!("subject:Patient={one},{BASE}/Patient/{two}"),
        format!("patient={one},{two}&performer={BASE}/{first},{BASE}/{second}"),
        format!("patient={one},{two}&performer={first},{BASE}/{second}"),
    ] {
        let found = service.get(&caller, &format!("Observation?{query}")).await;
        assert_eq!(ids(&found.expect(200).json()).len(), 2, "{query}");
        let entry = json!({"request": {"method": "GET", "url": format!("Observation?{query}")}});
        let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry]});
        let answer = service.send(&caller, "POST ", &batch).await.expect(200);
        let found = answer.json()["entry"][0]["resource"].clone();
        assert_eq!(ids(&found).len(), 2, "in a batch: {query}");
    }
    let other = format!("patient={one},{two}&performer=http://other.example/fhir/R4/{first}");
    let found = service.get(&caller, &format!("Observation?{other}")).await;
    assert!(ids(&found.expect(200).json()).is_empty());
    // What is no reference stays as it was sent.
    let address = format!("{BASE}/Patient/{one}");
    let mut body = observation(&format!("Patient/{one}"));
    body["identifier"] = json!([{"system": "urn:t", "value": address}]);
    let made = service.send(&caller, "POST Observation", &body).await;
    let made = made.expect(201).id();
    let query = format!("Observation?patient={one}&identifier=urn:t|{address}");
    let found = service.get(&caller, &query).await.expect(200).json();
    assert_eq!(ids(&found), [made]);
}

async fn ids_are_one_spelling(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    let clinician = service.clinician(&[]).await;
    let doctor = crate::service::record_of(&clinician);
    let upper = |reference: &str| {
        let (of, id) = reference.split_once('/').unwrap();
        format!("{of}/{}", id.to_uppercase())
    };
    let own = format!("Patient/{patient}");
    for (subject, individual) in [
        (own.clone(), upper(&doctor)),
        (upper(&own), doctor.clone()),
        (own.clone(), format!("{BASE}/{}", upper(&doctor))),
        (own.clone(), format!("{}/_history/1", upper(&doctor))),
    ] {
        let body = json!({
            "resourceType": "Encounter", "status": "in-progress",
            "class": {"code": "AMB"}, "subject": {"reference": subject},
            "participant": [{"individual": {"reference": individual}}],
        });
        let refused = service.send(&caller, "POST Encounter", &body).await;
        assert_eq!(refused.status, 422, "{subject} {individual}");
        let hidden = service.get(&clinician, &own).await;
        hidden.expect(404);
    }
    for query in [
        format!("Patient?_id={}", patient.to_uppercase()),
        format!("Observation?patient={}", upper(&own)),
        format!("Observation?patient={}", patient.to_uppercase()),
    ] {
        let found = service.get(&caller, &query).await;
        if found.status == 200 {
            assert!(ids(&found.json()).is_empty(), "{query}");
        } else {
            assert_eq!(found.status, 400, "{query}");
        }
    }
    let read = service.get(&caller, &upper(&own)).await;
    assert_eq!(read.status, 400);
}

async fn a_code_has_the_system_of_its_value_set(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    let subject = json!({"reference": format!("Patient/{patient}")});
    let status = observation(&format!("Patient/{patient}"));
    let allergy = json!({
        "resourceType": "AllergyIntolerance", "patient": subject, "category": ["food", "environment"],
        "criticality": "low", "type": "allergy",
    });
    let encounter = json!({
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": subject,
    });
    for (of, body, found, not_found) in [
        (
            "Encounter",
            encounter,
            vec![
                "status=http://hl7.org/fhir/encounter-status|finished",
                "status=http://hl7.org/fhir/encounter-status|",
                "status=finished",
                "status:not=http://hl7.org/fhir/observation-status|finished",
            ],
            vec![
                "status=http://hl7.org/fhir/observation-status|finished",
                "status=http://hl7.org/fhir/encounter-status|planned",
                "status=http://hl7.org/fhir/observation-status|",
                "status:not=http://hl7.org/fhir/encounter-status|finished",
            ],
        ),
        (
            "Observation",
            status,
            vec!["status=http://hl7.org/fhir/observation-status|final"],
            vec!["status=http://hl7.org/fhir/Observation-Status|final"],
        ),
        (
            "AllergyIntolerance",
            allergy,
            vec![
                "category=http://hl7.org/fhir/allergy-intolerance-category|food",
                "category=http://hl7.org/fhir/allergy-intolerance-category|environment",
                "criticality=http://hl7.org/fhir/allergy-intolerance-criticality|low",
            ],
            vec![
                "category=http://hl7.org/fhir/allergy-intolerance-category|biologic",
                "category=http://hl7.org/fhir/allergy-intolerance-type|food",
            ],
        ),
    ] {
        let made = service.send(&caller, &format!("POST {of}"), &body).await;
        made.expect(201);
        for (queries, count) in [(found, 1), (not_found, 0)] {
            for query in queries {
                let address = format!("{of}?patient={patient}&{query}");
                let page = service.get(&caller, &address).await.expect(200).json();
                assert_eq!(ids(&page).len(), count, "{address}");
            }
        }
    }
}

async fn a_total_that_is_asked_for_is_told_or_it_is_said_that_not(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    for _ in 0..7 {
        let body = observation(&format!("Patient/{patient}"));
        let made = service.send(&caller, "POST Observation", &body).await;
        made.expect(201);
    }
    let observations = format!("Observation?patient={patient}&_count=2");
    for how in ["_total=accurate", "_total=estimate", "_totalMethod=count"] {
        let mut address = format!("{observations}&{how}");
        let mut seen = 0;
        for _ in 0..9 {
            let page = service.get(&caller, &address).await.expect(200).json();
            assert_eq!(page["total"], 7, "{how}, after {seen}");
            seen += ids(&page).len();
            match crate::searches::link(&page, "next") {
                Some(next) => next.trim_start_matches('/').clone_into(&mut address),
                None => break,
            }
        }
        assert_eq!(seen, 7);
    }
    for quiet in ["", "&_total=none"] {
        let address = format!("{observations}{quiet}");
        let page = service.get(&caller, &address).await.expect(200).json();
        assert!(page.get("total").is_none(), "{quiet}");
        assert_eq!(ids(&page).len(), 2);
    }
}

/// Somebody who may search everybody's records and has patients of their own is not told of those alone.
async fn who_may_see_all_is_never_told_of_a_part(service: &Service) {
    let (own, other) = (service.patient("Own").await, service.patient("Other").await);
    let clinician = service.clinician(&[&own]).await;
    let mut both = service.caller(
        "integration",
        Purpose::Treatment,
        &[crate::service::record_of(&clinician)],
    );
    both.rights = both
        .rights
        .iter()
        .chain(clinician.rights.iter())
        .cloned()
        .collect();
    for patient in [&own, &other] {
        let body = observation(&format!("Patient/{patient}"));
        let made = service
            .send(&service.integration(), "POST Observation", &body)
            .await;
        made.expect(201);
    }
    for query in [
        "Observation?code=8480-6",
        "Patient?birthdate=1970",
        "Patient?family=O",
    ] {
        let refused = service.get(&both, query).await;
        assert_eq!(refused.error(), (400, "too-costly".to_owned()), "{query}");
    }
    // Who may see their own alone is told of all that there is for them.
    let own: Value = service
        .get(&clinician, "Observation?code=8480-6")
        .await
        .expect(200)
        .json();
    assert_eq!(ids(&own).len(), 1);
}

fn pick(made: &[String], places: &[usize]) -> Vec<String> {
    places.iter().map(|place| made[*place].clone()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}
