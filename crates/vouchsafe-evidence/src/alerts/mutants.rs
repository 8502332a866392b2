//! Mutated rules: each differs in one place, and the team's own tests must notice.
//!
//! The collector makes and runs them; the judge makes them again from the stored rules and looks for the run of exactly
//! these bytes. So none can be left out.

use super::rules::Alert;
use crate::yaml::{Node, Value};

/// A mutated rule file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mutant {
    /// What was changed, in words.
    pub(super) what: String,
    /// The whole file, as JSON (which is YAML).
    pub(super) text: String,
}

/// A rule file as JSON, unchanged: the tests must pass on it, or mutants show nothing.
pub(super) fn restated(root: &Node) -> String {
    let mut out = String::new();
    write(root, &mut out);
    out.push('\n');
    out
}

/// All mutants of an alert.
pub(super) fn of(root: &Node, alert: &Alert) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut add = |what: String, field: &str, value: Option<&str>| {
        let mut root = root.clone();
        if change(&mut root, alert.at, field, value).is_some() {
            let text = restated(&root);
            mutants.push(Mutant { what, text });
        }
    };
    add("it never fires".to_owned(), "expr", Some("vector(0) > 1"));
    if alert.is_watchdog() {
        return mutants;
    }
    let always = format!("({}\n) or on() vector(1)", alert.expression);
    add(
        "it fires where it was silent".to_owned(),
        "expr",
        Some(&always),
    );
    for (what, expression) in flipped(&alert.expression) {
        add(what, "expr", Some(&expression));
    }
    let waits = alert
        .lasts
        .as_deref()
        .is_some_and(|lasts| lasts.bytes().any(|byte| matches!(byte, b'1'..=b'9')));
    if waits {
        add("`for` is gone".to_owned(), "for", None);
        add("`for` is 9999d".to_owned(), "for", Some("9999d"));
    }
    mutants
}

/// The expression with each comparison and each logical operator turned round, one at a time.
fn flipped(expression: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (start, end) in operators(expression) {
        let parts = (
            expression.get(..start),
            expression.get(start..end),
            expression.get(end..),
        );
        let (Some(before), Some(operator), Some(after)) = parts else {
            continue;
        };
        let other = match operator.to_ascii_lowercase().as_str() {
            ">" => "<",
            "<" => ">",
            ">=" => "<",
            "<=" => ">",
            "==" => "!=",
            "!=" => "==",
            "and" => "or",
            "unless" => "and",
            _ => continue,
        };
        let nth = found.len().saturating_add(1);
        found.push((
            format!("its operator {nth} is {other} and not {operator}"),
            format!("{before}{other}{after}"),
        ));
    }
    found
}

/// Where comparisons and words stand in an expression: outside of texts, label matchers and comments.
fn operators(expression: &str) -> Vec<(usize, usize)> {
    let bytes = expression.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let (mut found, mut at, mut braces) = (Vec::new(), 0_usize, 0_usize);
    while let Some(here) = byte(at) {
        let next = at.saturating_add(1);
        match here {
            b'"' | b'\'' | b'`' => at = after_text(bytes, at, here),
            b'#' => {
                at = (at..bytes.len())
                    .find(|place| byte(*place) == Some(b'\n'))
                    .unwrap_or(bytes.len())
            }
            b'{' => (braces, at) = (braces.saturating_add(1), next),
            b'}' => (braces, at) = (braces.saturating_sub(1), next),
            b'>' | b'<' | b'=' | b'!' if braces == 0 => {
                let end = if byte(next) == Some(b'=') {
                    next.saturating_add(1)
                } else {
                    next
                };
                found.push((at, end));
                at = end;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
                let length = bytes.iter().skip(at).take_while(|byte| word(byte)).count();
                let end = at.saturating_add(length);
                if braces == 0 {
                    found.push((at, end));
                }
                at = end;
            }
            _ => at = next,
        }
    }
    found
}

fn after_text(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start.saturating_add(1);
    while let Some(byte) = bytes.get(at) {
        at = at.saturating_add(1);
        if *byte == quote {
            break;
        }
        if *byte == b'\\' && quote != b'`' {
            at = at.saturating_add(1);
        }
    }
    at
}

