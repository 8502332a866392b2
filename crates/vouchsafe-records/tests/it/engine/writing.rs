//! What a write does, and what it leaves as it is.

use std::time::Duration;

use jiff::SignedDuration;
use vouchsafe::ids::{RecordId, Version};
use vouchsafe_records::engine::{Expected, Failure, Idempotent, Op, WriteOptions};
use vouchsafe_records::pack::IssueCode;

use super::office::{CANARY, Office, account, create, day, mandate, once, person, update};
use crate::bench::{Bench, on_both, record_type};

on_both!(
    what_the_writer_does_not_see_stays,
    a_record_stays_with_its_subject,
    documents_are_checked_before_anything_is_decided,
    care_is_given_by_right_and_to_others,
    a_deleted_record_is_gone,
    the_same_request_is_done_once,
    without_the_log_nothing_is_written,
    writes_that_were_cut_off_are_settled,
);

async fn what_the_writer_does_not_see_stays(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, _) = office.customer("Meier").await;
    let counter = office.caller("counter", None);
    let changed = r#"{"number":"K-Meier","tax":"99","name":{"family":"Huber","given":["Ada"]}}"#;
    let written = office
        .write(&counter, vec![update("Customer", customer, changed)])
        .await
        .unwrap();
    assert_eq!(written[0].version.number(), 2);
    assert!(written[0].subsetted && !written[0].created);
    let caller = office.back_office();
    let read = office.read(&caller, "Customer", customer).await.unwrap();
    let text = read.document.to_json();
    assert!(text.contains("Huber") && text.contains(CANARY) && !text.contains("555-0100"));
    // Found by the new name, and no longer by the old one.
    for (family, total) in [("huber", 1), ("meier", 0)] {
        let page = office
            .search(&caller, "Customer", &[("family", family)])
            .await;
        assert_eq!(page.unwrap().total, Some(total), "{family}");
    }
    let rated = person("Huber");
    let refused = office.write(&counter, vec![update("Customer", customer, &rated)]);
    assert_eq!(refused.await.map(drop), Err(Failure::Forbidden));
    office.close().await;
}

