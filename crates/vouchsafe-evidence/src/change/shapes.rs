//! The shapes of a forge's answers, as far as they are used.
//!
//! A field that is missing or of another type is no answer: the page is unreadable then, and names the field. So a field
//! that may be null is still asked for.

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::commit::Oid;

/// A field that may be null and must be there.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// A field that must be there, of a shape that another forge does not have.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// An account, where null and an empty object both mean that the forge knows none.
fn account<'de, D>(deserializer: D) -> Result<Option<Account>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Known {
        Account(Account),
        Nobody(Nobody),
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nobody {}
    Ok(match Option::<Known>::deserialize(deserializer)? {
        // One account stands for everybody who is gone: it names nobody.
        Some(Known::Account(account)) if account.key_of_login() == "ghost" => None,
        Some(Known::Account(account)) => Some(account),
        Some(Known::Nobody(Nobody {})) | None => None,
    })
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Account {
    pub(super) login: String,
    /// The number that stays when the login is changed.
    pub(super) id: Option<u64>,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

impl Account {
    /// What stays the same of an account: its number, or its login where there is none.
    pub(super) fn key(&self) -> String {
        self.id.map_or_else(|| self.key_of_login(), key_of_id)
    }

    /// The login, as it is compared.
    pub(super) fn key_of_login(&self) -> String {
        self.login.to_ascii_lowercase()
    }

    /// By what it may be known elsewhere: by its number, and by its login where a page or a setting has no number.
    pub(super) fn keys(&self) -> [String; 2] {
        [self.key(), self.key_of_login()]
    }

    pub(super) fn is_bot(&self) -> bool {
        self.kind != "User" || self.key_of_login().ends_with("[bot]")
    }
}

/// The key of an account by its number. No login begins like this.
pub(super) fn key_of_id(id: u64) -> String {
    format!("#{id}")
}

#[derive(Debug, Deserialize)]
pub(super) struct Base {
    #[serde(rename = "ref")]
    pub(super) branch: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sha {
    pub(super) sha: Oid,
}

/// The head of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) sha: Oid,
    /// Its branch.
    #[serde(rename = "ref")]
    pub(super) branch: Option<String>,
    /// The repository of that branch; null when it is gone.
    pub(super) repo: Option<RepositoryName>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RepositoryName {
    pub(super) full_name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub(super) name: String,
}

/// A pull request, as the listing of a commit has it.
#[derive(Debug, Deserialize)]
pub(super) struct PullBrief {
    pub(super) number: u64,
    #[serde(deserialize_with = "nullable")]
    pub(super) merged_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(super) merge_commit_sha: Option<Oid>,
    pub(super) base: Base,
}

/// `/pulls/{n}`.
#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) merged: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) merged_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(super) merge_commit_sha: Option<Oid>,
    #[serde(deserialize_with = "account")]
    pub(super) user: Option<Account>,
    pub(super) labels: Vec<Label>,
    pub(super) base: Base,
    pub(super) head: Head,
    /// How many commits it has, where the forge says so.
    #[serde(deserialize_with = "present")]
    pub(super) commits: Option<u64>,
    /// The commit that its commits were made one of before the merge.
    #[serde(skip)]
    pub(super) squash: Option<Oid>,
    /// The commit that a pipeline tried, where that is not the head: the merge of both sides.
    #[serde(skip)]
    pub(super) tried: Option<Oid>,
    #[serde(skip)]
    pub(super) origin: Origin,
}

/// Which forge a page is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Origin {
    #[default]
    GitHub,
    GitLab,
}

/// One of `/pulls/{n}/reviews`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Review {
    pub(super) id: u64,
    #[serde(deserialize_with = "account")]
    pub(super) user: Option<Account>,
    pub(super) state: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) commit_id: Option<Oid>,
    /// Not there for reviews that were not handed in yet.
    pub(super) submitted_at: Option<Timestamp>,
}

/// One of `/pulls/{n}/commits`.
#[derive(Debug, Deserialize)]
pub(super) struct PullCommit {
    pub(super) sha: Oid,
    pub(super) parents: Vec<Sha>,
    #[serde(deserialize_with = "account")]
    pub(super) author: Option<Account>,
    #[serde(deserialize_with = "account")]
    pub(super) committer: Option<Account>,
    pub(super) commit: Inner,
}

#[derive(Debug, Deserialize)]
pub(super) struct Inner {
    pub(super) message: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) author: Option<Written>,
    #[serde(deserialize_with = "nullable")]
    pub(super) committer: Option<Written>,
    /// What the forge says of its signature.
    pub(super) verification: Option<Verification>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Verification {
    pub(super) verified: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Written {
    // The forge's own description lets each of them be missing.
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) date: Option<Timestamp>,
}

