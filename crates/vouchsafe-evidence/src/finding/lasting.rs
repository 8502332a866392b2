//! How long a deviation lasted, from one observation to another.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::judgement::{Deviation, Excepted, Judgement, Outcome};
use crate::window::Window;

/// The deviations that lie in a window: each from the observation that first had it (or from when it says itself) to the
/// first later one that had it no more. An observation that ended in an error ends none.
pub(super) fn of<'a>(
    observations: impl Iterator<Item = (Timestamp, &'a Judgement)>,
    window: Window,
) -> (Vec<Deviation>, Vec<Excepted>) {
    let mut open: BTreeMap<(String, String), Deviation> = BTreeMap::new();
    let mut done = Vec::new();
    let mut excepted = Vec::new();
    for (at, judgement) in observations {
        if judgement.outcome == Outcome::Error {
            continue;
        }
        let mut still = BTreeMap::new();
        for one in &judgement.deviations {
            let key = (one.item.clone(), one.code.clone());
            let mut one = one.clone();
            let before = open.remove(&key).and_then(|before| before.since);
            one.since = before.or(one.since).or(Some(at));
            still.insert(key, one);
        }
        for (_, mut ended) in std::mem::replace(&mut open, still) {
            ended.until = ended.until.or(Some(at));
            done.push(ended);
        }
        for one in &judgement.excepted {
            let from = one.deviation.since.unwrap_or(at);
            if window.overlaps(from, one.deviation.until.or(Some(at))) && !excepted.contains(one) {
                excepted.push(one.clone());
            }
        }
    }
    done.extend(open.into_values());
    done.retain(|one| window.overlaps(one.since.unwrap_or(window.from), one.until));
    done.sort();
    (done, excepted)
}
