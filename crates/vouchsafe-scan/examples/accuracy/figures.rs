//! The tables of `docs/scan-accuracy.md`, and the same as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use vouchsafe_scan::class::Class;

use crate::score::{Group, Precision, Recall, Score, Where, by_template, wilson};
use crate::template::Kind;
use crate::text::Origin;

/// All tables in Markdown.
pub(crate) fn markdown(score: &Score) -> String {
    let mut text = String::new();
    let tables = [
        aims(score),
        classes(score),
        names(score),
        kinds(score),
        forms(score),
        clean(score),
    ];
    for table in tables {
        text.push_str(&table);
        text.push('\n');
    }
    text
}

/// The score as JSON.
pub(crate) fn json(score: &Score) -> Value {
    let recall = |group: &Group| {
        let recall = score.recall.get(group).cloned().unwrap_or_default();
        let (low, high) = wilson(recall.found, recall.labelled);
        json!({ "labelled": recall.labelled, "found": recall.found, "any": recall.any, "part": recall.part, "low": low, "high": high })
    };
    let classes = Class::ALL.map(|class| {
        let precision = score.precision.get(&class).copied().unwrap_or_default();
        json!({ "class": class.name(), "recall": recall(&Group::Class(class)),
            "right": precision.right, "other_class": precision.other, "false": precision.wrong })
    });
    let names = NAMES.map(|(title, origin, place)| json!({ "names": title, "recall": recall(&Group::Names(origin, place)) }));
    json!({
        "lines": score.lines, "documents": score.documents, "structured": recall(&Group::Structured), "classes": classes, "names": names,
        "clean": { "lines": score.clean.lines, "bytes": score.clean.bytes, "false": score.clean.found },
    })
}

/// Tools side by side, on the same lines.
pub(crate) fn beside(scores: &[(String, Score)]) -> String {
    let Some((_, first)) = scores.first() else {
        return String::new();
    };
    let names: Vec<&str> = scores.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!(
        "{} labelled lines in {} documents, {} clean lines.\n\n| recall | labelled | {} |\n|---|---|{}\n",
        thousands(first.lines),
        thousands(first.documents),
        thousands(first.clean.lines),
        names.join(" | "),
        "---|".repeat(scores.len()),
    );
    let none = Recall::default();
    for (title, group) in compared() {
        let cell = |score: &Score| {
            let recall = of(score, &group, &none);
            let (low, high) = wilson(recall.found, recall.labelled);
            format!("{} ({low:.2} to {high:.2})", share(recall))
        };
        let labelled = thousands(of(first, &group, &none).labelled);
        let cells: Vec<String> = scores.iter().map(|(_, score)| cell(score)).collect();
        let _ = writeln!(text, "| {title} | {labelled} | {} |", cells.join(" | "));
    }
    for (title, cell) in OTHERWISE {
        let cells: Vec<String> = scores.iter().map(|(_, score)| cell(score)).collect();
        let _ = writeln!(text, "| {title} | | {} |", cells.join(" | "));
    }
    text
}

fn compared() -> Vec<(String, Group)> {
    let mut rows = vec![
        ("identifiers that have a form".to_owned(), Group::Structured),
        ("places in words".to_owned(), Group::PlaceWords),
    ];
    rows.extend(
        NAMES.map(|(title, origin, place)| (format!("names {title}"), Group::Names(origin, place))),
    );
    rows.extend(Class::ALL.map(|class| (class.name().to_owned(), Group::Class(class))));
    rows
}

type Cell = fn(&Score) -> String;

const OTHERWISE: [(&str, Cell); 6] = [
    ("names found in part only", names_in_part),
    ("all but secrets, as any class", any_class),
    ("precision", all_precise),
    (
        "found letters and digits that belong to no value",
        |score| format!("{:.1} %", beyond(score)),
    ),
    ("false findings in a million clean lines", |score| {
        per_million(score, score.clean.found)
    }),
    ("of these as dates", |score| {
        per_million(
            score,
            score.clean.classes.get(&Class::Date).copied().unwrap_or(0),
        )
    }),
];

fn names_in_part(score: &Score) -> String {
    let none = Recall::default();
    let names = of(score, &Group::Class(Class::Name), &none);
    format!(
        "{:.3}",
        names.part as f64 / f64::max(names.labelled as f64, 1.0)
    )
}

