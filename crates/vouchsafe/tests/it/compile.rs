//! What must not compile.

/// Each case is one way around decision or record; the compiler's words are kept beside it, so that
/// a case cannot come to fail for another reason.
#[test]
fn ways_around_the_gate_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
