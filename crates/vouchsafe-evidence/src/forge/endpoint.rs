//! A question to a forge, the permission that it takes, and what cannot be judged without it.

/// A question to the forge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Endpoint {
    /// Its path.
    pub(crate) path: &'static str,
    /// The permission of an app or a fine-grained token.
    pub(crate) permission: &'static str,
    /// Whether the token of a workflow can have it.
    pub(crate) workflow: Workflow,
    /// What cannot be judged without it.
    pub(crate) shows: &'static str,
}

/// Whether the token of a workflow can have a permission.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Workflow {
    /// Its `permissions` can name it, or it always has it.
    Can,
    /// It cannot.
    Cannot,
}

impl Endpoint {
    /// Whether a refusal is expected where the token is a workflow's own.
    pub(crate) fn may_be_hidden(&self) -> bool {
        self.workflow == Workflow::Cannot
    }
}