async fn a_record_stays_with_its_subject(bench: &Bench) {
    let office = Office::new(bench).await;
    let (_, first) = office.customer("Meier").await;
    let (other, second) = office.customer("Schulze").await;
    let caller = office.back_office();
    let moved = office.write(&caller, vec![update("Account", first, &account(other))]);
    assert_eq!(moved.await.map(drop), Err(Failure::SubjectChanged));
    // A card is about whom its account is about.
    let card = RecordId::random();
    let of = |account| format!(r#"{{"account":"Account:{account}","limit":500}}"#);
    office
        .write(&caller, vec![create("Card", card, &of(second))])
        .await
        .unwrap();
    let own = office.caller("customer", Some(("Customer", other)));
    assert!(office.read(&own, "Card", card).await.is_ok());
    let unknown = RecordId::random();
    let refused = office.write(&caller, vec![create("Card", unknown, &of(unknown))]);
    let Err(Failure::UnknownReference(about)) = refused.await else {
        panic!("a card of nobody's account");
    };
    assert_eq!(about.path, "Card.account");
    office.close().await;
}

async fn documents_are_checked_before_anything_is_decided(bench: &Bench) {
    let office = Office::new(bench).await;
    let caller = office.back_office();
    let id = RecordId::random();
    let text = r#"{"number":"K","name":{"family":"Meier"},"born":"1970-02-03"}"#;
    let refused = office
        .write(&caller, vec![create("Customer", id, text)])
        .await;
    let Err(Failure::Invalid(issues)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(issues[0].path, "Customer.born");
    assert_eq!(issues[0].code, IssueCode::Syntax);
    let twice = vec![
        create("Customer", id, &person("A")),
        create("Customer", id, &person("B")),
    ];
    let refused = office.write(&caller, twice).await;
    assert_eq!(refused.map(drop), Err(Failure::Duplicate));
    // What nobody declared is kept, and restricted.
    let text = r#"{"number":"K","name":{"family":"Meier"},"shoe":44}"#;
    office
        .write(&caller, vec![create("Customer", id, text)])
        .await
        .unwrap();
    let counter = office.caller("counter", None);
    let read = office.read(&counter, "Customer", id).await.unwrap();
    assert!(read.subsetted && !read.document.to_json().contains("shoe"));
    office.close().await;
}

async fn care_is_given_by_right_and_to_others(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let adviser = office.adviser(&[customer]).await;
    let mine = match &adviser.links.staff[0] {
        vouchsafe_records::pack::Reference::Local { id, .. } => *id,
        other => panic!("{other:?}"),
    };
    let longer = mandate(customer, mine).replace(&day(30), &day(90));
    let to_self = office.write(
        &adviser,
        vec![create("Mandate", RecordId::random(), &longer)],
    );
    assert_eq!(to_self.await.map(drop), Err(Failure::SelfRelation));
    // A mandate that is not signed, or over, gives nothing.
    let stranger = office.adviser(&[]).await;
    let theirs = match &stranger.links.staff[0] {
        vouchsafe_records::pack::Reference::Local { id, .. } => *id,
        other => panic!("{other:?}"),
    };
    let over = day(-2);
    for (from, to) in [("signed", "draft"), (&*day(30), &*over)] {
        let text = mandate(customer, theirs).replace(from, to);
        let op = create("Mandate", RecordId::random(), &text);
        office.write(&office.back_office(), vec![op]).await.unwrap();
        let read = office.read(&stranger, "Account", account).await;
        assert_eq!(read.map(drop), Err(Failure::NotFound), "{to}");
    }
    office.close().await;
}

async fn a_deleted_record_is_gone(bench: &Bench) {
    let office = Office::new(bench).await;
    let (_, account) = office.customer("Meier").await;
    let caller = office.back_office();
    let delete = |if_match| {
        vec![Op::Delete {
            record_type: record_type("Account"),
            id: account,
            if_match,
        }]
    };
    let (seventh, second) = (Version::new(7).unwrap(), Version::new(2).unwrap());
    let stale = office.write(&caller, delete(Some(Expected::OneOf(vec![seventh]))));
    assert_eq!(stale.await.map(drop), Err(Failure::VersionConflict));
    let either = Expected::OneOf(vec![seventh, Version::FIRST]);
    office.write(&caller, delete(Some(either))).await.unwrap();
    // Once more changes nothing; and what has ended has no version to be changed.
    let again = office.write(&caller, delete(None)).await.unwrap();
    assert_eq!((again[0].version, again[0].deleted), (second, true));
    let any = office.write(&caller, delete(Some(Expected::Any))).await;
    assert_eq!(any.map(drop), Err(Failure::VersionConflict));
    let hidden = office.write(&office.adviser(&[]).await, delete(None)).await;
    assert_eq!(hidden.map(drop), Err(Failure::NotFound));
    let read = office.read(&caller, "Account", account).await;
    assert_eq!(read.map(drop), Err(Failure::Gone(second)));
    let stranger = office.adviser(&[]).await;
    let read = office.read(&stranger, "Account", account).await;
    assert_eq!(read.map(drop), Err(Failure::NotFound));
    let first = office
        .engine
        .read(
            &caller,
            &record_type("Account"),
            account,
            Some(Version::FIRST),
        )
        .await;
    assert!(first.is_ok());
    office.close().await;
}

async fn the_same_request_is_done_once(bench: &Bench) {
    let office = Office::new(bench).await;
    let caller = office.back_office();
    let options = |body: &[u8]| WriteOptions {
        idempotent: Some(Idempotent::new("key-1".to_owned(), &[b"Customer", body])),
        operation: "create",
    };
    let id = RecordId::random();
    let ops = |id| vec![create("Customer", id, &person("Meier"))];
    let first = office
        .engine
        .write(&caller, ops(id), &options(b"a"))
        .await
        .unwrap();
    assert!(first[0].created && first[0].proof.is_some());
    let again = office
        .engine
        .write(&caller, ops(RecordId::random()), &options(b"a"))
        .await;
    assert_eq!(again.unwrap()[0].id, id);
    let other = office
        .engine
        .write(&caller, ops(RecordId::random()), &options(b"b"))
        .await;
    let refused = other.unwrap_err();
    assert_eq!(refused.failure, Failure::IdempotencyMismatch);
    office.close().await;
}

async fn without_the_log_nothing_is_written(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let caller = office.back_office();
    let engine = office.lose_the_log();
    let op = update("Customer", customer, &person("Huber"));
    let refused = engine.write(&caller, vec![op], &once()).await.unwrap_err();
    assert_eq!(refused.failure, Failure::Unavailable);
    let read = engine
        .read(&caller, &record_type("Account"), account, None)
        .await;
    assert_eq!(read.map(drop), Err(Failure::Unavailable));
    let stored = bench
        .store
        .read(&bench.key("Customer", customer), None)
        .await;
    assert_eq!(stored.unwrap().unwrap().record.version, Version::FIRST);
}

async fn writes_that_were_cut_off_are_settled(bench: &Bench) {
    let office = Office::new(bench).await;
    let caller = office.back_office();
    let mut ids = Vec::new();
    for round in 0..30_u64 {
        let id = RecordId::random();
        let write = office.write(&caller, vec![create("Customer", id, &person("Meier"))]);
        // At another place each time.
        let cut = tokio::time::timeout(Duration::from_micros(round * 150), write).await;
        ids.push((id, cut.is_ok()));
    }
    let settled = office.engine.settle(SignedDuration::ZERO).await.unwrap();
    assert!(settled > 0, "no write was cut off after its intent");
    for (id, answered) in ids {
        let stored = bench.store.read(&bench.key("Customer", id), None).await;
        assert!(
            stored.unwrap().is_some() || !answered,
            "told and not stored"
        );
    }
    // An intent that is cut off late is in the log when the recorder has it; then each has its outcome.
    office.engine.settle(SignedDuration::ZERO).await.unwrap();
    office.close().await;
}
