//! Marks that a body has: names of what an answer should not hold. The body itself is not kept.

/// Texts of stack traces and of errors below the service.
const TRACES: [&str; 16] = [
    "Traceback (most recent call last)",
    "\tat java.",
    "\tat org.",
    "\tat com.",
    "at Object.<anonymous>",
    "/node_modules/",
    "goroutine 1 [",
    "runtime/debug.Stack",
    "thread 'main' panicked",
    "stack backtrace:",
    "System.NullReferenceException",
    "Whitelabel Error Page",
    "werkzeug",
    "django.core",
    ".rb:in `",
    "PHP Fatal error",
];
const DATABASES: [&str; 7] = [
    "SQLSTATE",
    "syntax error at or near",
    "psycopg",
    "ORA-0",
    "sqlite3.",
    "org.hibernate",
    "pq: ",
];

/// The marks of a body, sorted.
pub(super) fn of(body: &[u8], sent: Option<&str>) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let has = |texts: &[&str]| texts.iter().any(|one| text.contains(one));
    let mut marks = Vec::new();
    if has(&DATABASES) {
        marks.push("database-error".to_owned());
    }
    if has(&TRACES) {
        marks.push("stack-trace".to_owned());
    }
    // A part of what was sent is enough for somebody who reads logs.
    let signature = sent.map(|token| token.rsplit('.').next().unwrap_or(token));
    let echoed = signature.is_some_and(|part| part.len() >= 16 && text.contains(part));
    if echoed || holds_token(&text) {
        marks.push("token".to_owned());
    }
    marks
}

/// Whether a text has what looks like a JWT: two parts in base64url that begin as JSON objects do.
fn holds_token(text: &str) -> bool {
    let other =
        |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    text.split(other).any(|run| {
        let mut parts = run.split('.').peekable();
        let mut found = false;
        while let (false, Some(part)) = (found, parts.next()) {
            let begins = part.find("eyJ");
            let header = begins.is_some_and(|place| part.len() - place >= 10);
            found = header && parts.peek().is_some_and(|next| next.starts_with("eyJ"));
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_should_not_hold_is_named() {
        let of = |text: &str, sent| of(text.as_bytes(), sent).join(" ");
        assert_eq!(of("{\"title\": \"not allowed\"}", Some("a.b.c")), "");
        assert_eq!(
            of("x\nTraceback (most recent call last):\n", None),
            "stack-trace"
        );
        assert_eq!(
            of("ERROR: syntax error at or near \"}\"", None),
            "database-error"
        );
        let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlc2lnbmF0dXJl";
        assert_eq!(of(&format!("bad token {token}!"), None), "token");
        assert_eq!(of("no c2lnbmF0dXJlc2lnbmF0dXJl", Some(token)), "token");
        assert_eq!(of("eyJ eyJhbGciOi.x", None), "");
        assert_eq!(of("a.b.xxeyJhbGciOi.eyJ", None), "token");
        assert_eq!(of("eyJhbGc.eyJ", None), "");
        assert_eq!(of("eyJhbGciOi.x.eyJhbGciOi", None), "");
    }

    #[test]
    fn a_body_of_nothing_but_beginnings_is_read_once() {
        // Looked at from each beginning to its end, this would be some 10^12 steps.
        let body = "eyJ".repeat(2 << 20);
        assert!(of(body.as_bytes(), None).is_empty());
    }
}
