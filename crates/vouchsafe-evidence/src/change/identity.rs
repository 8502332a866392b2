//! Which account a name and a mail address of git belong to.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::commit::{Commit, Person, Proof, coauthors};
use super::forge::Forge;
use super::forge_pages::WITHHELD;
use super::shapes::{Account, Pull, PullCommit, Written};

/// Accounts by mail address.
#[derive(Debug, Default)]
pub(super) struct Identities(BTreeMap<String, BTreeSet<String>>);

/// The people who made a change.
#[derive(Debug, Default)]
pub(super) struct Makers {
    /// Authors, committers and pushers.
    pub(super) authors: BTreeSet<String>,
    pub(super) coauthors: BTreeSet<String>,
    /// Whose account is not known, in words.
    pub(super) unknown: Vec<String>,
}

impl Identities {
    pub(super) fn of(settings: &Settings, forge: &Forge) -> Self {
        let mut known = Self::default();
        for (email, login) in &settings.identities {
            known.learn(email, login);
        }
        for commit in forge.all_commits() {
            let pairs = [
                (&commit.author, &commit.commit.author),
                (&commit.committer, &commit.commit.committer),
            ];
            for (account, written) in pairs {
                let email = written.as_ref().and_then(|by| by.email.as_deref());
                if let (Some(account), Some(email)) = (account, email) {
                    known.learn(email, &account.login);
                }
            }
        }
        known
    }

    fn learn(&mut self, email: &str, login: &str) {
        let logins = self.0.entry(email.to_ascii_lowercase()).or_default();
        logins.insert(login.to_ascii_lowercase());
    }

    /// The accounts of a mail address; none where that is not known.
    pub(super) fn logins(&self, email: &str) -> BTreeSet<String> {
        let email = email.to_ascii_lowercase();
        let mut logins = self.0.get(&email).cloned().unwrap_or_default();
        if let Some(local) = email.strip_suffix("@users.noreply.github.com") {
            let login = local.split_once('+').map_or(local, |(_, login)| login);
            logins.insert(login.to_owned());
        }
        logins
    }

    /// The people who made a pull request, and those whom the merged commit names as co-authors.
    pub(super) fn makers(
        &self,
        pull: &Pull,
        commits: &[&PullCommit],
        merged: &Commit,
        pusher: Option<&Account>,
    ) -> Makers {
        let mut makers = Makers::default();
        match &pull.user {
            Some(author) => {
                makers.authors.insert(author.key());
            }
            None => makers
                .unknown
                .push("the author of the pull request".to_owned()),
        }
        makers.authors.extend(pusher.map(Account::key));
        for commit in commits {
            self.made(
                &mut makers,
                "author",
                commit,
                &commit.author,
                &commit.commit.author,
            );
            let committer = &commit.commit.committer;
            let is_forge = commit.committer.as_ref().is_some_and(is_forge)
                || committer
                    .as_ref()
                    .and_then(|by| by.email.as_deref())
                    .is_some_and(|email| email == "noreply@github.com");
            if !is_forge {
                self.made(
                    &mut makers,
                    "committer",
                    commit,
                    &commit.committer,
                    committer,
                );
            }
            if commit.commit.message.starts_with(WITHHELD) {
                let text = format!(
                    "the co-authors of {}, whose message is withheld",
                    commit.sha
                );
                makers.unknown.push(text);
            }
            for person in coauthors(&commit.commit.message) {
                self.named(&mut makers, &person);
            }
        }
        if matches!(merged.proof, Proof::Withheld(_)) {
            let text = format!("the co-authors of {}, whose message is withheld", merged.id);
            makers.unknown.push(text);
        }
        for person in &merged.coauthors {
            self.named(&mut makers, person);
        }
        makers.unknown.sort();
        makers.unknown.dedup();
        makers
    }

    /// With the author of a commit that came without a pull request.
    pub(super) fn with_author(&self, mut makers: Makers, commit: &Commit) -> Makers {
        self.named(&mut makers, &commit.author);
        makers
    }

    fn made(
        &self,
        makers: &mut Makers,
        role: &str,
        commit: &PullCommit,
        account: &Option<Account>,
        written: &Option<Written>,
    ) {
        let written = written.as_ref();
        let email = written.and_then(|by| by.email.as_deref());
        let logins = match account {
            Some(account) => BTreeSet::from([account.key()]),
            None => email.map(|email| self.logins(email)).unwrap_or_default(),
        };
        if logins.is_empty() {
            let name = written.and_then(|by| by.name.as_deref());
            let name = name.unwrap_or("somebody without a name");
            makers
                .unknown
                .push(format!("{name}, {role} of {}", commit.sha));
        }
        makers.authors.extend(logins);
    }

    fn named(&self, makers: &mut Makers, person: &Person) {
        let logins = self.logins(&person.email);
        if logins.is_empty() {
            makers.unknown.push(format!("{}, co-author", person.name));
        }
        makers.coauthors.extend(logins);
    }
}

/// Whether an account is the forge itself, in the name of which it commits.
fn is_forge(account: &Account) -> bool {
    account.login == "web-flow"
}
