//! The interactions that are served, and where.

use http::Method;

/// A FHIR interaction: what a route does, and hence what is decided and logged.
///
/// It has no default: a route cannot be registered without.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Interaction {
    /// `GET [base]/metadata`; holds no PHI.
    Capabilities,
    /// `GET [base]/[type]/[id]`.
    Read,
    /// `GET [base]/[type]/[id]/_history/[vid]`.
    VersionRead,
    /// `POST [base]/[type]`, also conditional.
    Create,
    /// `PUT [base]/[type]/[id]`.
    Update,
    /// `DELETE [base]/[type]/[id]`.
    Delete,
    /// `GET [base]/[type]?...`.
    Search,
    /// `POST [base]/[type]/_search`.
    SearchByPost,
    /// `POST [base]`: a batch or a transaction.
    Bundle,
}

impl Interaction {
    /// Whether PHI can go in or out by it.
    #[must_use]
    pub const fn touches_phi(self) -> bool {
        !matches!(self, Self::Capabilities)
    }

    /// The name, as in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capabilities => "capabilities",
            Self::Read => "read",
            Self::VersionRead => "vread",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Search | Self::SearchByPost => "search-type",
            Self::Bundle => "bundle",
        }
    }
}

/// A route: method and path template below `[base]`, with its interaction.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The template; `{type}`, `{id}`, `{version}` are its parameters.
    pub path: &'static str,
    /// What it does.
    pub interaction: Interaction,
}

/// All routes of the dialect. The server registers these and no others.
pub const ROUTES: [Route; 9] = [
    route(Method::GET, "/metadata", Interaction::Capabilities),
    route(Method::GET, "/{type}/{id}", Interaction::Read),
    route(
        Method::GET,
        "/{type}/{id}/_history/{version}",
        Interaction::VersionRead,
    ),
    route(Method::POST, "/{type}", Interaction::Create),
    route(Method::PUT, "/{type}/{id}", Interaction::Update),
    route(Method::DELETE, "/{type}/{id}", Interaction::Delete),
    route(Method::GET, "/{type}", Interaction::Search),
    route(Method::POST, "/{type}/_search", Interaction::SearchByPost),
    route(Method::POST, "/", Interaction::Bundle),
];

const fn route(method: Method, path: &'static str, interaction: Interaction) -> Route {
    Route {
        method,
        path,
        interaction,
    }
}
