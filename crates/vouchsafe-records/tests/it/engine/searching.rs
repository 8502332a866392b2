//! What a search finds, and for whom.

use vouchsafe_records::engine::{Failure, Search};

use super::office::{Office, day, ids, search};
use crate::bench::{Bench, on_both};

on_both!(
    records_are_found_by_what_the_pack_declares,
    a_search_looks_at_no_more_than_the_caller_may_see,
    without_a_subject_it_is_of_those_in_care,
    pages_go_on_where_the_last_one_ended,
    what_cannot_be_served_is_refused_by_name,
);

async fn records_are_found_by_what_the_pack_declares(bench: &Bench) {
    let office = Office::new(bench).await;
    let (meier, account) = office.customer("Meier").await;
    let (schulze, other) = office.customer("Schulze").await;
    let caller = office.back_office();
    let (holder, iban) = (format!("Customer:{meier}"), format!("DE-{schulze}"));
    let id = format!("{account} 7");
    let (today, before) = (day(0), day(-2));
    for (name, params, found) in [
        ("Customer", vec![("family", "MEIER")], vec![meier]),
        ("Customer", vec![("number", "K-Schulze")], vec![schulze]),
        (
            "Customer",
            vec![("born", "3.2.1970"), ("family", "meier")],
            vec![meier],
        ),
        ("Customer", vec![("born", "4.2.1970")], vec![]),
        ("Account", vec![("holder", &*holder)], vec![account]),
        ("Account", vec![("iban", &*iban)], vec![other]),
        (
            "Account",
            vec![("holder", &*holder), ("state", "open")],
            vec![account],
        ),
        (
            "Account",
            vec![("holder", &*holder), ("state", "shut")],
            vec![],
        ),
        (
            "Account",
            vec![("holder", &*holder), ("opened", "24.11.2020")],
            vec![account],
        ),
        (
            "Account",
            vec![("holder", &*holder), ("text", "pharm")],
            vec![account],
        ),
        ("Account", vec![("id", &*id)], vec![account]),
        (
            "Account",
            vec![("id", &*id), ("changed", &*today)],
            vec![account],
        ),
        ("Account", vec![("id", &*id), ("changed", &*before)], vec![]),
    ] {
        let page = office.search(&caller, name, &params).await.unwrap();
        assert_eq!(ids(&page), found, "{name} {params:?}");
    }
    office.close().await;
}

async fn a_search_looks_at_no_more_than_the_caller_may_see(bench: &Bench) {
    let office = Office::new(bench).await;
    let (customer, account) = office.customer("Meier").await;
    let (stranger, _) = office.customer("Schulze").await;
    let adviser = office.adviser(&[customer]).await;
    let holder = format!("Customer:{customer}");
    let found = office
        .search(&adviser, "Account", &[("holder", &holder)])
        .await;
    assert_eq!(ids(&found.unwrap()), [account]);
    // Why money was paid is hidden, so nothing is found by it.
    let by_text = [("holder", &*holder), ("text", "pharm")];
    let refused = office.search(&adviser, "Account", &by_text).await;
    assert_eq!(refused.map(drop), Err(Failure::Forbidden));
    let other = format!("Customer:{stranger}");
    let nothing = office
        .search(&adviser, "Account", &[("holder", &other)])
        .await;
    assert_eq!(nothing.unwrap().total, Some(0));
    let entries = office.close().await;
    assert!(entries.iter().any(|entry| entry.contains("no-permit")));
}

async fn without_a_subject_it_is_of_those_in_care(bench: &Bench) {
    let office = Office::new(bench).await;
    let (one, first) = office.customer("Meier").await;
    let (two, second) = office.customer("Schulze").await;
    office.customer("Weber").await;
    let adviser = office.adviser(&[one, two]).await;
    let page = office.search(&adviser, "Account", &[("state", "open")]);
    let mut theirs = [first, second];
    theirs.sort_unstable();
    assert_eq!(ids(&page.await.unwrap()), theirs);
    // Who has nobody's mandate, and may see all, must say whose.
    let all = office.search(&office.back_office(), "Account", &[]).await;
    assert_eq!(all.map(drop), Err(Failure::TooCostly));
    let own = office.caller("customer", Some(("Customer", one)));
    let page = office.search(&own, "Account", &[]).await.unwrap();
    assert_eq!(ids(&page), [first]);
    office.close().await;
}

async fn pages_go_on_where_the_last_one_ended(bench: &Bench) {
    let office = Office::new(bench).await;
    let mut customers = Vec::new();
    for number in 0..5 {
        customers.push(office.customer(&format!("Meier {number}")).await.0);
    }
    let caller = office.back_office();
    let mut asked = Search {
        count: 2,
        ..search("Customer", &[("family", "meier"), ("order", "-changed")])
    };
    let mut found = Vec::new();
    loop {
        let page = office.engine.search(&caller, &asked).await.unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items.iter().map(|item| item.id));
        let Some(next) = page.next else { break };
        asked.cursor = Some(next);
        asked.params.clear();
    }
    found.sort_unstable();
    customers.sort_unstable();
    assert_eq!(found, customers);
    // A cursor is its caller's.
    asked.cursor = asked.cursor.map(|cursor| cursor + "x");
    let refused = office.engine.search(&caller, &asked).await;
    assert_eq!(refused.map(drop), Err(Failure::BadCursor));
    let counted = Search {
        count: 0,
        ..search("Customer", &[("family", "meier")])
    };
    let counted = office.engine.search(&caller, &counted).await.unwrap();
    assert_eq!((counted.total, counted.items.len()), (Some(5), 0));
    office.close().await;
}

async fn what_cannot_be_served_is_refused_by_name(bench: &Bench) {
    let office = Office::new(bench).await;
    let caller = office.back_office();
    let unsupported = |name: &str| Failure::Unsupported(name.to_owned());
    for (params, failure) in [
        (("family:exact", "x"), unsupported("family")),
        (("Meier", "x"), unsupported("?")),
        (("order", "family"), unsupported("order")),
        (("changed:not", "x"), unsupported("changed")),
        (("born", "soon"), Failure::BadParam("born".to_owned())),
    ] {
        let refused = office.search(&caller, "Customer", &[params]).await;
        assert_eq!(refused.map(drop), Err(failure));
    }
    let lenient = Search {
        lenient: true,
        ..search("Customer", &[("Meier", "x"), ("family", "meier")])
    };
    let page = office.engine.search(&caller, &lenient).await.unwrap();
    assert_eq!(page.unsupported, ["?"]);
    office.close().await;
}
