//! Populations of a window: their items, their root, their CSV.

use std::collections::BTreeSet;

use vouchsafe_tlog::{Frontier, hash_leaf};

use crate::judgement::Item;
use crate::window::Window;

/// The items of a window: what happened or lasted in it; and what has no time.
pub(super) fn in_window(items: &[Item], window: Window) -> Vec<Item> {
    let held = items.iter().filter(|item| match (item.at, item.until) {
        (None, _) => true,
        (Some(at), None) => {
            window.contains(at)
                || (at < window.from && item.columns.contains_key("state") && lasts(item))
        }
        (Some(at), until) => window.overlaps(at, until),
    });
    held.cloned().collect()
}

/// Whether an item without an end is one that lasts, and not one that happened once.
fn lasts(item: &Item) -> bool {
    item.columns
        .get("state")
        .is_some_and(|state| state.starts_with("open"))
}

/// The Merkle root over the items, as base64: RFC 9162 over each item's JSON.
pub(crate) fn root_of(items: &[Item]) -> String {
    let mut tree = Frontier::new();
    for item in items {
        tree.push(hash_leaf(&serde_json::to_vec(item).unwrap_or_default()));
    }
    tree.root().to_base64()
}

/// Items as CSV (RFC 4180): id, at, until, then every column that an item has.
pub(crate) fn csv(items: &[Item]) -> String {
    let columns: BTreeSet<&str> = items
        .iter()
        .flat_map(|item| item.columns.keys().map(String::as_str))
        .collect();
    let mut out = String::from("id,at,until");
    for column in &columns {
        out.push(',');
        out.push_str(&neutral(column));
    }
    out.push_str("\r\n");
    for item in items {
        out.push_str(&neutral(&item.id));
        for moment in [item.at, item.until] {
            out.push(',');
            if let Some(moment) = moment {
                out.push_str(&moment.to_string());
            }
        }
        for column in &columns {
            out.push(',');
            out.push_str(&neutral(
                item.columns.get(*column).map_or("", String::as_str),
            ));
        }
        out.push_str("\r\n");
    }
    out
}

/// A cell that no spreadsheet takes for a formula (CWE-1236), quoted where CSV asks for it.
pub(crate) fn neutral(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len() + 2);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        text.push('\'');
    }
    text.push_str(cell);
    if text.contains([',', '"', '\r', '\n']) || text != text.trim() {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_neutralised() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            let written = neutral(cell);
            assert!(
                written.trim_start_matches('"').starts_with('\''),
                "{written:?}"
            );
        }
        assert_eq!(neutral("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(neutral("plain"), "plain");
    }

    #[test]
    fn the_root_depends_on_every_item_and_on_their_order() {
        let item = |id: &str| Item {
            id: id.to_owned(),
            at: None,
            until: None,
            columns: std::collections::BTreeMap::new(),
        };
        let (a, b) = (item("a"), item("b"));
        let root = root_of(&[a.clone(), b.clone()]);
        assert_ne!(root, root_of(&[b, a.clone()]));
        assert_ne!(root, root_of(&[a]));
    }
}
