//! Help and errors, as files: `TRYCMD=overwrite cargo test -p vouchsafe-cli` writes them anew.

#[test]
fn help_and_errors_are_those_of_the_files() {
    trycmd::TestCases::new()
        .env("VOUCHSAFE_DATA", "./no-such-installation")
        .case("tests/cmd/*.trycmd");
}