fn change(root: &mut Node, at: (usize, usize), field: &str, value: Option<&str>) -> Option<()> {
    let group = child(root, "groups", at.0)?;
    let rule = child(group, "rules", at.1)?;
    let Value::Map(entries) = &mut rule.value else {
        return None;
    };
    entries.retain(|(key, _)| value.is_some() || key != field);
    if let (Some(text), Some((_, node))) = (value, entries.iter_mut().find(|(key, _)| key == field))
    {
        node.value = Value::Scalar {
            text: text.to_owned(),
            plain: false,
        };
    }
    Some(())
}

fn child<'a>(node: &'a mut Node, key: &str, place: usize) -> Option<&'a mut Node> {
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    let (_, list) = entries.iter_mut().find(|(known, _)| known == key)?;
    let Value::List(list) = &mut list.value else {
        return None;
    };
    list.get_mut(place)
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar { text, plain } => {
            let bare = *plain && is_json(text);
            out.push_str(&if bare {
                text.clone()
            } else if node.is_null() {
                "null".to_owned()
            } else {
                quoted(text)
            });
        }
        Value::List(list) => {
            out.push('[');
            for (node, n) in list.iter().zip(0..) {
                out.push_str(if n == 0 { "" } else { ", " });
                write(node, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for ((key, node), n) in entries.iter().zip(0..) {
                out.push_str(if n == 0 { "" } else { ", " });
                out.push_str(&quoted(key));
                out.push_str(": ");
                write(node, out);
            }
            out.push('}');
        }
    }
}

/// Whether a text without quotes is the same in JSON: a number or a boolean.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text)
        .is_ok_and(|value| value.is_number() || value.is_boolean())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::rules;
    use crate::yaml;

    fn expressions(expression: &str) -> Vec<String> {
        flipped(expression)
            .into_iter()
            .map(|(_, expression)| expression)
            .collect()
    }

    #[test]
    fn operators_are_turned_round_one_at_a_time_and_only_they() {
        assert_eq!(
            expressions("a > 1 and b <= 2"),
            ["a < 1 and b <= 2", "a > 1 or b <= 2", "a > 1 and b > 2"]
        );
        assert_eq!(
            expressions("a{x!=\"y\",z=~\">\"} == 0"),
            ["a{x!=\"y\",z=~\">\"} != 0"]
        );
        assert_eq!(
            expressions("f('a > b') unless g # > c\n != bool 3"),
            [
                "f('a > b') and g # > c\n != bool 3",
                "f('a > b') unless g # > c\n == bool 3",
            ]
        );
        assert_eq!(
            expressions("sum(rate(a[5m])) by (band)"),
            Vec::<String>::new()
        );
        assert_eq!(expressions("\"\\\" > \" > 1"), ["\"\\\" > \" < 1"]);
        assert_eq!(expressions("é > 1"), ["é < 1"]);
    }

    #[test]
    fn mutants_differ_from_the_rules_and_from_one_another() {
        let text = "groups:\n- name: g\n  interval: 30s\n  limit: 10\n  rules:\n  - {record: r, expr: 1}\n  - alert: A\n    expr: up == 0\n    for: 5m\n    labels: {n: '1', severity: page}\n";
        let root = yaml::document(text.as_bytes()).unwrap();
        let alert = rules::of_file("f", &root).unwrap().remove(0);
        let mutants = of(&root, &alert);
        let whats: Vec<_> = mutants.iter().map(|mutant| mutant.what.as_str()).collect();
        assert_eq!(whats.len(), 5, "{whats:?}");
        let mut texts: Vec<_> = mutants.iter().map(|mutant| mutant.text.clone()).collect();
        texts.push(restated(&root));
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 6);
        let again = yaml::document(restated(&root).as_bytes()).unwrap();
        assert_eq!(
            again.at(&["groups"]).unwrap().list()[0]
                .get("limit")
                .unwrap()
                .int(),
            Some(10)
        );
        assert!(restated(&root).contains("\"n\": \"1\""));
    }

    #[test]
    fn a_watchdog_has_only_the_mutant_that_never_fires() {
        let text = "groups: [{name: g, rules: [{alert: W, expr: ' vector( 1 )'}]}]";
        let root = yaml::document(text.as_bytes()).unwrap();
        let alert = rules::of_file("f", &root).unwrap().remove(0);
        assert!(alert.is_watchdog());
        assert_eq!(of(&root, &alert).len(), 1);
    }
}
