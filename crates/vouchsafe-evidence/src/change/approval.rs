//! Approved: a person with write access, who did not make the change, and whose last review approves the very head that
//! was merged, before the merge.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::forge::Forge;
use super::identity::{Identities, Makers};
use super::link::Coded;
use super::rights::Rights;
use super::shapes::{Account, Pull, Review};

/// What the reviews of a pull request come to.
#[derive(Debug, Default)]
pub(super) struct Approval {
    /// Accounts whose approval counts, and when each gave it.
    pub(super) by: Vec<(String, Timestamp)>,
    /// The same after the merge.
    pub(super) late: Vec<(String, Timestamp)>,
    /// Why those after the merge may not count, if that is not shown.
    pub(super) late_unseen: Option<String>,
    pub(super) deviations: Vec<Coded>,
    pub(super) unseen: Vec<String>,
}

/// What reviews are judged by.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    pub(super) rights: &'a Rights,
    pub(super) identities: &'a Identities,
    pub(super) makers: &'a Makers,
    pub(super) pull: &'a Pull,
    pub(super) merged_at: Timestamp,
}

/// Why an approval does not count.
enum Void {
    Deviates(Coded),
    Unseen(String),
}

impl Terms<'_> {
    /// Judges the reviews of a pull request.
    pub(super) fn judge(&self, forge: &Forge) -> Approval {
        let path = format!("/pulls/{}/reviews", self.pull.number);
        let mut approval = Approval::default();
        let reviews = match forge.reviews(&path) {
            Ok((at, _)) if at < self.merged_at => {
                let why = "its reviews were listed before its merge";
                approval.unseen.push(why.to_owned());
                return approval;
            }
            Ok((_, reviews)) => forge.reviews_since(&path, self.merged_at, &reviews),
            Err(why) => {
                approval.unseen.push(why);
                return approval;
            }
        };
        let reviews: Vec<&Review> = reviews.iter().collect();
        let (before, after): (Vec<_>, Vec<_>) = match verdicts(&reviews) {
            Ok(verdicts) => verdicts
                .into_iter()
                .partition(|(_, at)| *at <= self.merged_at),
            Err(why) => {
                approval.unseen.push(why);
                return approval;
            }
        };
        self.take(&mut approval, last(before), last(after));
        approval
    }

    fn take(
        &self,
        approval: &mut Approval,
        before: Vec<(&Review, Timestamp)>,
        after: Vec<(&Review, Timestamp)>,
    ) {
        let (mut void, mut open) = (BTreeMap::new(), Vec::new());
        for (review, at) in before {
            match review.state.as_str() {
                "APPROVED" => match self.counts(review, at) {
                    Ok(login) => approval.by.push((login, at)),
                    Err(Void::Unseen(why)) => approval.unseen.push(why),
                    Err(Void::Deviates((code, text))) => {
                        void.entry(code).or_insert(text);
                    }
                },
                "CHANGES_REQUESTED" if self.blocks(review, at) => open.push(review),
                _ => {}
            }
        }
        for (review, at) in after {
            if review.state == "APPROVED"
                && let Ok(login) = self.counts(review, at)
            {
                approval.late.push((login, at));
            }
        }
        if !open.is_empty() {
            let text = format!("{} reviews that ask for changes were open", open.len());
            approval.deviations.push(("CHANGES_REQUESTED_OPEN", text));
        }
        self.conclude(approval, void);
        if !approval.late.is_empty() {
            approval.late_unseen = self.doubt(approval.late.len());
        }
    }

    /// Why the reviewer may be one of the makers, when that is not shown. Of two reviewers one at least is not the last
    /// pusher.
    fn doubt(&self, reviewers: usize) -> Option<String> {
        let makers = self.makers;
        if !makers.unknown.is_empty() {
            return Some(format!(
                "whether the reviewer made it is not shown, no account is known of: {}",
                makers.unknown.join("; ")
            ));
        }
        let why = makers.pusher_unseen.as_ref().filter(|_| reviewers < 2)?;
        Some(format!(
            "whether the reviewer pushed the head is not shown: {why}"
        ))
    }

    fn conclude(&self, approval: &mut Approval, void: BTreeMap<&'static str, String>) {
        if !approval.by.is_empty() {
            // One approval that counts is enough: what others cannot show does not matter.
            approval.unseen.clear();
            match self.doubt(approval.by.len()) {
                Some(text) if !self.makers.unknown.is_empty() => {
                    approval.by.clear();
                    approval.deviations.push(("UNKNOWN_IDENTITY", text));
                }
                Some(text) => approval.unseen.push(text),
                None => {}
            }
            return;
        }
        if !approval.unseen.is_empty() {
            return;
        }
        if !approval.late.is_empty() {
            let text = "it was approved after it was merged".to_owned();
            approval.deviations.push(("APPROVED_AFTER_MERGE", text));
        } else if void.is_empty() {
            let text = "nobody approved it before it was merged".to_owned();
            approval.deviations.push(("NO_APPROVAL", text));
        }
        approval.deviations.extend(void);
    }

    /// The account whose approval counts.
    fn counts(&self, review: &Review, at: Timestamp) -> Result<String, Void> {
        let deviates = |code, text: String| Err(Void::Deviates((code, text)));
        let Some(account) = &review.user else {
            return deviates(
                "UNKNOWN_IDENTITY",
                "an approval is by an account that the forge does not name".to_owned(),
            );
        };
        let login = &account.login;
        let is_of =
            |makers: &BTreeSet<String>| account.keys().iter().any(|key| makers.contains(key));
        if self.identities.is_machine(account) {
            return deviates("BOT_APPROVAL", format!("{login} is no person"));
        }
        if is_of(&self.makers.authors) {
            return deviates("SELF_APPROVAL", format!("{login} made it and approved it"));
        }
        if is_of(&self.makers.coauthors) {
            return deviates(
                "COAUTHOR_APPROVAL",
                format!("{login} is a co-author of it and approved it"),
            );
        }
        match self.rights.may_write(account, at) {
            Ok(true) => {}
            Ok(false) => {
                return deviates(
                    "REVIEWER_NO_RIGHT",
                    format!("{login} approved it without write access"),
                );
            }
            Err(why) => {
                return Err(Void::Unseen(format!("the rights of {login}: {why}")));
            }
        }
        if review.commit_id.as_ref() != Some(&self.pull.head.sha) {
            return deviates(
                "STALE_APPROVAL",
                format!("{login} approved another head than the one that was merged"),
            );
        }
        Ok(login.clone())
    }

    /// Whether a review that asks for changes is by somebody whose word the forge heeds.
    fn blocks(&self, review: &Review, at: Timestamp) -> bool {
        let account = review.user.as_ref();
        account.is_none_or(|account| self.rights.may_write(account, at) != Ok(false))
    }
}

/// The reviews that say yes or no, with their times. Comments change nothing at the forge.
fn verdicts<'a>(reviews: &[&'a Review]) -> Result<Vec<(&'a Review, Timestamp)>, String> {
    let mut verdicts = Vec::new();
    for review in reviews {
        match review.state.as_str() {
            "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED" => {
                let at = review
                    .submitted_at
                    .ok_or_else(|| "a review has no submitted_at".to_owned())?;
                verdicts.push((*review, at));
            }
            "COMMENTED" | "PENDING" => {}
            _ => return Err("a review has a state that is not known".to_owned()),
        }
    }
    Ok(verdicts)
}

/// The last verdict of each account; of accounts that are not named, each.
fn last(mut verdicts: Vec<(&Review, Timestamp)>) -> Vec<(&Review, Timestamp)> {
    verdicts.sort_by_key(|(review, at)| (*at, review.id));
    let mut last: BTreeMap<(Option<String>, u64), (&Review, Timestamp)> = BTreeMap::new();
    for (review, at) in verdicts {
        let key = review.user.as_ref().map(Account::key);
        let apart = if key.is_none() { review.id } else { 0 };
        last.insert((key, apart), (review, at));
    }
    last.into_values().collect()
}
