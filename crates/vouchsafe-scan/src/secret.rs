//! Secrets that their first characters give away, and pictures written into a text.

use crate::bytes::{at, before, is_word, part, run_end, run_within};
use crate::class::{Class, Confidence};
use crate::digits;
use crate::text::Text;

/// First characters, the fewest that follow them, and what it is.
const FORMS: [(&str, usize, &str); 45] = [
    ("login ", 6, "password of a command"),
    ("sshpass ", 6, "password of a command"),
    ("mysql ", 6, "password of a command"),
    ("mysqldump ", 6, "password of a command"),
    ("dckr_pat_", 16, "Docker token"),
    ("password ", 8, "password"),
    ("Password ", 8, "password"),
    ("PASSWORD ", 8, "password"),
    ("passphrase ", 8, "password"),
    ("API key ", 16, "API key"),
    ("api key ", 16, "API key"),
    ("api_key ", 16, "API key"),
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
    ("BEGIN ", 10, "private key"),
    ("data:image/", 40, "picture in a text"),
];

/// How many beginnings are told apart.
const LEADS: usize = 1 << 12;

/// Which beginnings the forms have.
static IS_LEAD: [bool; LEADS] = leads();

#[expect(clippy::indexing_slicing, reason = "a table made at compile time")]
const fn leads() -> [bool; LEADS] {
    let mut leads = [false; LEADS];
    let mut form = 0;
    while form < FORMS.len() {
        let bytes = FORMS[form].0.as_bytes();
        leads[lead([bytes[0], bytes[1], bytes[2]])] = true;
        form += 1;
    }
    leads
}

/// The place of three bytes in the table of beginnings; that of `ya2` is that of `ya3` (see [`crate::digits`]).
#[inline]
const fn lead([first, second, third]: [u8; 3]) -> usize {
    let third = if third.is_ascii_digit() { b'0' } else { third };
    let sum = (first as usize) << 16 | (second as usize) << 8 | third as usize;
    (sum.wrapping_mul(0x9e37_79b9) >> 16) % LEADS
}

/// Whether a word may stand before a secret: "password Summer2002-1", `docker login`.
#[inline]
pub(crate) fn is_told(text: &[u8], start: usize, end: usize) -> bool {
    at(text, end) == b' '
        && end - start <= 10
        && matches!(at(text, start), b'p' | b'a' | b'l' | b's' | b'm')
        && is_word_for_secrets(part(text, start, end))
}

fn is_word_for_secrets(word: &[u8]) -> bool {
    matches!(
        word,
        b"password" | b"passphrase" | b"api" | b"login" | b"sshpass" | b"mysql" | b"mysqldump"
    )
}

/// Whether a text begins like a form that has digits, whatever its own are.
fn differs_in_digits(rest: &[u8], prefix: &[u8]) -> bool {
    let same =
        |(one, other): (&u8, &u8)| one == other || one.is_ascii_digit() && other.is_ascii_digit();
    digits::has_any(prefix) && rest.len() >= prefix.len() && rest.iter().zip(prefix).all(same)
}

/// Past the little words between a word for a secret and the secret: "password set to …", "password is now …".
fn told_start(text: &[u8], after: usize) -> usize {
    let mut start = after;
    for _ in 0..3 {
        let end = run_within(text, start, start + 9, |byte| byte.is_ascii_lowercase());
        let little = matches!(
            part(text, start, end),
            b"is" | b"was" | b"set" | b"reset" | b"changed" | b"to" | b"now" | b"of"
        );
        if !little || at(text, end) != b' ' {
            break;
        }
        start = end + 1;
    }
    start
}

impl Text<'_, '_> {
    /// Adds the secret, or the picture, whose first characters begin at a word; returns where it ends.
    #[inline]
    pub(crate) fn secret_word(&mut self, start: usize) -> Option<usize> {
        let rest = self.text.get(start..)?;
        if !IS_LEAD
            .get(lead(*rest.first_chunk()?))
            .is_some_and(|is| *is)
        {
            return None;
        }
        self.form(rest, start)
    }

    fn form(&mut self, rest: &[u8], start: usize) -> Option<usize> {
        if FORMS
            .iter()
            .any(|(prefix, ..)| differs_in_digits(rest, prefix.as_bytes()))
        {
            digits::read();
        }
        let &(prefix, least, name) = FORMS.iter().find(|(prefix, ..)| {
            let prefix = prefix.as_bytes();
            prefix.first_chunk::<3>() == rest.first_chunk() && rest.starts_with(prefix)
        })?;
        self.secret(prefix, least, name, start, start + prefix.len())
    }

