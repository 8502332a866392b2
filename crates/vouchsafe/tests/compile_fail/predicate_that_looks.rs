//! The function that reads a value inside a predicate comes only from the module that reviewers search for.

use jiff::Timestamp;
use vouchsafe::document::{Node, Span, SpanOp, Test};

fn look(value: &Node) -> Option<Span> {
    println!("{:?}", value.as_str());
    None
}

fn case() -> Test {
    Test::Span {
        reads: look,
        asked: (Timestamp::MIN.into(), Timestamp::MAX.into()),
        op: SpanOp::Eq,
    }
}

fn main() {}