/// `/commits/{sha}/check-runs`.
#[derive(Debug, Deserialize)]
pub(super) struct CheckRuns {
    /// How many there are, where the forge says so.
    #[serde(deserialize_with = "present")]
    pub(super) total_count: Option<usize>,
    pub(super) check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRun {
    pub(super) name: String,
    pub(super) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) conclusion: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) started_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(super) completed_at: Option<Timestamp>,
    /// Who reported it.
    pub(super) app: Option<App>,
}

#[derive(Debug, Deserialize)]
pub(super) struct App {
    pub(super) id: u64,
}

/// `/commits/{sha}/status`.
#[derive(Debug, Deserialize)]
pub(super) struct Statuses {
    pub(super) total_count: usize,
    pub(super) statuses: Vec<Status>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) context: String,
    pub(super) state: String,
    pub(super) updated_at: Timestamp,
}

/// One of `/activity`.
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    pub(super) id: u64,
    pub(super) before: Oid,
    pub(super) after: Oid,
    #[serde(rename = "ref")]
    pub(super) branch: String,
    pub(super) timestamp: Timestamp,
    pub(super) activity_type: String,
    #[serde(deserialize_with = "account")]
    pub(super) actor: Option<Account>,
}

/// One of `/rules/branches/{b}`.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) ruleset_id: u64,
    pub(super) parameters: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    pub(super) required_approving_review_count: Option<u64>,
    pub(super) dismiss_stale_reviews_on_push: Option<bool>,
    pub(super) require_last_push_approval: Option<bool>,
    pub(super) required_status_checks: Option<Vec<Context>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Context {
    pub(super) context: String,
    /// The app that alone may report it. The older form of protection calls it `app_id`, and any app -1.
    #[serde(alias = "app_id")]
    pub(super) integration_id: Option<i64>,
}

/// `/rulesets/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Ruleset {
    pub(super) id: u64,
    pub(super) enforcement: String,
    /// Hidden from tokens without the right to administer.
    pub(super) bypass_actors: Option<Vec<BypassActor>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BypassActor {
    #[serde(deserialize_with = "nullable")]
    pub(super) actor_id: Option<u64>,
    pub(super) actor_type: String,
    pub(super) bypass_mode: String,
}

/// `/branches/{b}/protection`.
#[derive(Debug, Deserialize)]
pub(super) struct Protection {
    pub(super) required_pull_request_reviews: Option<RequiredReviews>,
    pub(super) required_status_checks: Option<RequiredChecks>,
    pub(super) enforce_admins: Switch,
    pub(super) allow_force_pushes: Switch,
    pub(super) allow_deletions: Switch,
}

#[derive(Debug, Deserialize)]
pub(super) struct RequiredReviews {
    pub(super) required_approving_review_count: u64,
    pub(super) dismiss_stale_reviews: bool,
    /// Not there on older servers.
    pub(super) require_last_push_approval: Option<bool>,
    /// Not there where nobody may.
    pub(super) bypass_pull_request_allowances: Option<Allowances>,
}

/// Who may merge without what is required.
#[derive(Debug, Deserialize)]
pub(super) struct Allowances {
    pub(super) users: Vec<IgnoredAny>,
    pub(super) teams: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) apps: Vec<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RequiredChecks {
    pub(super) contexts: Vec<String>,
    /// The same with their apps. Not there on older servers.
    pub(super) checks: Option<Vec<Context>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Switch {
    pub(super) enabled: bool,
}

/// `/branches/{b}`.
#[derive(Debug, Deserialize)]
pub(super) struct BranchPage {
    pub(super) protected: bool,
}

/// One of `/rulesets/rule-suites`.
#[derive(Debug, Deserialize)]
pub(super) struct RuleSuite {
    pub(super) id: u64,
    /// Who pushed. The forge's own description lets it be missing.
    pub(super) actor_name: Option<String>,
    pub(super) before_sha: Oid,
    pub(super) after_sha: Oid,
    #[serde(rename = "ref")]
    pub(super) branch: String,
    pub(super) pushed_at: Timestamp,
    pub(super) result: String,
}

/// One of `/collaborators`.
#[derive(Debug, Deserialize)]
pub(super) struct Collaborator {
    pub(super) login: String,
    pub(super) id: Option<u64>,
    pub(super) permissions: Permissions,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    pub(super) push: bool,
}

/// One of `/deployments`.
#[derive(Debug, Deserialize)]
pub(super) struct DeploymentPage {
    pub(super) id: u64,
    pub(super) sha: Oid,
    pub(super) environment: String,
    pub(super) created_at: Timestamp,
}
