//! Collects reports of self-tests.

use super::{Report, SELF_TEST};
use crate::collect::{Call, Collected, Collector, Sink, look_for_phi};
use crate::files;
use crate::project::Project;
use crate::store::WriteError;

/// Reports are far smaller.
const LIMIT: u64 = 8 << 20;

#[derive(Debug)]
pub(super) struct SelfTests;

impl Collector for SelfTests {
    fn name(&self) -> &'static str {
        "self-test"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let tests = project.settings.self_tests.iter();
        let call = |path: &str| {
            Call::new(
                format!("read {path} (a report of `vouchsafe self-test`)"),
                "none",
            )
        };
        tests.map(|test| call(&test.report)).collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        for test in &project.settings.self_tests {
            let path = &test.report;
            let content = match files::read(project.root(), path, LIMIT) {
                Ok(content) => content,
                Err(why) => {
                    sink.failed(SELF_TEST, "file", path, why)?;
                    continue;
                }
            };
            let Ok(report) = serde_json::from_slice::<Report>(&content) else {
                let why =
                    "it is no report of `vouchsafe self-test --json` of a format that is known";
                sink.failed(SELF_TEST, "file", path, why)?;
                continue;
            };
            if let Err(why) = look(&report, sink) {
                sink.failed(SELF_TEST, "file", path, why)?;
                continue;
            }
            sink.put_screened(&Collected {
                schema: SELF_TEST,
                source: "file",
                request: path,
                collected_at: Some(report.at),
                effective: None,
                content: &content,
            })?;
        }
        Ok(())
    }
}

/// Looks for PHI in what is text of a report. Ids and digests are digits beside one another, and would look like numbers
/// of somebody: of them it is seen that they are nothing else.
fn look(report: &Report, sink: &Sink<'_>) -> Result<(), String> {
    let mut report = report.clone();
    let mut ids = vec![std::mem::take(&mut report.installation)];
    if let Some(access) = &mut report.access {
        ids.push(std::mem::take(&mut access.bundle));
        ids.push(std::mem::take(&mut access.matrix));
    }
    if let Some(identity) = &mut report.identity {
        let people = identity.people.iter_mut();
        ids.extend(people.map(|person| std::mem::take(&mut person.id)));
        ids.extend(std::mem::take(&mut identity.same).into_iter().flatten());
    }
    let is_id = |text: &String| {
        text.len() <= 80
            && text
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    if !ids.iter().all(is_id) {
        return Err("not stored: what should be an id is none".to_owned());
    }
    let text = serde_json::to_vec_pretty(&report).map_err(|error| error.to_string())?;
    look_for_phi(sink.detector(), SELF_TEST, &text)
}
