//! Asks promtool: are the rules valid, do their tests pass, and do the tests catch mutated rules?

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::mutants::{self, Mutant};
use super::tool::{Input, Run, Scratch, Tool};
use super::{Settings, rules};
use crate::digest::Digest;
use crate::files;
use crate::yaml::{self, Node};

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
    /// Tests again, each time with one rule file written differently.
    pub(super) variants: Vec<Variant>,
    /// `promtool check rules` on mutated files: together, and one by one when that fails.
    pub(super) checks: Vec<Checked>,
}

/// Tests with one rule file written differently.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    /// The rule file, and SHA-256 of what stood in it.
    pub(super) changed: Input,
    /// The test files that were run, where only tests that name the alert were left in them.
    pub(super) narrowed: Vec<Input>,
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
    let (mut rules_read, mut tests_read) = (Vec::new(), Vec::new());
    for (paths, read) in [
        (&rule_files, &mut rules_read),
        (&test_files, &mut tests_read),
    ] {
        for path in paths {
            let content = files::read(root, path, LIMIT)?;
            let root = yaml::document(&content).map_err(|why| format!("{path}: {why}"))?;
            read.push(File {
                path,
                content,
                root,
            });
        }
    }
    for test in &tests_read {
        confined(test)?;
    }
    let project = Files {
        rules: rules_read,
        tests: tests_read,
    };
    said.inputs = project
        .all()
        .map(|file| input(file.path, &file.content))
        .collect();
    said.inputs.sort();
    let work = Work::new(&project, tool)?;
    said.check = Some(work.run("check", rule_files.iter().map(String::as_str))?);
    if test_files.is_empty() {
        return Ok(("check rules".to_owned(), said));
    }
    let test = work.run("test", test_files.iter().map(String::as_str))?;
    let passes = test.exit == Some(0);
    said.test = Some(test);
    // Tests that fail as they are show nothing on mutants.
    if passes {
        vary(&project, tool, &mut said)?;
    }
    Ok(("check rules, test rules, mutated rules".to_owned(), said))
}

/// A file of the project.
struct File<'a> {
    path: &'a str,
    content: Vec<u8>,
    root: Node,
}

struct Files<'a> {
    rules: Vec<File<'a>>,
    tests: Vec<File<'a>>,
}

impl<'a> Files<'a> {
    fn all(&self) -> impl Iterator<Item = &File<'a>> {
        self.rules.iter().chain(&self.tests)
    }
}

/// Runs the tests on each rule file in one line, then on each of its mutants.
fn vary(project: &Files<'_>, tool: &Tool, said: &mut Said) -> Result<(), String> {
    let mut jobs = Vec::new();
    let work = Work::new(project, tool)?;
    for file in &project.rules {
        let restated = mutants::restated(&file.root);
        let mut texts = vec![restated.clone()];
        said.variants.push(work.vary(file, &restated, &[])?);
        for alert in rules::of_file(file.path, &file.root)? {
            let of_alert = mutants::of(&file.root, &alert);
            texts.extend(of_alert.iter().map(|mutant| mutant.text.clone()));
            jobs.push((file, alert, restated.clone(), of_alert));
        }
        work.check(&texts, &mut said.checks)?;
    }
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8);
    let done = std::thread::scope(|scope| {
        let start = |worker: usize| {
            let jobs = jobs.iter().enumerate().skip(worker).step_by(workers);
            scope.spawn(move || -> Result<Vec<(usize, Vec<Variant>)>, String> {
                let work = Work::new(project, tool)?;
                jobs.map(|(place, (file, alert, restated, mutants))| {
                    Ok((place, work.alert(file, &alert.name, restated, mutants)?))
                })
                .collect()
            })
        };
        let threads: Vec<_> = (0..workers).map(start).collect();
        let ended = threads.into_iter().map(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err("a thread ended by a fault of ours".to_owned()))
        });
        ended.collect::<Result<Vec<_>, String>>()
    })?;
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_by_key(|(place, _)| *place);
    said.variants
        .extend(done.into_iter().flat_map(|(_, variants)| variants));
    Ok(())
}

fn input(path: &str, content: &[u8]) -> Input {
    Input {
        path: path.to_owned(),
        sha256: Digest::of(content).to_string(),
    }
}

