//! Code that must not compile.

/// Each case is one attempt to evade decision or record. The compiler's message is stored beside it, so that a case
/// cannot fail for another reason.
#[test]
fn ways_around_the_gate_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
