//! Versions of Python packages: PEP 440.

use std::cmp::Ordering;

/// A version of PEP 440: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pep440 {
    epoch: u64,
    /// Without zeros at its end: `1.0` is `1`.
    release: Vec<u64>,
    pre: Option<(Stage, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Local>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stage {
    Alpha,
    Beta,
    Candidate,
}

/// A part of a local version; numbers are above words.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Local {
    Word(String),
    Number(u64),
}

impl Pep440 {
    /// Reads a version, in any of the spellings that PEP 440 allows.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let text = lower.strip_prefix('v').unwrap_or(&lower);
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, locals(local)?),
            None => (text, Vec::new()),
        };
        let (epoch, mut rest) = match public.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, public),
        };
        let release = release(&mut rest)?;
        let pre = stage(&mut rest)?;
        let post = post(&mut rest)?;
        let dev = word(&mut rest, &["dev"])?;
        rest.is_empty().then_some(Self {
            epoch,
            release,
            pre,
            post,
            dev,
            local,
        })
    }

    /// A release that is only a `.devN` comes before its alphas; a release without a stage after its candidates.
    fn stage_key(&self) -> (u8, Option<(Stage, u64)>) {
        match (self.pre, self.post, self.dev) {
            (None, None, Some(_)) => (0, None),
            (Some(pre), ..) => (1, Some(pre)),
            (None, ..) => (2, None),
        }
    }
}

impl Ord for Pep440 {
    fn cmp(&self, other: &Self) -> Ordering {
        let dev = |version: &Self| version.dev.unwrap_or(u64::MAX);
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| self.stage_key().cmp(&other.stage_key()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self).cmp(&dev(other)))
            .then_with(|| self.local.cmp(&other.local))
    }
}

impl PartialOrd for Pep440 {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn number(rest: &mut &str) -> Option<Option<u64>> {
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    if digits.is_empty() {
        return Some(None);
    }
    *rest = after;
    digits.parse().ok().map(Some)
}

fn release(rest: &mut &str) -> Option<Vec<u64>> {
    let mut release = vec![number(rest)??];
    while let Some(mut after) = rest.strip_prefix('.') {
        let Some(next) = number(&mut after)? else {
            break;
        };
        release.push(next);
        *rest = after;
    }
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    Some(release)
}

fn separated(rest: &str) -> &str {
    rest.strip_prefix(['.', '-', '_']).unwrap_or(rest)
}

/// `{.|-|_}WORD{.|-|_}N`, where the number may be missing: then it is 0.
fn word(rest: &mut &str, words: &[&str]) -> Option<Option<u64>> {
    let from = separated(rest);
    let Some(mut after) = words.iter().find_map(|word| from.strip_prefix(word)) else {
        return Some(None);
    };
    let bare = after;
    after = separated(after);
    if !after.starts_with(|c: char| c.is_ascii_digit()) {
        *rest = bare;
        return Some(Some(0));
    }
    let found = number(&mut after)?;
    *rest = after;
    Some(found)
}

fn stage(rest: &mut &str) -> Option<Option<(Stage, u64)>> {
    let stages: [(&[&str], Stage); 3] = [
        (&["alpha", "a"], Stage::Alpha),
        (&["beta", "b"], Stage::Beta),
        (&["rc", "preview", "pre", "c"], Stage::Candidate),
    ];
    for (words, stage) in stages {
        if let Some(number) = word(rest, words)? {
            return Some(Some((stage, number)));
        }
    }
    Some(None)
}

fn post(rest: &mut &str) -> Option<Option<u64>> {
    // `1.0-1` is `1.0.post1`.
    if let Some(mut after) = rest.strip_prefix('-')
        && let Some(found) = number(&mut after)?
    {
        *rest = after;
        return Some(Some(found));
    }
    word(rest, &["post", "rev", "r"])
}

fn locals(text: &str) -> Option<Vec<Local>> {
    let parts = text.split(['.', '-', '_']);
    parts
        .map(|part| {
            let known = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            match part.parse() {
                Ok(number) => Some(Local::Number(number)),
                Err(_) => known.then(|| Local::Word(part.to_owned())),
            }
        })
        .collect()
}
