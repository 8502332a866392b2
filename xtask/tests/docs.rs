//! What the documents say is there is there: linked files and headings, the proofs of claims.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Documents, with all that is below where it is a folder.
    const DOCUMENTS: [&str; 8] = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs",
        "packs",
        "policies",
        "vectors",
    ];
    /// Tables of claims, whose last column names files and commands: the document, its heading, and how many at least.
    const CLAIMS: [(&str, &str, usize); 2] = [
        ("README.md", "## Five proofs", 5),
        ("docs/proofs.md", "# What is proven, and by what", 50),
    ];

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .canonicalize()
            .unwrap()
    }

    fn documents() -> Vec<PathBuf> {
        fn add(path: &Path, found: &mut Vec<PathBuf>) {
            if path.is_dir() {
                for entry in fs::read_dir(path).unwrap() {
                    add(&entry.unwrap().path(), found);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.to_owned());
            }
        }
        let mut found = Vec::new();
        for name in DOCUMENTS {
            add(&root().join(name), &mut found);
        }
        assert!(found.len() > 20, "only {} documents", found.len());
        found
    }

    /// The text without blocks and spans of code, where brackets are no links.
    fn prose(text: &str) -> String {
        let mut fenced = false;
        let mut out = String::new();
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced && !line.starts_with("    ") {
                let parts = line.split('`').step_by(2);
                out.extend(parts);
                out.push('\n');
            }
        }
        out
    }

    fn links(text: &str) -> Vec<String> {
        let parts = text.split("](").skip(1);
        parts
            .filter_map(|part| part.split_once(')'))
            .map(|(link, _)| link.to_owned())
            .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
            .collect()
    }

    /// The anchors of the headings, as GitHub makes them.
    fn anchors(text: &str) -> BTreeSet<String> {
        let headings = text.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = title
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.map(|c| if c == ' ' { '-' } else { c }).collect()
            })
            .collect()
    }

    #[test]
    fn links_between_documents_resolve() {
        let mut broken = Vec::new();
        for document in documents() {
            let text = fs::read_to_string(&document).unwrap();
            for link in links(&prose(&text)) {
                let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
                let target = match path {
                    "" => document.clone(),
                    path => document.parent().unwrap().join(path),
                };
                let anchored = || {
                    let text = fs::read_to_string(&target).unwrap_or_default();
                    anchor.is_empty() || anchors(&text).contains(anchor)
                };
                if !target.exists() || !anchored() {
                    let document = document.strip_prefix(root()).unwrap().display().to_string();
                    broken.push(format!("{document}: {link}"));
                }
            }
        }
        assert!(
            broken.is_empty(),
            "links that lead nowhere:\n{}",
            broken.join("\n")
        );
    }

    #[test]
    fn what_is_claimed_names_proofs_that_exist() {
        let mut missing = Vec::new();
        for (document, heading, least) in CLAIMS {
            let text = fs::read_to_string(root().join(document)).unwrap();
            let (_, section) = text.split_once(heading).expect("a table of claims");
            let section = section.split("\n## ").next().unwrap();
            let rows: Vec<&str> = section
                .lines()
                .filter(|line| line.starts_with('|'))
                .skip(2)
                .collect();
            assert!(rows.len() >= least, "{document}: {} claims", rows.len());
            for row in rows {
                let proof = row.trim_end_matches('|').rsplit('|').next().unwrap();
                let proofs = proof.split('`').skip(1).step_by(2);
                let proofs: Vec<&str> = proofs.flat_map(|proof| proof.split(" && ")).collect();
                if proofs.is_empty() {
                    missing.push(format!("{row}: names no proof"));
                }
                for proof in proofs {
                    if let Some(fault) = fault(proof) {
                        missing.push(format!("{proof}: {fault}"));
                    }
                }
            }
        }
        assert!(
            missing.is_empty(),
            "claims without proof:\n{}",
            missing.join("\n")
        );
    }

    #[test]
    fn commands_in_the_readme_name_crates_and_subcommands_that_exist() {
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        let lines = readme.lines().filter_map(|line| line.strip_prefix("    "));
        let mut commands = 0;
        let mut missing = Vec::new();
        for line in lines {
            let line = line.split(" #").next().unwrap();
            for command in line.split("&&").map(str::trim) {
                if ["cargo ", "vouchsafe ", "./"]
                    .iter()
                    .any(|start| command.starts_with(start))
                {
                    commands += 1;
                    missing.extend(fault(command).map(|fault| format!("{command}: {fault}")));
                }
            }
        }
        assert!(commands > 5, "only {commands} commands");
        assert!(
            missing.is_empty(),
            "commands that are not there:\n{}",
            missing.join("\n")
        );
    }

    /// What is wrong with a file or a command that a document names.
    fn fault(named: &str) -> Option<String> {
        let words: Vec<&str> = named.split_whitespace().collect();
        match words.as_slice() {
            ["cargo", rest @ ..] => cargo_fault(rest),
            ["vouchsafe", rest @ ..] => subcommand_fault(rest),
            [path, ..] if root().join(path).exists() => None,
            _ => Some("no such file".to_owned()),
        }
    }

    fn cargo_fault(words: &[&str]) -> Option<String> {
        let after = |flag: &str| {
            words
                .iter()
                .position(|word| *word == flag)
                .map(|at| words[at + 1])
        };
        let package = after("-p")?;
        let folder = ["crates", "."].map(|parent| root().join(parent).join(package));
        let Some(folder) = folder
            .iter()
            .find(|folder| folder.join("Cargo.toml").exists())
        else {
            return Some(format!("no crate {package}"));
        };
        for (flag, place) in [("--bench", "benches"), ("--test", "tests")] {
            if let Some(name) = after(flag) {
                let places = [format!("{name}.rs"), format!("{name}/main.rs")];
                if !places
                    .iter()
                    .any(|file| folder.join(place).join(file).exists())
                {
                    return Some(format!("no {place}/{name}"));
                }
            }
        }
        let arguments = words.split(|word| *word == "--").nth(1)?;
        match package {
            "xtask" => variant_fault(&root().join("xtask/src/main.rs"), arguments),
            "vouchsafe-cli" => subcommand_fault(arguments),
            _ => None,
        }
    }

    fn subcommand_fault(arguments: &[&str]) -> Option<String> {
        variant_fault(&root().join("crates/vouchsafe-cli/src/main.rs"), arguments)
    }

    /// Subcommands are variants of an enum in the program's main file.
    fn variant_fault(main: &Path, arguments: &[&str]) -> Option<String> {
        let name = arguments.first()?;
        let source = fs::read_to_string(main).unwrap();
        let (first, rest) = name.split_at(1);
        let variant = format!("{}{rest}", first.to_uppercase());
        let declared = source.lines().map(str::trim).any(|line| {
            line.strip_prefix(&variant)
                .is_some_and(|rest| rest.starts_with(['(', ',', ' ', '{']))
        });
        (!declared).then(|| format!("no subcommand {name}"))
    }
}
