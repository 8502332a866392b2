//! The one function of a predicate captures nothing, so it has nowhere to keep what it is shown.

use jiff::Timestamp;
use vouchsafe::document::{SpanOp, Test};

fn case(kept: &mut Vec<String>) -> Test {
    Test::Span {
        reads: |value| {
            kept.push(value.to_json());
            None
        },
        asked: (Timestamp::MIN, Timestamp::MAX),
        op: SpanOp::Eq,
    }
}

fn main() {}
