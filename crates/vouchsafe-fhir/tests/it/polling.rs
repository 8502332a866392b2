//! When a version was written: the order that whoever asks for news relies on.

use serde_json::{Value, json};

use crate::searches::ids;
use crate::service::{Service, observation, on_both, patient};

on_both!(
    a_later_version_is_never_an_earlier_one,
    whoever_asks_for_news_misses_nothing_of_a_clock_that_steps_back,
);

fn updated(resource: &Value) -> String {
    resource["meta"]["lastUpdated"].as_str().unwrap().to_owned()
}

async fn a_later_version_is_never_an_earlier_one(service: &Service) {
    let caller = service.integration();
    let body = patient("A");
    let made = service
        .send(&caller, "POST Patient", &body)
        .await
        .expect(201);
    let id = made.id();
    let mut before = updated(&made.json());
    let mut changed = body.clone();
    changed["id"] = json!(id);
    for clock in [-4, -60, -3_599, 10, 5, -3_500, 4] {
        service.set_clock(clock);
        for way in ["PUT", "transaction", "batch"] {
            let put = format!("Patient/{id}");
            let entry = json!({"resource": changed, "request": {"method": "PUT", "url": put}});
            let bundle = json!({"resourceType": "Bundle", "type": way, "entry": [entry]});
            let answer = match way {
                "PUT" => service.send(&caller, &format!("PUT {put}"), &changed).await,
                _ => service.send(&caller, "POST ", &bundle).await,
            };
            answer.expect(200);
            let read = service.get(&caller, &put).await.expect(200).json();
            let now = updated(&read);
            assert!(before <= now, "{before} {now} {clock} {way}");
            before = now;
        }
    }
    // By the row's own time, which has more digits than is shown, each is later than the one before.
    let since = format!("Patient?_id={id}&_lastUpdated=ge{before}");
    let found = service.get(&caller, &since).await.expect(200).json();
    assert_eq!(ids(&found), [id]);
}

async fn whoever_asks_for_news_misses_nothing_of_a_clock_that_steps_back(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    let mut made = Vec::new();
    let mut seen = Vec::new();
    let mut latest = "2026-01-01T00:00:00Z".to_owned();
    for clock in [0, -4, -60, -59, 3, -3_000, 4] {
        service.set_clock(clock);
        for _ in 0..3 {
            let body = observation(&format!("Patient/{patient}"));
            let answer = service.send(&caller, "POST Observation", &body).await;
            made.push(answer.expect(201).id());
        }
        let news =
            format!("Observation?patient={patient}&_lastUpdated=ge{latest}&_sort=_lastUpdated");
        let page = service.get(&caller, &news).await.expect(200).json();
        for entry in page["entry"].as_array().unwrap() {
            let time = updated(&entry["resource"]);
            assert!(latest <= time);
            latest = time;
        }
        seen.extend(ids(&page));
    }
    seen.sort_unstable();
    seen.dedup();
    made.sort_unstable();
    assert_eq!(seen, made);
}