fn any_class(score: &Score) -> String {
    let kinds = score
        .recall
        .iter()
        .filter(|(group, _)| matches!(group, Group::Kind(_)));
    let (any, all) = kinds.fold((0, 0), |sum, (_, recall)| {
        (sum.0 + recall.any, sum.1 + recall.labelled)
    });
    format!("{:.3}", any as f64 / f64::max(all as f64, 1.0))
}

fn all_precise(score: &Score) -> String {
    let sum = score
        .precision
        .values()
        .fold(Precision::default(), |sum, one| Precision {
            right: sum.right + one.right,
            other: sum.other + one.other,
            wrong: sum.wrong + one.wrong,
        });
    precise(sum)
}

/// The share of covered letters and digits that belong to no value, in percent.
fn beyond(score: &Score) -> f64 {
    if score.covered == 0 {
        0.0
    } else {
        100.0 * score.beyond as f64 / score.covered as f64
    }
}

fn per_million(score: &Score, count: u64) -> String {
    thousands(
        (count * 1_000_000)
            .checked_div(score.clean.lines)
            .unwrap_or(0),
    )
}

/// What was missed or falsely found, most first, by template, form and class: no values.
pub(crate) fn misses(score: &Score, count: usize) -> String {
    let mut rows: Vec<(&String, (u64, u64))> = score
        .misses
        .iter()
        .map(|(key, &counts)| (key, counts))
        .collect();
    rows.retain(|(_, (_, missed))| *missed > 0);
    rows.sort_by_key(|(_, (_, missed))| std::cmp::Reverse(*missed));
    let mut text = String::new();
    for (key, (all, missed)) in rows.into_iter().take(count) {
        let _ = writeln!(text, "{missed:6} of {all:6}  {key}");
    }
    let mut rows: Vec<(&String, &u64)> = score.clean.templates.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (key, found) in rows.into_iter().take(count) {
        let _ = writeln!(text, "{found:6} in clean lines  {key}");
    }
    text
}

const NAMES: [(&str, Origin, Where); 4] = [
    ("in logs, with dictionary", Origin::Dictionary, Where::Logs),
    ("in logs, without dictionary", Origin::Outside, Where::Logs),
    (
        "in clinical notes, with dictionary",
        Origin::Dictionary,
        Where::Notes,
    ),
    (
        "in clinical notes, without dictionary",
        Origin::Outside,
        Where::Notes,
    ),
];

fn share(recall: &Recall) -> String {
    if recall.labelled == 0 {
        return "-".to_owned();
    }
    format!("{:.3}", recall.found as f64 / recall.labelled as f64)
}

fn interval((low, high): (f64, f64)) -> String {
    format!("{low:.3} to {high:.3}")
}

fn of<'s>(score: &'s Score, group: &Group, none: &'s Recall) -> &'s Recall {
    score.recall.get(group).unwrap_or(none)
}

fn aims(score: &Score) -> String {
    let none = Recall::default();
    let mut text = format!(
        "{} labelled lines in {} documents.\n\n",
        thousands(score.lines),
        thousands(score.documents)
    );
    text.push_str("| what | labelled | recall | 95 % interval | by template | aim |\n|---|---|---|---|---|---|\n");
    let mut row = |what: &str, group: Group, aim: &str| {
        let recall = of(score, &group, &none);
        let _ = writeln!(
            text,
            "| {what} | {} | {} | {} | {} | {aim} |",
            thousands(recall.labelled),
            share(recall),
            interval(wilson(recall.found, recall.labelled)),
            interval(by_template(recall)),
        );
    };
    row("identifiers that have a form", Group::Structured, "0.98");
    row(
        "places in words: street, city, county",
        Group::PlaceWords,
        "-",
    );
    for ((title, origin, place), aim) in NAMES.into_iter().zip(["0.95", "0.80", "-", "-"]) {
        row(&format!("names {title}"), Group::Names(origin, place), aim);
    }
    row("secrets", Group::Class(Class::Secret), "-");
    let _ = writeln!(
        text,
        "\nOf the letters and digits that findings cover, {:.1} % belong to no labelled value.",
        beyond(score)
    );
    text
}