/// A temporary folder with the rules and tests, at the paths that they have in the project.
struct Work<'a> {
    scratch: Scratch,
    tool: &'a Tool,
    project: &'a Files<'a>,
}

impl<'a> Work<'a> {
    fn new(project: &'a Files<'a>, tool: &'a Tool) -> Result<Self, String> {
        let scratch = Scratch::new()?;
        for file in project.all() {
            scratch.write(file.path, &file.content)?;
        }
        Ok(Self {
            scratch,
            tool,
            project,
        })
    }

    fn run<'p>(&self, verb: &str, paths: impl Iterator<Item = &'p str>) -> Result<Run, String> {
        let mut arguments = vec![verb.to_owned(), "rules".to_owned()];
        // A name that begins with a dash is a file all the same.
        arguments.extend(paths.map(|path| format!("./{path}")));
        self.tool.run(self.scratch.path(), &arguments)
    }

    /// Runs all tests, or narrowed ones, on a rule file written differently.
    fn vary(
        &self,
        file: &File<'_>,
        text: &str,
        narrowed: &[(&str, String)],
    ) -> Result<Variant, String> {
        self.scratch.write(file.path, text.as_bytes())?;
        for (path, text) in narrowed {
            self.scratch.write(path, text.as_bytes())?;
        }
        let run = if narrowed.is_empty() {
            self.run("test", self.project.tests.iter().map(|test| test.path))?
        } else {
            self.run("test", narrowed.iter().map(|(path, _)| *path))?
        };
        self.scratch.write(file.path, &file.content)?;
        for test in &self.project.tests {
            self.scratch.write(test.path, &test.content)?;
        }
        Ok(Variant {
            changed: input(file.path, text.as_bytes()),
            narrowed: narrowed
                .iter()
                .map(|(path, text)| input(path, text.as_bytes()))
                .collect(),
            run,
        })
    }

    /// Runs the tests that name an alert on its mutants, and all tests on those that they do not notice.
    fn alert(
        &self,
        file: &File<'_>,
        name: &str,
        restated: &str,
        of_alert: &[Mutant],
    ) -> Result<Vec<Variant>, String> {
        let tests = self.project.tests.iter();
        let narrowed: Vec<(&str, String)> = tests
            .filter_map(|test| Some((test.path, mutants::narrowed(&test.root, name)?)))
            .collect();
        let mut variants = Vec::new();
        if !narrowed.is_empty() {
            variants.push(self.vary(file, restated, &narrowed)?);
        }
        for mutant in of_alert {
            if !narrowed.is_empty() {
                let variant = self.vary(file, &mutant.text, &narrowed)?;
                let noticed = variant.run.exit != Some(0);
                variants.push(variant);
                if noticed {
                    continue;
                }
            }
            variants.push(self.vary(file, &mutant.text, &[])?);
        }
        Ok(variants)
    }

    /// Checks that mutants are rules: a file that cannot be read would fail every test.
    fn check(&self, texts: &[String], checks: &mut Vec<Checked>) -> Result<(), String> {
        let mut named = Vec::new();
        for (text, number) in texts.iter().zip(1..) {
            // Beside the project's own files, whose paths begin with no such name.
            let path = format!(".mutants/{number:04}.yaml");
            self.scratch.write(&path, text.as_bytes())?;
            named.push(input(&path, text.as_bytes()));
        }
        let mut batch = |inputs: &[Input]| -> Result<bool, String> {
            let run = self.run("check", inputs.iter().map(|input| input.path.as_str()))?;
            let passes = run.exit == Some(0);
            let sha256 = inputs.iter().map(|input| input.sha256.clone()).collect();
            checks.push(Checked { sha256, run });
            Ok(passes)
        };
        // Command lines are limited.
        for some in named.chunks(500) {
            if !batch(some)? {
                for one in some {
                    batch(std::slice::from_ref(one))?;
                }
            }
        }
        Ok(())
    }
}

/// Refuses a test that would read rules from outside of the temporary folder.
fn confined(test: &File<'_>) -> Result<(), String> {
    let path = test.path;
    for named in test.root.list_at(&["rule_files"]) {
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
