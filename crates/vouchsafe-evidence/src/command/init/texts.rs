//! The texts that `init` writes.

use std::path::PathBuf;

use super::{Ci, Init, Making, Stopped, quoted};

/// `evidence/evidence.toml`.
pub(super) fn settings(init: &Init, making: &Making, key: &str) -> String {
    let place = |name: &str, path: Option<&PathBuf>, example: &str| match path {
        Some(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            format!("{name} = {}", quoted(&path.to_string_lossy()))
        }
        None => format!("# {name} = \"{example}\""),
    };
    let branches: Vec<_> = making
        .branches
        .iter()
        .map(|branch| quoted(branch))
        .collect();
    include_str!("../../../data/templates/evidence.toml")
        .replace("\"@NAME@\"", &quoted(&making.name))
        .replace("@SINCE@", &making.since.to_string())
        .replace("\"@STORE@\"", &quoted(&making.store))
        .replace("@KEY@", key)
        .replace("@S3@", &s3(&making.store))
        .replace("@BRANCHES@", &branches.join(", "))
        .replace(
            "@RUSTSEC@",
            &place("rustsec", init.rustsec.as_ref(), "../advisory-db"),
        )
        .replace(
            "@GO@",
            &place("go", init.go_vulndb.as_ref(), "../go-vulndb"),
        )
}

/// `[log.s3]`, with what the environment says now: others who run it may have no such variables.
fn s3(store: &str) -> String {
    if !store.starts_with("s3:") {
        return String::new();
    }
    let set = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.find(|value| !value.is_empty())
    };
    let line = |name: &str, value: Option<String>, example: &str| match value {
        Some(value) => format!("{name} = {}\n", quoted(&value)),
        None => format!("# {name} = \"{example}\"\n"),
    };
    let region = line(
        "region",
        set(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
        "eu-central-1",
    );
    let endpoint = line(
        "endpoint",
        set(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
        "https://storage.example",
    );
    include_str!("../../../data/templates/s3.toml")
        .replace("@REGION@\n", &region)
        .replace("@ENDPOINT@\n", &endpoint)
}

/// The workflow, with its path.
pub(super) fn workflow(
    init: &Init,
    making: &Making,
) -> Result<Option<(&'static str, String)>, Stopped> {
    const PATH: &str = ".github/workflows/evidence.yml";
    let Some(Ci::Github) = init.ci else {
        return Ok(None);
    };
    if making.git.root().join(PATH).exists() {
        return Err(Stopped(format!(
            "{PATH} is there already; remove it, or leave out --ci"
        )));
    }
    let commit = init
        .tool_commit
        .clone()
        .or_else(|| option_env!("VOUCHSAFE_COMMIT").map(str::to_owned))
        .filter(|commit| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or_else(|| Stopped("the workflow builds this tool at one commit, and this program does not know its own: give --tool-commit, 40 hexadecimal digits".to_owned()))?;
    let branches: Vec<_> = making
        .branches
        .iter()
        .map(|branch| quoted(branch))
        .collect();
    let (contents, credentials) = match making.store.split_once(':') {
        Some(("branch", log)) => (
            format!("write # pushes the branch {log}, which holds the log and nothing else"),
            "",
        ),
        Some(("s3", _)) => (
            "read # the history; the log is in S3-compatible storage".to_owned(),
            "          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n",
        ),
        _ => {
            return Err(Stopped(
                "runners of CI keep no folders: use --store branch:NAME or s3:BUCKET/PREFIX"
                    .to_owned(),
            ));
        }
    };
    let text = include_str!("../../../data/ci/github.yml")
        .replace("@BRANCHES@", &branches.join(", "))
        .replace("@CONTENTS@", &contents)
        .replace("@CREDENTIALS@\n", credentials)
        .replace("@REPOSITORY@", env!("CARGO_PKG_REPOSITORY"))
        .replace("@COMMIT@", &commit);
    Ok(Some((PATH, text)))
}
