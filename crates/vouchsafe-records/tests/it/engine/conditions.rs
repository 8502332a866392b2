//! Creates that are done only when nothing meets a condition.

use vouchsafe::ids::RecordId;
use vouchsafe_records::engine::{Condition, Failure, Met, Op, Unmet};

use super::office::{Office, document, person};
use crate::bench::{Bench, on_both, record_type};

on_both!(
    a_customer_is_created_once,
    a_condition_takes_an_index_and_a_right,
);

fn of_number(value: &str) -> Condition {
    Condition {
        record_type: record_type("Customer"),
        params: vec![("number".to_owned(), value.to_owned())],
    }
}

fn create_unless(id: RecordId, unless: &Unmet) -> Vec<Op> {
    vec![Op::Create {
        record_type: record_type("Customer"),
        id,
        document: document(&person("Meier")),
        unless: Some(unless.clone()),
    }]
}

async fn a_customer_is_created_once(bench: &Bench) {
    let office = Office::new(bench).await;
    let caller = office.back_office();
    let asked = [of_number("K-Meier")];
    let met = office.engine.find(&caller, &asked).await.unwrap();
    let [Ok(Met::Not(unmet))] = &met[..] else {
        panic!("{met:?}")
    };
    let id = RecordId::random();
    office
        .write(&caller, create_unless(id, unmet))
        .await
        .unwrap();
    // Another who asked at the same time comes too late.
    let late = office.write(&caller, create_unless(RecordId::random(), unmet));
    assert_eq!(late.await.map(drop), Err(Failure::Busy));
    let met = office.engine.find(&caller, &asked).await.unwrap();
    let [Ok(Met::By(found))] = &met[..] else {
        panic!("{met:?}")
    };
    assert_eq!(found.id, id);
    office.customer("Meier").await;
    let met = office.engine.find(&caller, &asked).await.unwrap();
    assert!(matches!(met[..], [Err(Failure::Several)]), "{met:?}");
    office.close().await;
}

async fn a_condition_takes_an_index_and_a_right(bench: &Bench) {
    let office = Office::new(bench).await;
    let counter = office.caller("counter", None);
    let met = office.engine.find(&counter, &[of_number("K-1")]).await;
    assert!(matches!(met.unwrap()[..], [Err(Failure::Forbidden)]));
    let without_index = Condition {
        record_type: record_type("Account"),
        params: vec![("state".to_owned(), "open".to_owned())],
    };
    let caller = office.back_office();
    let met = office.engine.find(&caller, &[without_index]).await;
    assert!(matches!(met.unwrap()[..], [Err(Failure::Unsupported(_))]));
    office.close().await;
}
