//! The tables that a report refers to where it shows a part only.

use super::Report;
use super::text::severity;
use crate::finding::neutral;
use crate::judgement::Deviation;

/// Every deviation and excepted deviation of the window.
pub(super) const DEVIATIONS: &str = "deviations.csv";
/// Every entry of evidence of the window.
pub(super) const EVIDENCE: &str = "evidence.csv";

/// Where the population of a check stands in the pack.
pub(super) fn population_file(check: &str) -> String {
    format!("populations/{check}.csv")
}

/// The tables, each with its name in the pack. CSV by RFC 4180, without cells that a spreadsheet would run.
pub(crate) fn tables(report: &Report<'_>) -> Vec<(String, String)> {
    vec![
        (DEVIATIONS.to_owned(), deviations(report)),
        (EVIDENCE.to_owned(), evidence(report)),
    ]
}

fn deviations(report: &Report<'_>) -> String {
    let mut out = String::from("check,exception,severity,code,item,text,since,until,place\r\n");
    for check in &report.findings.checks {
        let open = check.deviations.iter().map(|one| ("", one));
        let excepted = check.excepted.iter();
        let excepted = excepted.map(|one| (one.exception.as_str(), &one.deviation));
        for (exception, one) in open.chain(excepted) {
            row(&mut out, &deviation(&check.check, exception, one));
        }
    }
    out
}

fn deviation(check: &str, exception: &str, one: &Deviation) -> [String; 9] {
    let at = |moment: Option<jiff::Timestamp>| moment.map_or_else(String::new, |at| at.to_string());
    [
        check.to_owned(),
        exception.to_owned(),
        severity(one.severity).to_owned(),
        one.code.clone(),
        one.item.clone(),
        one.text.clone(),
        at(one.since),
        at(one.until),
        one.place.clone().unwrap_or_default(),
    ]
}

fn evidence(report: &Report<'_>) -> String {
    let mut out =
        String::from("index,type,source,request,collected_at,late,failed,sha256,size\r\n");
    for line in &report.evidence {
        let cells = [
            line.index.to_string(),
            line.schema.to_owned(),
            line.source.to_owned(),
            line.request.to_owned(),
            line.collected_at.to_string(),
            if line.late { "late" } else { "" }.to_owned(),
            line.failed.unwrap_or_default().to_owned(),
            line.content.to_string(),
            line.size.to_string(),
        ];
        row(&mut out, &cells);
    }
    out
}

fn row(out: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&neutral(cell));
    }
    out.push_str("\r\n");
}
