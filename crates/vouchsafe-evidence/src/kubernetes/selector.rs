//! Label selectors.

use std::collections::BTreeMap;

use crate::yaml::Node;

/// Labels of an object.
pub(super) type Labels = BTreeMap<String, String>;

/// The labels below a node.
pub(super) fn labels(node: Option<&Node>) -> Labels {
    let entries = node.map_or(&[][..], Node::entries).iter();
    entries
        .map(|(key, value)| (key.clone(), value.text().unwrap_or_default().to_owned()))
        .collect()
}

/// Whether a selector selects labels. No selector selects nothing, an empty one everything.
///
/// # Errors
/// In words, when the selector is none that Kubernetes would take.
pub(super) fn selects(selector: Option<&Node>, labels: &Labels) -> Result<bool, String> {
    let Some(selector) = selector else {
        return Ok(false);
    };
    for (key, _) in selector.entries() {
        if !matches!(key.as_str(), "matchLabels" | "matchExpressions") {
            return Err(format!("a selector has the unknown field {key}"));
        }
    }
    let wanted = self::labels(selector.get("matchLabels"));
    let mut all = wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    for expression in selector.list_at(&["matchExpressions"]) {
        all &= holds(expression, labels)?;
    }
    Ok(all)
}

fn holds(expression: &Node, labels: &Labels) -> Result<bool, String> {
    let key = expression
        .text_at(&["key"])
        .ok_or("a selector's expression has no key")?;
    let operator = expression.text_at(&["operator"]).unwrap_or_default();
    let values = expression.list_at(&["values"]);
    let value = labels.get(key);
    let among = value.is_some_and(|value| values.iter().any(|one| one.text() == Some(value)));
    match (operator, values.is_empty()) {
        ("In", false) => Ok(among),
        // An object without the label is selected too.
        ("NotIn", false) => Ok(!among),
        ("Exists", true) => Ok(value.is_some()),
        ("DoesNotExist", true) => Ok(value.is_none()),
        _ => Err(format!(
            "a selector's expression for {key} has an operator or values that Kubernetes refuses"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn of(selector: &str, given: &str) -> Result<bool, String> {
        let selector = yaml::document(selector.as_bytes()).unwrap();
        let given = yaml::document(given.as_bytes()).unwrap();
        selects(Some(&selector), &labels(Some(&given)))
    }

    #[test]
    fn expressions_select_as_kubernetes_does() {
        let has = "{app: a, tier: web}";
        for (selector, expected) in [
            ("{}", true),
            ("{matchLabels: {app: a}}", true),
            ("{matchLabels: {app: b}}", false),
            (
                "{matchExpressions: [{key: app, operator: In, values: [b, a]}]}",
                true,
            ),
            (
                "{matchExpressions: [{key: app, operator: NotIn, values: [a]}]}",
                false,
            ),
            (
                "{matchExpressions: [{key: none, operator: NotIn, values: [a]}]}",
                true,
            ),
            ("{matchExpressions: [{key: tier, operator: Exists}]}", true),
            (
                "{matchExpressions: [{key: tier, operator: DoesNotExist}]}",
                false,
            ),
            (
                "{matchLabels: {app: a}, matchExpressions: [{key: x, operator: Exists}]}",
                false,
            ),
        ] {
            assert_eq!(of(selector, has), Ok(expected), "{selector}");
        }
        assert_eq!(selects(None, &Labels::new()), Ok(false));
    }

    #[test]
    fn a_selector_that_kubernetes_refuses_is_no_answer() {
        assert!(
            of(
                "{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}",
                "{a: 2}"
            )
            .is_err()
        );
        assert!(
            of(
                "{matchExpressions: [{key: a, operator: In, values: []}]}",
                "{a: 2}"
            )
            .is_err()
        );
        assert!(of("{app: a}", "{app: a}").is_err());
    }
}
