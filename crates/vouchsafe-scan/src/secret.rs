//! Secrets that their first characters give away, and pictures written into a text.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::bytes::{at, before, is_word, part, run_end};
use crate::class::{Class, Confidence};
use crate::text::Text;

/// First characters, the fewest that follow them, and what it is.
const FORMS: [(&str, usize, &str); 33] = [
    ("eyJ", 20, "JSON web token"),
    ("AKIA", 16, "AWS access key"),
    ("ASIA", 16, "AWS access key"),
    ("ghp_", 30, "GitHub token"),
    ("gho_", 30, "GitHub token"),
    ("ghu_", 30, "GitHub token"),
    ("ghs_", 30, "GitHub token"),
    ("ghr_", 30, "GitHub token"),
    ("github_pat_", 30, "GitHub token"),
    ("glpat-", 18, "GitLab token"),
    ("xoxb-", 16, "Slack token"),
    ("xoxp-", 16, "Slack token"),
    ("xoxa-", 16, "Slack token"),
    ("xoxs-", 16, "Slack token"),
    ("sk_live_", 16, "Stripe key"),
    ("rk_live_", 16, "Stripe key"),
    ("sk_test_", 16, "Stripe key"),
    ("whsec_", 16, "webhook secret"),
    ("AIza", 30, "Google API key"),
    ("ya29.", 20, "Google token"),
    ("npm_", 30, "npm token"),
    ("pypi-AgEI", 30, "PyPI token"),
    ("SG.", 30, "SendGrid key"),
    ("hvs.", 20, "Vault token"),
    ("dop_v1_", 30, "DigitalOcean token"),
    ("sk-ant-", 20, "API key"),
    ("sk-proj-", 20, "API key"),
    ("shpat_", 20, "Shopify token"),
    ("Bearer ", 12, "bearer token"),
    ("Basic ", 8, "basic credentials"),
    ("AccountKey=", 20, "storage key"),
    ("-----BEGIN ", 10, "private key"),
    ("data:image/", 40, "picture in a text"),
];

static MATCHER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(FORMS.map(|(prefix, ..)| prefix)).ok());

impl Text<'_, '_> {
    /// Adds secrets and pictures that their first characters give away.
    pub(crate) fn secrets(&mut self) {
        let text = self.text;
        let Some(matcher) = &*MATCHER else {
            return;
        };
        for found in matcher.find_iter(text) {
            let Some(&(prefix, least, name)) = FORMS.get(found.pattern().as_usize()) else {
                continue;
            };
            self.secret(prefix, least, name, found.start(), found.end());
        }
    }

    fn secret(
        &mut self,
        prefix: &str,
        least: usize,
        name: &'static str,
        start: usize,
        after: usize,
    ) {
        let text = self.text;
        let mut end = run_end(text, after, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=')
        });
        match prefix {
            "-----BEGIN " => {
                let line = part(text, start, (start + 48).min(text.len()));
                if line.windows(11).any(|window| window == b"PRIVATE KEY") {
                    let stop = text
                        .windows(9)
                        .rposition(|window| window == b"-----END ")
                        .filter(|stop| *stop > start)
                        .map_or(text.len(), |stop| {
                            run_end(text, stop + 9, |byte| byte != b'"').min(stop + 48)
                        });
                    self.add(Class::Secret, Confidence::High, (start, stop), Some(name));
                }
                return;
            }
            "data:image/" => {
                let stop = run_end(text, after, |byte| {
                    byte.is_ascii_alphanumeric()
                        || matches!(byte, b'/' | b'+' | b'=' | b';' | b',' | b'-' | b'%' | b'.')
                });
                if stop - after >= least {
                    self.add(Class::Photo, Confidence::Medium, (start, stop), Some(name));
                }
                return;
            }
            "eyJ" => {
                // Three parts; two full stops.
                let token = part(text, start, end);
                if token.iter().filter(|byte| **byte == b'.').count() < 2 {
                    return;
                }
            }
            "Bearer " | "Basic " => {
                let token = part(text, after, end);
                let kinds = token.iter().any(u8::is_ascii_digit)
                    || token.contains(&b'=')
                    || token.len() >= 24;
                if end - after < least || !kinds || is_word(before(text, start)) {
                    return;
                }
                self.add(Class::Secret, Confidence::High, (after, end), Some(name));
                return;
            }
            _ => {}
        }
        while end > after && matches!(before(text, end), b'.') {
            end -= 1;
        }
        let token = part(text, after, end);
        let mixed = token.iter().any(u8::is_ascii_digit);
        let sound =
            token.len() >= least && mixed && !is_word(before(text, start)) && at(text, end) != b'(';
        if sound {
            self.add(Class::Secret, Confidence::High, (start, end), Some(name));
        }
    }
}
