//! Asks promtool: are the rules valid, do their tests pass, and do the tests catch mutated rules?

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::tool::{Input, Run, Scratch, Tool};
use super::{Settings, mutants, rules};
use crate::digest::Digest;
use crate::files;
use crate::yaml;

/// The largest file that is copied for promtool.
const LIMIT: u64 = 16 << 20;

/// What promtool said. The content of `alerts.promtool/1`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub(super) version: String,
    /// Whether it had a network.
    pub(super) network: String,
    /// The rule files and test files that it was given.
    pub(super) inputs: Vec<Input>,
    /// `promtool check rules` on all rules.
    pub(super) check: Option<Run>,
    /// `promtool test rules` on all tests; nothing when there are none.
    pub(super) test: Option<Run>,
    /// The tests again, each with one rule file written differently.
    pub(super) variants: Vec<Variant>,
    /// `promtool check rules` on mutated files: together, and one by one when that fails.
    pub(super) checks: Vec<Checked>,
}

/// The tests with one rule file written differently.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    /// The file, and SHA-256 of what stood in it.
    pub(super) changed: Input,
    pub(super) run: Run,
}

/// Mutated files that were checked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checked {
    /// SHA-256 of each.
    pub(super) sha256: Vec<String>,
    pub(super) run: Run,
}

/// Asks; the answer, and what it is an answer to.
pub(super) fn ask(root: &Path, settings: &Settings, tool: &Tool) -> Result<(String, Said), String> {
    let endings = [".yaml", ".yml"];
    let rule_files = files::expand(root, &settings.rules, &endings)?;
    let test_files = files::expand(root, &settings.tests, &endings)?;
    let scratch = Scratch::new()?;
    let mut said = Said {
        version: tool.version(scratch.path())?,
        network: tool.network().to_owned(),
        ..Said::default()
    };
    let work = Work {
        scratch,
        tool,
        tests: &test_files,
    };
    let mut originals = Vec::new();
    for path in &rule_files {
        let content = files::read(root, path, LIMIT)?;
        said.inputs.push(work.place(path, &content)?);
        originals.push((path, content));
    }
    for path in &test_files {
        let content = files::read(root, path, LIMIT)?;
        confined(path, &content)?;
        said.inputs.push(work.place(path, &content)?);
    }
    said.inputs.sort();
    said.check = Some(work.run("check", &rule_files)?);
    if test_files.is_empty() {
        return Ok(("check rules".to_owned(), said));
    }
    let test = work.run("test", &test_files)?;
    let passes = test.exit == Some(0);
    said.test = Some(test);
    // Tests that fail as they are show nothing on mutants.
    if passes {
        for (path, content) in &originals {
            work.vary(path, content, &mut said)?;
        }
    }
    Ok(("check rules, test rules, mutated rules".to_owned(), said))
}

/// A temporary folder with the rules and tests, at the paths that they have in the project.
struct Work<'a> {
    scratch: Scratch,
    tool: &'a Tool,
    tests: &'a [String],
}

impl Work<'_> {
    fn place(&self, path: &str, content: &[u8]) -> Result<Input, String> {
        self.scratch.write(path, content)?;
        Ok(Input {
            path: path.to_owned(),
            sha256: Digest::of(content).to_string(),
        })
    }

    fn run(&self, verb: &str, paths: &[String]) -> Result<Run, String> {
        let mut arguments = vec![verb.to_owned(), "rules".to_owned()];
        // A name that begins with a dash is a file all the same.
        arguments.extend(paths.iter().map(|path| format!("./{path}")));
        self.tool.run(self.scratch.path(), &arguments)
    }

    /// Runs the tests on a rule file as JSON, then on each of its mutants.
    fn vary(&self, path: &str, content: &[u8], said: &mut Said) -> Result<(), String> {
        let root = yaml::document(content).map_err(|why| format!("{path}: {why}"))?;
        let mut texts = vec![mutants::restated(&root)];
        for alert in rules::of_file(path, &root)? {
            let of_alert = mutants::of(&root, &alert);
            texts.extend(of_alert.into_iter().map(|mutant| mutant.text));
        }
        for text in &texts {
            let changed = self.place(path, text.as_bytes())?;
            let run = self.run("test", self.tests)?;
            said.variants.push(Variant { changed, run });
        }
        self.place(path, content)?;
        self.check(&texts, said)
    }

    /// Checks that mutants are rules: a file that cannot be read would fail every test.
    fn check(&self, texts: &[String], said: &mut Said) -> Result<(), String> {
        let mut named = Vec::new();
        for (text, number) in texts.iter().zip(1..) {
            // Beside the project's own files, whose paths begin with no such name.
            let input = self.place(&format!(".mutants/{number:04}.yaml"), text.as_bytes())?;
            named.push(input);
        }
        let mut batch = |inputs: &[Input]| -> Result<bool, String> {
            let paths: Vec<_> = inputs.iter().map(|input| input.path.clone()).collect();
            let run = self.run("check", &paths)?;
            let passes = run.exit == Some(0);
            let sha256 = inputs.iter().map(|input| input.sha256.clone()).collect();
            said.checks.push(Checked { sha256, run });
            Ok(passes)
        };
        if !batch(&named)? {
            for one in &named {
                batch(std::slice::from_ref(one))?;
            }
        }
        Ok(())
    }
}

/// Refuses a test that would read rules from outside of the temporary folder.
fn confined(path: &str, content: &[u8]) -> Result<(), String> {
    let root = yaml::document(content).map_err(|why| format!("{path}: {why}"))?;
    for named in root.list_at(&["rule_files"]) {
        let file = named.text().unwrap_or_default();
        let mut depth = path
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .count() as i64
            - 1;
        let mut leaves = file.starts_with('/');
        for part in file.split('/') {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            leaves |= depth < 0;
        }
        if leaves {
            return Err(format!("{path} names a rule file outside of the project"));
        }
    }
    Ok(())
}
