//! Dependencies that nothing names: each one is code that somebody else may change.
//!
//! A crate that is there only to turn a feature on is listed with its reason in
//! `[package.metadata.vouchsafe] keep = ["..."]`.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, Package};

use crate::{
    sources::{self, Source},
    tokens::Token,
};

/// Product dependencies that the sources of their crate never name, and shared ones that no crate asks for.
pub(super) fn faults(metadata: &Metadata, workspace: &toml::Table) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut asked_for = BTreeSet::new();
    for package in metadata.workspace_packages() {
        asked_for.extend(package.dependencies.iter().map(|one| one.name.as_str()));
        let folder = package.manifest_path.with_file_name("src");
        faults.extend(unnamed(package, &sources::read(folder.as_std_path())?));
    }
    let shared = workspace
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table);
    let nobodys = shared
        .into_iter()
        .flat_map(toml::Table::keys)
        .filter(|name| !asked_for.contains(name.as_str()));
    faults.extend(nobodys.map(|name| format!("no crate asks for the shared dependency {name}")));
    Ok(faults)
}

fn unnamed(package: &Package, sources: &[Source]) -> Vec<String> {
    let words = words(sources);
    let kept: BTreeSet<&str> = package
        .metadata
        .pointer("/vouchsafe/keep")
        .and_then(|keep| keep.as_array())
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .collect();
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .filter(|dependency| !kept.contains(dependency.name.as_str()))
        .filter(|dependency| {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            !words.contains(name.replace('-', "_").as_str())
        })
        .map(|dependency| format!("{} never names {}", package.name, dependency.name))
        .collect()
}

fn words(sources: &[Source]) -> BTreeSet<&str> {
    sources
        .iter()
        .flat_map(|source| source.tokens.iter().filter_map(Token::word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(dependencies: &serde_json::Value, keep: &[&str]) -> Package {
        let mut package = cargo_metadata::MetadataCommand::new()
            .no_deps()
            .exec()
            .unwrap()
            .packages
            .remove(0);
        package.dependencies = serde_json::from_value(dependencies.clone()).unwrap();
        package.metadata = serde_json::json!({"vouchsafe": {"keep": keep}});
        package
    }

    fn dependency(name: &str, kind: Option<&str>) -> serde_json::Value {
        serde_json::json!({"name": name, "req": "*", "kind": kind, "optional": false,
            "uses_default_features": true, "features": [], "target": null})
    }

    #[test]
    fn a_dependency_that_only_tests_or_comments_name_is_not_named() {
        let used = dependency("aws-lc-rs", None);
        let in_tests = dependency("tempfile", None);
        let for_tests = dependency("insta", Some("dev"));
        let all = serde_json::json!([used, in_tests, for_tests]);
        let text =
            "use aws_lc_rs::aead; // tempfile\n#[cfg(test)] mod tests { use tempfile::TempDir; }";
        let sources = [Source::new("lib.rs", text)];
        let package_with = |keep: &[&str]| unnamed(&package(&all, keep), &sources);
        let faults = package_with(&[]);
        assert!(
            matches!(faults.as_slice(), [fault] if fault.ends_with("never names tempfile")),
            "{faults:?}"
        );
        assert_eq!(package_with(&["tempfile"]), Vec::<String>::new());
    }
}
