//! Which saved pages are asked for again.
//!
//! Pages of a change move less and less after its merge, and calls are limited. So a page of a change is asked for
//! again when the time since the merge has doubled, until thirty days after it. Settings are asked for at every start.

use jiff::{SignedDuration, Timestamp};

use super::page::Page;

/// A run that was broken off goes on from pages that are younger than this.
const RUN: SignedDuration = SignedDuration::from_hours(12);
/// Pages that were asked so long after the merge are not asked for again.
const SETTLED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A forge links a commit to its pull request some time after the merge (GitHub).
pub(crate) const LINK: SignedDuration = SignedDuration::from_mins(10);

/// What a page speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// A setting or listing as it is now.
    Now,
    /// A change that was merged then.
    Merged(Timestamp),
    /// A pull request that is open, or closed without a merge.
    Open,
}

/// Whether a saved page is taken as it is.
pub(crate) fn is_settled(page: &Page, subject: Subject, now: Timestamp) -> bool {
    if !page.is_answer() || !page.changed.is_empty() || page.at > now {
        return false;
    }
    let age = now.duration_since(page.at);
    match subject {
        Subject::Now => false,
        Subject::Open => age < RUN,
        Subject::Merged(merged) => {
            let then = page.at.duration_since(merged);
            let since = now.duration_since(merged);
            let empty = page
                .body
                .as_deref()
                .is_some_and(|body| body.get().trim() == "[]");
            if empty && then < LINK && since >= LINK {
                return false;
            }
            age < RUN || then >= SETTLED || since < then.saturating_mul(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn page(hours: i64, body: &str) -> Page {
        let line = format!(
            r#"{{"page":1,"method":"GET","path":"/x","query":"","status":200,"at":"{}","headers":{{}},"complete":true,"body":{body}}}"#,
            at(hours)
        );
        Page::read(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_page_is_asked_for_again_when_the_time_since_the_merge_has_doubled() {
        let merged = Subject::Merged(at(0));
        let settled = |asked: i64, now: i64| is_settled(&page(asked, "{}"), merged, at(now));
        assert!(settled(24, 47));
        assert!(!settled(24, 48));
        assert!(settled(48, 95));
        assert!(settled(1, 12));
        assert!(!settled(1, 13));
        assert!(settled(30 * 24, 100_000));
        // A page from the future is none.
        assert!(!settled(24, 23));
    }

    #[test]
    fn settings_and_refusals_are_always_asked_for_again() {
        assert!(!is_settled(&page(1, "{}"), Subject::Now, at(1)));
        let mut refused = page(1, "{}");
        refused.status = 404;
        assert!(!is_settled(&refused, Subject::Open, at(1)));
        let mut cut = page(1, "{}");
        cut.complete = false;
        assert!(!is_settled(&cut, Subject::Open, at(1)));
    }

    #[test]
    fn an_empty_link_of_the_first_minutes_is_asked_for_again() {
        let merged = Subject::Merged(at(1));
        let later = at(1).saturating_add(LINK).unwrap();
        assert!(is_settled(&page(1, "[{}]"), merged, later));
        assert!(!is_settled(&page(1, "[]"), merged, later));
    }
}
