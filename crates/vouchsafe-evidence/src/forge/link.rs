//! The `link` header (RFC 8288): where the next page of a listing is.

use reqwest::Url;

use super::origin::Api;

/// Where a listing goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// It ends here.
    End,
    /// With this query, at the same path.
    Query(String),
    /// Somewhere that is not followed, and why.
    Refused(&'static str),
}

/// Where the listing at a path goes on, by the header of one of its pages.
///
/// Only the query is taken from the header; the path that is asked is always the listing's own. So no answer can send
/// the token to another place of the same forge either.
pub(crate) fn next(api: &Api, path: &str, header: Option<&str>) -> Next {
    let Some(header) = header else {
        return Next::End;
    };
    let mut targets = links(header).filter(|(_, parameters)| is_next(parameters));
    let Some((target, _)) = targets.next() else {
        return if header.contains("next") && links(header).next().is_none() {
            Next::Refused("its link header cannot be read")
        } else {
            Next::End
        };
    };
    if targets.next().is_some() {
        return Next::Refused("its link header names two next pages");
    }
    let Ok(url) = Url::parse(target) else {
        return Next::Refused("its next page is no URL");
    };
    if !api.is_origin_of(&url) {
        return Next::Refused("its next page is at another origin");
    }
    if !api
        .below(url.path())
        .is_some_and(|below| is_same(below, path))
    {
        return Next::Refused("its next page is at another path");
    }
    match url.query() {
        Some(query) if !query.is_empty() => Next::Query(query.to_owned()),
        _ => Next::Refused("its next page has no query"),
    }
}

/// Whether a path of the forge names the same listing: GitHub writes `/repositories/ID` for `/repos/OWNER/NAME`
/// there, and GitLab `/projects/ID` for `/projects/NAME`.
fn is_same(theirs: &str, ours: &str) -> bool {
    if theirs.eq_ignore_ascii_case(ours) {
        return true;
    }
    let rest = |path: &str, prefix: &str, segments: usize| {
        let rest = path.strip_prefix(prefix)?;
        let mut parts = rest.splitn(segments + 1, '/');
        let head: Vec<_> = parts.by_ref().take(segments).map(str::to_owned).collect();
        Some((head, parts.next().unwrap_or_default().to_owned()))
    };
    let by_number = [
        (rest(theirs, "/repositories/", 1), rest(ours, "/repos/", 2)),
        (rest(theirs, "/projects/", 1), rest(ours, "/projects/", 1)),
    ];
    let known = by_number.into_iter();
    let Some(((id, by_id), (_, by_name))) = known.filter_map(|(a, b)| a.zip(b)).next() else {
        return false;
    };
    let number = id
        .iter()
        .all(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    number && by_id.eq_ignore_ascii_case(&by_name)
}

/// Targets and their parameters.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        // Parameters end where the next target begins.
        let end = after.find('<').unwrap_or(after.len());
        let (parameters, tail) = after.split_at_checked(end)?;
        rest = tail;
        Some((target, parameters))
    })
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else {
            return false;
        };
        let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::origin::PlainHttp;
    use super::*;

    fn of(header: &str) -> Next {
        let api = Api::parse("https://api.github.com", PlainHttp::Refused).unwrap();
        next(&api, "/repos/o/r/pulls/5/reviews", Some(header))
    }

    #[test]
    fn the_next_page_is_found_among_others() {
        let header = "<https://api.github.com/repos/o/r/pulls/5/reviews?per_page=100&page=1>; rel=\"prev\", \
                      <https://api.github.com/repos/o/r/pulls/5/reviews?per_page=100&page=3>; rel=\"next\", \
                      <https://api.github.com/repos/o/r/pulls/5/reviews?per_page=100&page=9>; rel=\"last\"";
        assert_eq!(of(header), Next::Query("per_page=100&page=3".to_owned()));
        let by_id = "<https://api.github.com/repositories/77/pulls/5/reviews?page=2>; rel=\"next\"";
        assert_eq!(of(by_id), Next::Query("page=2".to_owned()));
        let last = "<https://api.github.com/repos/o/r/pulls/5/reviews?page=1>; rel=\"first\"";
        assert_eq!(of(last), Next::End);
    }

    #[test]
    fn nothing_is_followed_elsewhere() {
        for target in [
            "https://evil.example/repos/o/r/pulls/5/reviews?page=2",
            "http://api.github.com/repos/o/r/pulls/5/reviews?page=2",
            "https://api.github.com:444/repos/o/r/pulls/5/reviews?page=2",
            "https://a@api.github.com/repos/o/r/pulls/5/reviews?page=2",
            "https://api.github.com.evil.example/repos/o/r/pulls/5/reviews?page=2",
            "https://api.github.com/repos/o/other/pulls/5/reviews?page=2",
            "https://api.github.com/repositories/x7/pulls/5/reviews?page=2",
            "https://api.github.com/repositories/77/pulls/6/reviews?page=2",
            "https://api.github.com/repos/o/r/pulls/5/reviews",
            "/repos/o/r/pulls/5/reviews?page=2",
        ] {
            let next = of(&format!("<{target}>; rel=\"next\""));
            assert!(matches!(next, Next::Refused(_)), "{target}: {next:?}");
        }
        assert!(matches!(of("rel=next"), Next::Refused(_)));
    }
}
