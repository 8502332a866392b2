//! Who asks which forge: the address, and the token that is for it.

use std::path::PathBuf;

use super::origin::PlainHttp;
use super::{Api, ApiError, Token, TokenError};

/// The address of a forge and its token, as arguments.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccessArgs {
    /// The address of the interface, where it is not the forge's own: https://HOST/api/v3 (GitHub Enterprise Server), https://HOST/api/v4 (GitLab)
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<String>,
    /// A file with the token, which only its owner can read
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Speak plain HTTP to a loopback address, for tests: the token can be read on this machine
    #[arg(long)]
    pub(crate) danger_plain_http_to_loopback: bool,
}

/// Where address and token stand when no argument names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variables {
    pub(crate) api: &'static str,
    pub(crate) token: &'static str,
    /// The forge's own address.
    pub(crate) own: &'static str,
}

/// Why nobody is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("--repository or --api: {0}")]
    Api(#[from] ApiError),
    #[error("--token-file: {0}")]
    Token(#[from] TokenError),
    #[error("{0} is not for {1}: give the token of that forge by --token-file")]
    OtherForge(&'static str, String),
}

impl AccessArgs {
    /// The address, and the token where there is one. A token of the environment goes to the forge that it is for.
    pub(crate) fn open(
        &self,
        variables: Variables,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Api, Option<Token>), AccessError> {
        let plain = if self.danger_plain_http_to_loopback {
            PlainHttp::DangerToLoopback
        } else {
            PlainHttp::Refused
        };
        let own = variable(variables.api).unwrap_or_else(|| variables.own.to_owned());
        let own = Api::parse(&own, plain)?;
        let api = self.api.as_deref().map(|api| Api::parse(api, plain));
        let api = api.transpose()?.unwrap_or_else(|| own.clone());
        let name = variables.token;
        let token = match &self.token_file {
            Some(path) => Some(Token::read(path)?),
            None => match variable(name) {
                Some(_) if !api.same_origin(&own) => {
                    return Err(AccessError::OtherForge(name, api.to_string()));
                }
                Some(text) => Some(Token::new(&text, name)?),
                None => None,
            },
        };
        Ok((api, token))
    }
}

/// A variable of the environment that holds something.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
