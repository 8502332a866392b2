//! Answers an auditor's own list of requests from a pack: what it holds, what it does not, and where.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{CheckFinding, Findings, State, neutral};

/// The topics that this program knows.
const TOPICS: &str = include_str!("../data/requests.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topic: Vec<Topic>,
}

/// Something that auditors ask for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    id: String,
    title: String,
    words: Vec<Vec<String>>,
    checks: Vec<String>,
}

/// The answer to one request.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Answer {
    /// The request as it came.
    pub(crate) request: String,
    /// The topics as which it was understood; none: answer it by hand.
    pub(crate) topics: Vec<String>,
    /// What the pack holds for it.
    pub(crate) holds: Vec<String>,
    /// What it does not hold.
    pub(crate) lacks: Vec<String>,
    /// Files of the pack.
    pub(crate) files: Vec<String>,
}

/// Answers a list of requests, given as CSV with a header line.
///
/// # Errors
/// In words: when the list is no CSV, or has no column with requests.
pub(crate) fn answer(
    list: &[u8],
    column: Option<&str>,
    findings: &Findings,
) -> Result<Vec<Answer>, String> {
    let topics = toml::from_str::<File>(TOPICS)
        .map_err(|error| error.to_string())?
        .topic;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(false)
        .from_reader(strip_mark(list));
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = column_of(&header, column)?;
    let mut answers = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let request = record.get(place).unwrap_or_default().trim();
        if !request.is_empty() {
            answers.push(of(request, &topics, findings));
        }
    }
    if answers.is_empty() {
        return Err("the list has no requests".to_owned());
    }
    Ok(answers)
}

fn strip_mark(list: &[u8]) -> &[u8] {
    list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list)
}

/// The column with the requests: the one that was named, or the only one whose name says so.
fn column_of(header: &csv::StringRecord, column: Option<&str>) -> Result<usize, String> {
    let names: Vec<String> = header
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    let wanted: Vec<String> = match column {
        Some(column) => vec![column.trim().to_lowercase()],
        None => [
            "request",
            "requests",
            "item",
            "description",
            "evidence request",
            "request description",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let found = wanted
        .iter()
        .find_map(|name| names.iter().position(|known| known == name));
    found.ok_or_else(|| {
        format!(
            "no column with requests: name it with --column; the list has {}",
            names.join(", ")
        )
    })
}

fn of(request: &str, topics: &[Topic], findings: &Findings) -> Answer {
    let words = words(request);
    let mut answer = Answer {
        request: request.to_owned(),
        topics: Vec::new(),
        holds: Vec::new(),
        lacks: Vec::new(),
        files: vec!["report.html".to_owned()],
    };
    for topic in topics.iter().filter(|topic| topic.is_meant(&words)) {
        answer.topics.push(format!("{}: {}", topic.id, topic.title));
        for id in &topic.checks {
            match findings.checks.iter().find(|check| check.check == *id) {
                Some(check) => answer.take(check),
                None => answer.lacks.push(format!("{id}: no check in this pack")),
            }
        }
    }
    if answer.topics.is_empty() {
        answer.files.clear();
        answer
            .lacks
            .push("the request was not understood: answer it by hand".to_owned());
    }
    answer
}

impl Topic {
    fn is_meant(&self, words: &str) -> bool {
        let said = |word: &String| words.contains(&format!(" {word} "));
        self.words.iter().all(|any| any.iter().any(said))
    }
}

/// Lower-case words with one blank between them, and at both ends.
fn words(text: &str) -> String {
    let mut out = String::from(" ");
    for word in text
        .to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .filter(|word| !word.is_empty())
    {
        out.push_str(word);
        out.push(' ');
    }
    out
}

impl Answer {
    fn take(&mut self, check: &CheckFinding) {
        let mut line = format!("{} ({}): {}", check.check, check.title, check.state.word());
        if let Some(population) = &check.population {
            line.push_str(&format!(
                ", {} items, {} judged in full",
                population.items, population.observed
            ));
            self.files.push(format!("populations/{}.csv", check.check));
        }
        if !check.deviations.is_empty() {
            line.push_str(&format!(", {} deviations", check.deviations.len()));
        }
        match check.state {
            State::NoEvidence => {
                let why = check.notes.first().map_or("never judged", String::as_str);
                self.lacks.push(format!("{}: {why}", check.check));
            }
            _ => self.holds.push(line),
        }
        if !check.coverage.gaps.is_empty() && check.state != State::NoEvidence {
            self.lacks.push(format!(
                "{}: covered {}",
                check.check,
                check.coverage.words()
            ));
        }
        for (what, count) in &check.unobservable {
            self.lacks
                .push(format!("{}: {count} x {what}", check.check));
        }
    }
}

/// Answers as CSV.
pub(crate) fn as_csv(answers: &[Answer]) -> String {
    let mut out =
        String::from("request,understood as,the pack holds,the pack does not hold,where\r\n");
    for answer in answers {
        let cells = [
            answer.request.clone(),
            answer.topics.join("\n"),
            answer.holds.join("\n"),
            answer.lacks.join("\n"),
            answer.files.join("\n"),
        ];
        let cells: Vec<_> = cells.iter().map(|cell| neutral(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// How many requests were understood as each topic.
pub(crate) fn counts(answers: &[Answer]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let kind = match (answer.topics.is_empty(), answer.lacks.is_empty()) {
            (true, _) => "not understood",
            (false, true) => "answered in full",
            (false, false) => "answered in part",
        };
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Window;

    fn findings() -> Findings {
        let window = Window::days("2026-01-01".parse().unwrap(), "2026-06-30".parse().unwrap());
        Findings {
            window: window.unwrap(),
            as_of: "2026-07-01T00:00:00Z".parse().unwrap(),
            before: 0,
            controls: Vec::new(),
            checks: Vec::new(),
        }
    }

    fn topics(request: &str) -> Vec<String> {
        let list = format!("No.,Request\n1,\"{request}\"\n");
        let answers = answer(list.as_bytes(), None, &findings()).unwrap();
        let topics = answers[0].topics.iter();
        topics
            .map(|topic| topic.split(':').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn requests_in_the_words_of_auditors_are_understood() {
        for (request, topic) in [
            (
                "Population of all changes to production during the period",
                "changes",
            ),
            (
                "Evidence that MFA is enforced for the source code repository",
                "mfa",
            ),
            ("Quarterly user access reviews", "access"),
            ("Most recent external penetration test report", "pentest"),
            ("Executed Business Associate agreements (BAAs)", "vendors"),
            ("Results of the annual tabletop exercise", "incidents"),
            ("Backup schedule and a restore test", "backups"),
        ] {
            assert!(topics(request).contains(&topic.to_owned()), "{request}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_and_never_answered() {
        let list = b"Request\nBoard minutes\n";
        let answers = answer(list, None, &findings()).unwrap();
        assert!(answers[0].topics.is_empty() && answers[0].holds.is_empty());
        assert!(answers[0].lacks[0].contains("by hand"));
        assert!(answer(b"a,b\n1,2\n", None, &findings()).is_err());
        assert!(answer(b"Request\n", None, &findings()).is_err());
    }

    #[test]
    fn a_request_that_a_spreadsheet_would_run_is_neutralised() {
        let answers = answer(b"Request\n=cmd|' /C calc'!A0\n", None, &findings()).unwrap();
        assert!(as_csv(&answers).contains("'=cmd"));
    }
}
