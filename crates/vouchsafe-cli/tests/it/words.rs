//! Help and errors, as files: `TRYCMD=overwrite cargo test -p vouchsafe-cli` writes new ones.

#[test]
fn help_and_errors_are_those_of_the_files() {
    trycmd::TestCases::new()
        .env("VOUCHSAFE_DATA", "./no-such-installation")
        .case("tests/cmd/*.trycmd");
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        let output = command.args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("who-saw"),
            "{shell}"
        );
    }
}
