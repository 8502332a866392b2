//! Which account a name and a mail address of git belong to.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::commit::{Commit, Person, Proof, coauthors};
use super::forge::Forge;
use super::forge_pages::WITHHELD;
use super::machines::Machines;
use super::pushers::Pushed;
use super::shapes::{Account, Origin, Pull, PullCommit, Written, key_of_id};

/// Under this address the forge commits in the name of people.
const FORGE_ADDRESS: &str = "noreply@github.com";

/// Accounts by mail address.
#[derive(Debug)]
pub(super) struct Identities {
    /// Keys of accounts.
    known: BTreeMap<String, BTreeSet<String>>,
    /// Keys of every account that ever had a login: it may have been given up, and taken by somebody else.
    by_login: BTreeMap<String, BTreeSet<String>>,
    /// Commits that somebody pushed, by the list of pushes: the forge did not make them.
    pushed: BTreeSet<String>,
    machines: Machines,
}

/// Who made a change.
#[derive(Debug, Default)]
pub(super) struct Makers {
    /// Keys of authors, committers and pushers.
    pub(super) authors: BTreeSet<String>,
    pub(super) coauthors: BTreeSet<String>,
    /// Whose account is not known, in words.
    pub(super) unknown: Vec<String>,
    /// Programs that are named as authors or co-authors.
    pub(super) programs: BTreeSet<String>,
    /// Logins of those who pushed it.
    pub(super) pushers: Vec<String>,
    /// Why it is not shown who pushed the head, if it is not.
    pub(super) pusher_unseen: Option<String>,
}

impl Identities {
    pub(super) fn of(settings: &Settings, forge: &Forge) -> Self {
        let mut found = Self {
            known: BTreeMap::new(),
            by_login: BTreeMap::new(),
            pushed: BTreeSet::new(),
            machines: Machines::of(settings),
        };
        for (_, push) in forge.pushes() {
            if matches!(push.activity_type.as_str(), "push" | "force_push") {
                found.pushed.insert(push.after.to_string());
            }
        }
        let pulls = forge.all_pulls().filter_map(|pull| pull.user.as_ref());
        let commits = forge.all_commits();
        let of_commits = commits.flat_map(|commit| [&commit.author, &commit.committer]);
        for account in pulls.chain(of_commits.flatten()) {
            let of_login = found.by_login.entry(account.key_of_login()).or_default();
            of_login.insert(account.key());
        }
        for (email, login) in &settings.identities {
            let keys = found.keys_of_login(login);
            found.learn(email, keys);
        }
        for commit in forge.all_commits() {
            let pairs = [
                (&commit.author, &commit.commit.author),
                (&commit.committer, &commit.commit.committer),
            ];
            for (account, written) in pairs {
                let email = written.as_ref().and_then(|by| by.email.as_deref());
                if let (Some(account), Some(email)) = (account, email) {
                    found.learn(email, [account.key()]);
                }
            }
        }
        found
    }

    fn learn(&mut self, email: &str, keys: impl IntoIterator<Item = String>) {
        let known = self.known.entry(email.to_ascii_lowercase()).or_default();
        known.extend(keys);
    }

    /// A login that stands without its number: it, and every account that ever had it.
    fn keys_of_login(&self, login: &str) -> BTreeSet<String> {
        let login = login.to_ascii_lowercase();
        let mut keys = self.by_login.get(&login).cloned().unwrap_or_default();
        keys.insert(login);
        keys
    }

    /// Keys of the accounts of a mail address; none where that is not known.
    fn keys(&self, email: &str) -> BTreeSet<String> {
        let email = email.to_ascii_lowercase();
        let mut keys = self.known.get(&email).cloned().unwrap_or_default();
        let hidden = [
            ("@users.noreply.github.com", '+'),
            ("@users.noreply.gitlab.com", '-'),
        ];
        for (suffix, between) in hidden {
            let Some(local) = email.strip_suffix(suffix) else {
                continue;
            };
            let (id, login) = match local.split_once(between) {
                Some((id, login)) => (id.parse().ok(), login),
                None => (None, local),
            };
            match id {
                Some(id) => {
                    keys.insert(key_of_id(id));
                }
                None => keys.extend(self.keys_of_login(login)),
            }
        }
        keys
    }

    /// Whether an account is no person.
    pub(super) fn is_machine(&self, account: &Account) -> bool {
        self.machines.is_account(account)
    }

    /// Who made a pull request, who pushed it, and whom the merged commit names.
    pub(super) fn makers(
        &self,
        pull: &Pull,
        commits: &[&PullCommit],
        merged: &Commit,
        pushed: Pushed<'_>,
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
        for commit in commits {
            self.made_commit(&mut makers, commit);
        }
        for account in pushed.by {
            makers.authors.insert(account.key());
            makers.pushers.push(account.login.clone());
        }
        makers.pushers.sort();
        makers.pushers.dedup();
        makers.pusher_unseen = pushed.unseen;
        self.merged_commit(&mut makers, pull, merged);
        makers.unknown.sort();
        makers.unknown.dedup();
        makers
    }

