//! Masking: a text without the values that were found in it.

use std::cmp::Reverse;

use crate::finding::Finding;

/// Puts findings in the order of their places and joins those that overlap.
///
/// One that is joined covers both, and is of the class that is surer; or longer; or that came later.
pub(crate) fn settle(found: &mut Vec<Finding>) {
    found.sort_by_key(|finding| (finding.span.start, Reverse(finding.span.end)));
    let mut settled: Vec<Finding> = Vec::with_capacity(found.len());
    for mut finding in found.drain(..) {
        match settled.last_mut() {
            Some(last) if finding.span.start < last.span.end => {
                let (start, end) = (last.span.start, last.span.end.max(finding.span.end));
                if (finding.confidence, finding.span.len()) >= (last.confidence, last.span.len()) {
                    std::mem::swap(last, &mut finding);
                }
                last.span = start..end;
            }
            _ => settled.push(finding),
        }
    }
    *found = settled;
}
