//! Who reads what of a record.

use vouchsafe::ids::{RecordId, Version};
use vouchsafe_records::engine::Failure;

use super::office::{CANARY, Office};
use crate::bench::{Bench, on_both, record_type};

on_both!(
    an_account_is_stored_decided_searched_and_read,
    what_a_role_does_not_see_is_left_out,
    hidden_and_absent_look_alike,
    customers_read_what_is_theirs,
);

async fn an_account_is_stored_decided_searched_and_read(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let holder = format!("Customer:{customer}");
    let back_office = office.back_office();
    let found = office
        .search(&back_office, "Account", &[("holder", &holder)])
        .await
        .unwrap();
    assert_eq!(found.total, Some(1));
    assert_eq!(found.items[0].id, account);
    let read = office.read(&back_office, "Account", account).await.unwrap();
    assert_eq!((read.version, read.subsetted), (Version::FIRST, false));
    // Numbers keep their text.
    let text = read.document.to_json();
    assert!(text.contains(r#""balance":12.50"#) && text.contains("Pharmacy"));
    let entries = office.close().await;
    let told = |operation: &str| entries.iter().filter(|e| e.contains(operation)).count();
    assert!(told("search") > 0 && told("\"read\"") > 0 && told("create") > 1);
}

async fn what_a_role_does_not_see_is_left_out(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let adviser = office.adviser(&[customer]).await;
    let read = office.read(&adviser, "Account", account).await.unwrap();
    let text = read.document.to_json();
    assert!(read.subsetted && text.contains("12.50") && !text.contains("Pharmacy"));
    let counter = office.caller("counter", None);
    let read = office.read(&counter, "Customer", customer).await.unwrap();
    let text = read.document.to_json();
    assert!(read.subsetted && text.contains("Meier") && !text.contains(CANARY));
    office.close().await;
}

async fn hidden_and_absent_look_alike(bench: &Bench) {
    let office = Office::new(bench).await;
    let (_, account) = office.customer("Meier").await;
    let stranger = office.adviser(&[]).await;
    let nobody = office.caller("no-such-role", None);
    for caller in [&stranger, &nobody] {
        for id in [account, RecordId::random()] {
            let read = office.read(caller, "Account", id).await;
            assert_eq!(read.map(drop), Err(Failure::NotFound));
        }
    }
    let unknown = office.read(&stranger, "Loan", account).await;
    assert_eq!(unknown.map(drop), Err(Failure::UnknownType));
    office.close().await;
}

async fn customers_read_what_is_theirs(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let (_, other) = office.customer("Schulze").await;
    let own = office.caller("customer", Some(("Customer", customer)));
    let read = office.read(&own, "Account", account).await.unwrap();
    assert!(!read.subsetted && read.document.to_json().contains("Pharmacy"));
    let read = office.read(&own, "Account", other).await;
    assert_eq!(read.map(drop), Err(Failure::NotFound));
    let first = Some(Version::FIRST);
    let read = office
        .engine
        .read(&own, &record_type("Customer"), customer, first)
        .await;
    assert!(read.is_ok());
    office.close().await;
}
