//! Where the forge answers, and which repository is asked about.

use std::fmt;

use reqwest::Url;

/// The address of the forge's interface: `https://api.github.com`, `https://HOST/api/v3`.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: Url,
    prefix: String,
}

/// Why an address is none that is called.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(
        "the address of the interface is no URL such as https://api.github.com or https://HOST/api/v4"
    )]
    NoUrl,
    #[error(
        "the address of the interface must begin with https://, or the token would be readable on its way"
    )]
    PlainText,
    #[error("the address of the interface must have no user, password, query or fragment")]
    TooMuch,
    #[error("the repository must be named as OWNER/NAME")]
    NoRepository,
}

/// Whether plain HTTP to this machine is allowed, for doubles of the forge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PlainHttp {
    /// It is refused.
    Refused,
    /// To a loopback address only.
    DangerToLoopback,
}

impl Api {
    /// Reads an address.
    ///
    /// # Errors
    /// When a token must not be sent there.
    pub(crate) fn parse(text: &str, plain: PlainHttp) -> Result<Self, ApiError> {
        let url = Url::parse(text).map_err(|_| ApiError::NoUrl)?;
        let host = url.host_str().ok_or(ApiError::NoUrl)?;
        let loopback = host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback && plain == PlainHttp::DangerToLoopback => {}
            "http" => return Err(ApiError::PlainText),
            _ => return Err(ApiError::NoUrl),
        }
        let named = !url.username().is_empty() || url.password().is_some();
        if named || url.query().is_some() || url.fragment().is_some() {
            return Err(ApiError::TooMuch);
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url, prefix })
    }

    /// The address of a path below it.
    pub(crate) fn url(&self, path: &str, query: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.prefix));
        url.set_query((!query.is_empty()).then_some(query));
        url
    }

    /// Whether an address has the same scheme, host and port, and names no user.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        url.origin() == self.url.origin() && url.username().is_empty() && url.password().is_none()
    }

    /// A path without what comes before the forge's own.
    pub(crate) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix)
    }

    /// Whether it is spoken to without TLS: only on this machine, and not by way of a proxy.
    pub(crate) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether two addresses have one origin.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// A name as one segment of a path or one value of a query.
pub(crate) fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_over_tls_only() {
        let refused = |text: &str| Api::parse(text, PlainHttp::Refused).unwrap_err();
        assert_eq!(refused("http://127.0.0.1:8080"), ApiError::PlainText);
        assert_eq!(refused("http://api.github.com"), ApiError::PlainText);
        assert_eq!(
            refused("https://user:pass@api.github.com"),
            ApiError::TooMuch
        );
        assert_eq!(refused("https://api.github.com/?q"), ApiError::TooMuch);
        assert_eq!(refused("file:///etc/passwd"), ApiError::NoUrl);
        let loopback = |text: &str| Api::parse(text, PlainHttp::DangerToLoopback);
        loopback("http://127.0.0.1:8080").unwrap();
        loopback("http://[::1]:8080").unwrap();
        // A name can be pointed anywhere.
        assert_eq!(
            loopback("http://localhost:8080").unwrap_err(),
            ApiError::PlainText
        );
        assert_eq!(
            loopback("http://10.0.0.1").unwrap_err(),
            ApiError::PlainText
        );
    }

    #[test]
    fn an_enterprise_server_answers_below_a_path() {
        let api = Api::parse("https://git.example/api/v3/", PlainHttp::Refused).unwrap();
        assert_eq!(
            api.url("/repos/o/r", "per_page=100").as_str(),
            "https://git.example/api/v3/repos/o/r?per_page=100"
        );
    }

    #[test]
    fn a_branch_stays_one_segment() {
        assert_eq!(encoded("release/1.x"), "release%2F1.x");
        assert_eq!(encoded("a b?c#d%"), "a%20b%3Fc%23d%25");
    }
}