    fn secret(
        &mut self,
        prefix: &str,
        least: usize,
        name: &'static str,
        start: usize,
        after: usize,
    ) -> Option<usize> {
        let text = self.text;
        let mut end = run_end(text, after, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=')
        });
        match prefix {
            "BEGIN " => return self.private_key(start, name),
            "login " | "sshpass " | "mysql " | "mysqldump " => {
                return self.command_secret(least, name, after);
            }
            _ if prefix.ends_with(' ') && !matches!(prefix, "Bearer " | "Basic ") => {
                return self.told_secret(least, name, start, after);
            }
            "data:image/" => {
                let stop = run_end(text, after, |byte| {
                    byte.is_ascii_alphanumeric()
                        || matches!(byte, b'/' | b'+' | b'=' | b';' | b',' | b'-' | b'%' | b'.')
                });
                if stop - after < least {
                    return None;
                }
                self.add(Class::Photo, Confidence::Medium, (start, stop), Some(name));
                return Some(stop);
            }
            "eyJ" => {
                // Three parts; two full stops.
                let token = part(text, start, end);
                if token.iter().filter(|byte| **byte == b'.').count() < 2 {
                    return None;
                }
            }
            "Bearer " | "Basic " => {
                let token = part(text, after, end);
                let kinds = token.iter().any(u8::is_ascii_digit)
                    || token.contains(&b'=')
                    || token.len() >= 24;
                if end - after < least || !kinds || is_word(before(text, start)) {
                    return None;
                }
                self.add(Class::Secret, Confidence::High, (after, end), Some(name));
                return Some(end);
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
        sound.then(|| {
            self.add(Class::Secret, Confidence::High, (start, end), Some(name));
            end
        })
    }

    /// "password Summer2002-1", `PASSWORD 'ugUMYNOZ3pO2'`: a secret in a sentence or a statement.
    fn told_secret(
        &mut self,
        least: usize,
        name: &'static str,
        start: usize,
        after: usize,
    ) -> Option<usize> {
        let text = self.text;
        let after = told_start(text, after);
        let quote = at(text, after);
        let quoted = matches!(quote, b'\'' | b'"');
        let after = after + usize::from(quoted);
        let end = run_within(text, after, after + 128, |byte| {
            byte.is_ascii_graphic()
                && !matches!(byte, b'\'' | b'"' | b',' | b';' | b'<' | b'>' | b'(' | b')')
        });
        let end = end - usize::from(matches!(before(text, end), b'.' | b':' | b'?'));
        let token = part(text, after, end);
        let has = |is: fn(&u8) -> bool| token.iter().any(is);
        let mixed =
            has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        let sound = token.len() >= if quoted { least.min(6) } else { least }
            && mixed
            && !is_word(before(text, start))
            && !token.contains(&b'=')
            && !token.contains(&b'/');
        sound.then(|| {
            self.add(Class::Secret, Confidence::Medium, (after, end), Some(name));
            end
        })
    }

    /// `docker login -u ci -p V`, `sshpass -p V`, `mysql -pV`: what a shell showed of a command.
    fn command_secret(&mut self, least: usize, name: &'static str, after: usize) -> Option<usize> {
        let text = self.text;
        let limit = text.len().min(after + 128);
        let options = part(text, after.saturating_sub(1), limit);
        let place = memchr::memmem::find(options, b" -p")? + after.saturating_sub(1) + 3;
        let apart = at(text, place) == b' ';
        let start = place + usize::from(apart);
        let start = start + usize::from(matches!(at(text, start), b'\'' | b'"'));
        let end = run_within(text, start, start + 128, |byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b';' | b'|' | b'<' | b'>')
        });
        let token = part(text, start, end);
        // A port, a variable, an option of another name.
        let named = token.starts_with(b"$") || token.starts_with(b"-");
        let sound = token.len() >= least
            && !named
            && !token.iter().all(u8::is_ascii_digit)
            && (apart || token.iter().any(u8::is_ascii_digit));
        sound.then(|| {
            self.add(Class::Secret, Confidence::Medium, (start, end), Some(name));
            end
        })
    }

    /// A key in PEM, to its end.
    fn private_key(&mut self, start: usize, name: &'static str) -> Option<usize> {
        let text = self.text;
        let line = part(text, start, (start + 48).min(text.len()));
        if !line.windows(11).any(|window| window == b"PRIVATE KEY") {
            return None;
        }
        let stop = text
            .windows(9)
            .rposition(|window| window == b"-----END ")
            .filter(|stop| *stop > start)
            .map_or(text.len(), |stop| {
                run_end(text, stop + 9, |byte| byte != b'"').min(stop + 48)
            });
        self.add(Class::Secret, Confidence::High, (start, stop), Some(name));
        Some(stop)
    }
}