fn classes(score: &Score) -> String {
    let none = Recall::default();
    let mut text = String::from(
        "| class | labelled | recall | 95 % interval | by template | found as any class | found in part | precision | false findings |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for class in Class::ALL {
        let recall = of(score, &Group::Class(class), &none);
        let precision = score.precision.get(&class).copied().unwrap_or_default();
        let part = |count: u64| {
            if recall.labelled == 0 {
                0.0
            } else {
                count as f64 / recall.labelled as f64
            }
        };
        let _ = writeln!(
            text,
            "| {class} | {} | {} | {} | {} | {:.3} | {:.3} | {} | {} |",
            thousands(recall.labelled),
            share(recall),
            interval(wilson(recall.found, recall.labelled)),
            interval(by_template(recall)),
            part(recall.any),
            part(recall.part),
            precise(precision),
            thousands(precision.wrong),
        );
    }
    text
}

fn precise(precision: Precision) -> String {
    precision
        .share()
        .map_or("-".to_owned(), |share| format!("{share:.3}"))
}

fn names(score: &Score) -> String {
    let none = Recall::default();
    let mut text = String::from(
        "| names in | with dictionary: labelled, recall | without: labelled, recall |\n|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let cell = |origin| {
            let recall = of(score, &Group::NamesIn(kind, origin), &none);
            format!("{}, {}", thousands(recall.labelled), share(recall))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            kind.title(),
            cell(Origin::Dictionary),
            cell(Origin::Outside)
        );
    }
    text
}

fn kinds(score: &Score) -> String {
    let none = Recall::default();
    let mut text = String::from(
        "| kind of text | labelled | recall | 95 % interval | precision | false findings |\n|---|---|---|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let recall = of(score, &Group::Kind(kind), &none);
        let precision = score.precision_in.get(&kind).copied().unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            kind.title(),
            thousands(recall.labelled),
            share(recall),
            interval(wilson(recall.found, recall.labelled)),
            precise(precision),
            thousands(precision.wrong),
        );
    }
    text
}

/// The forms that are found least, of those with at least 30 values.
fn forms(score: &Score) -> String {
    let mut rows: Vec<(&String, &Recall)> = score
        .recall
        .iter()
        .filter_map(|(group, recall)| match group {
            Group::Form(form) if recall.labelled >= 30 && !form.starts_with("name:") => {
                Some((form, recall))
            }
            _ => None,
        })
        .collect();
    let rate = |recall: &Recall| recall.found * 1_000_000 / recall.labelled.max(1);
    rows.sort_by_key(|(_, recall)| rate(recall));
    let mut text = String::from(
        "| form found least | labelled | recall | found as any class |\n|---|---|---|---|\n",
    );
    for (form, recall) in rows.into_iter().take(20) {
        let any = recall.any as f64 / recall.labelled.max(1) as f64;
        let _ = writeln!(
            text,
            "| {form} | {} | {} | {any:.3} |",
            thousands(recall.labelled),
            share(recall)
        );
    }
    text
}

fn clean(score: &Score) -> String {
    let clean = &score.clean;
    if clean.lines == 0 {
        return String::new();
    }
    let million = |count: u64| count as f64 * 1_000_000.0 / clean.lines as f64;
    let (low, high) = wilson(clean.found.min(clean.lines), clean.lines);
    let mut text = format!(
        "{} clean lines, {} MB: {} false findings, {:.0} in a million lines (95 %: {:.0} to {:.0}; aim: at most 100), of {} templates.\n\n",
        thousands(clean.lines),
        clean.bytes / 1_000_000,
        thousands(clean.found),
        million(clean.found),
        low * 1_000_000.0,
        high * 1_000_000.0,
        clean.templates.len(),
    );
    if clean.found > 0 {
        text.push_str("| false in clean lines, as | in a million lines |\n|---|---|\n");
        for (class, count) in &clean.classes {
            let _ = writeln!(text, "| {class} | {:.0} |", million(*count));
        }
    }
    text
}

fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, sign) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(sign);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_each_class_and_kind_and_no_value() {
        let score = Score::default();
        let tables = markdown(&score);
        for class in Class::ALL {
            assert!(tables.contains(&format!("| {class} |")));
        }
        for kind in Kind::ALL {
            assert_eq!(tables.matches(&format!("| {} |", kind.title())).count(), 2);
        }
        assert_eq!(json(&score)["classes"].as_array().map(Vec::len), Some(19));
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