    /// With the author of a commit that came without a pull request.
    pub(super) fn with_author(&self, mut makers: Makers, commit: &Commit) -> Makers {
        self.named(&mut makers, &commit.author, "author");
        makers
    }

    fn made_commit(&self, makers: &mut Makers, commit: &PullCommit) {
        let inner = &commit.commit;
        self.made(makers, "author", commit, &commit.author, &inner.author);
        match by_forge(commit) {
            // The forge signs what it commits: the name alone is free for everybody to write.
            Some(Signed::Verified) => {}
            Some(Signed::No) => makers.unknown.push(format!(
                "the committer of {}, who is called the forge without its verified signature",
                commit.sha
            )),
            None => self.made(
                makers,
                "committer",
                commit,
                &commit.committer,
                &inner.committer,
            ),
        }
        if inner.message.starts_with(WITHHELD) {
            makers.unknown.push(withheld(&commit.sha));
        }
        for person in coauthors(&inner.message) {
            self.named(makers, &person, "co-author");
        }
    }

    /// The commit that was merged: its co-authors; and who made it, where a merge was not made by the forge, since what
    /// such a merge brings beside its parents was reviewed by nobody.
    fn merged_commit(&self, makers: &mut Makers, pull: &Pull, merged: &Commit) {
        if matches!(merged.proof, Proof::Withheld(_)) {
            makers.unknown.push(withheld(&merged.id));
        }
        for person in &merged.coauthors {
            self.named(makers, person, "co-author");
        }
        let is_merge =
            merged.parents.len() > 1 && pull.merge_commit_sha.as_ref() == Some(&merged.id);
        // GitLab makes its merges in the name of the person who merges.
        let signs = pull.origin == Origin::GitHub;
        // The address is free for everybody to write; what was pushed, the forge did not make.
        let by_forge =
            merged.committer.email == FORGE_ADDRESS && !self.pushed.contains(&*merged.id);
        if is_merge && signs && !by_forge {
            for person in [&merged.author, &merged.committer] {
                self.named(makers, person, "who merged it elsewhere than at the forge");
            }
        }
    }

    fn made(
        &self,
        makers: &mut Makers,
        role: &str,
        commit: &PullCommit,
        account: &Option<Account>,
        written: &Option<Written>,
    ) {
        if let Some(account) = account {
            if self.machines.is_account(account) {
                makers.programs.insert(account.login.clone());
            }
            makers.authors.insert(account.key());
            return;
        }
        let field = |field: fn(&Written) -> &Option<String>| {
            let text = written.as_ref().and_then(|by| field(by).as_deref());
            text.unwrap_or_default().to_owned()
        };
        let person = Person {
            name: field(|by| &by.name),
            email: field(|by| &by.email),
        };
        if let Some(program) = self.machines.program(&person) {
            makers.programs.insert(program);
            return;
        }
        let keys = self.keys(&person.email);
        if keys.is_empty() {
            let name = match person.name.as_str() {
                "" => "somebody without a name",
                name => name,
            };
            makers
                .unknown
                .push(format!("{name}, {role} of {}", commit.sha));
        }
        makers.authors.extend(keys);
    }

    fn named(&self, makers: &mut Makers, person: &Person, role: &str) {
        let keys = self.keys(&person.email);
        if let Some(program) = self.machines.program(person) {
            makers.programs.insert(program);
        } else if keys.is_empty() {
            makers.unknown.push(format!("{}, {role}", person.name));
        }
        let of_role = match role {
            "co-author" => &mut makers.coauthors,
            _ => &mut makers.authors,
        };
        of_role.extend(keys);
    }
}

fn withheld(id: &str) -> String {
    format!("the co-authors of {id}, whose message is withheld")
}

/// Whether a signature was verified by the forge.
enum Signed {
    Verified,
    No,
}

/// Whether a commit says that the forge committed it, and whether that is shown.
fn by_forge(commit: &PullCommit) -> Option<Signed> {
    let account = commit.committer.as_ref();
    let written = commit.commit.committer.as_ref();
    let is_named = account.is_some_and(|account| account.login == "web-flow")
        || written.and_then(|by| by.email.as_deref()) == Some(FORGE_ADDRESS);
    is_named.then(|| match is_signed(commit) {
        true => Signed::Verified,
        false => Signed::No,
    })
}

/// Whether the forge verified the signature of a commit: then its committer made it.
pub(super) fn is_signed(commit: &PullCommit) -> bool {
    let verification = commit.commit.verification.as_ref();
    verification.is_some_and(|verification| verification.verified)
}
