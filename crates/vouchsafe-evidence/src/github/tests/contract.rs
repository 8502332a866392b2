//! The recorded contract of GitHub's answers.

use serde_json::{Value, json};

use super::super::{DIALECT, endpoint};
use crate::forge::contract::Contract;

#[test]
fn every_endpoint_has_a_contract() {
    let contract = Contract::of(&DIALECT);
    let recorded = contract.endpoints();
    for endpoint in endpoint::ALL {
        assert!(recorded[endpoint.path] > 0, "{endpoint:?}");
    }
    assert_eq!(recorded.len(), endpoint::ALL.len());
}

#[test]
fn a_changed_field_is_seen() {
    let contract = Contract::of(&DIALECT);
    let changes = |body: Value| contract.changes(&endpoint::REVIEWS, &body);
    let review = json!([{"id": 1, "user": {"login": "a", "id": 2, "type": "User"}, "state": "APPROVED",
        "commit_id": "c0ffee", "submitted_at": "2026-01-01T00:00:00Z"}]);
    assert_eq!(changes(review.clone()), Vec::<String>::new());
    assert_eq!(changes(json!([])), Vec::<String>::new());

    let with = |change: &dyn Fn(&mut Value)| {
        let mut review = review.clone();
        change(&mut review[0]);
        changes(review)
    };
    let without_state = with(&|review| drop(review.as_object_mut().unwrap().remove("state")));
    assert_eq!(without_state, ["[].state is missing"]);
    assert_eq!(
        with(&|review| review["state"] = json!(7)),
        ["[].state is of another type"]
    );
    assert_eq!(
        with(&|review| review["state"] = json!("OK")),
        ["[].state has a value that is not known"]
    );
    assert_eq!(
        with(&|review| review["submitted_at"] = json!("yesterday")),
        ["[].submitted_at is of another type"]
    );
    // A user who is gone is null; the contract allows that.
    assert_eq!(
        with(&|review| review["user"] = Value::Null),
        Vec::<String>::new()
    );
    assert!(!with(&|review| review["user"] = json!("a")).is_empty());
    // A listing that is no list any more.
    assert!(!changes(json!({"reviews": []})).is_empty());
    assert!(!changes(Value::String("ok".to_owned())).is_empty());
}
