//! Numbers and codes that the words before them name.

use crate::bytes::{at, before, is_word, part, run_end, run_within};
use crate::class::{Class, Confidence};
use crate::number::phones::is_of_program;
use crate::text::Text;
use crate::value::{self, Value, is_uuid};
use crate::vocabulary::{Meaning, Words, ends_context, may_end};

impl Text<'_, '_> {
    /// A number or code that the words before it name.
    pub(super) fn named_by_words(&mut self, start: usize, end: usize) -> usize {
        let text = self.text;
        let previous = before(text, start);
        if previous == b'.' {
            return end;
        }
        // `MRN-0012345`, `DL#A123`: letters that are joined to the number are a part of it.
        let first = joined_start(text, start);
        let token_end = run_within(text, end, first + 37, is_joined);
        if matches!(token_end - first, 32 | 36) && is_uuid(part(text, first, token_end)) {
            return token_end;
        }
        let joined = if at(text, first).is_ascii_digit() {
            None
        } else {
            self.joined(first, start, end)
        };
        let Some(meaning) = joined
            .map(|(meaning, _)| meaning)
            .or_else(|| self.context(first))
            .or_else(|| self.answered(first))
        else {
            return self.series(first, end).unwrap_or(end);
        };
        let limit = run_within(text, first, first + 80, |byte| {
            !matches!(
                byte,
                b',' | b';' | b'|' | b'"' | b'\'' | b'<' | b'>' | b'}' | b'\n' | b'\t' | b'&' | 0x1c
                    ..=0x1f
            )
        });
        let value = Value {
            text,
            start: first,
            end: limit,
            bounded: false,
        };
        let told = |class| is_told(class, previous);
        let fit = |start| {
            value::fit_of(meaning, Value { start, ..value }, told)
                .filter(|(_, place, _)| place.1 >= end)
        };
        // `ssn123456789`: the letters are the name of the number, and no part of it.
        let Some((class, place, _)) =
            fit(first).or_else(|| joined.and_then(|(_, digits)| fit(digits)))
        else {
            return end;
        };
        if class == Class::Phone && is_of_program(text, place) {
            return end;
        }
        let confidence = if value::has_check(class, part(text, place.0, place.1)) {
            Confidence::High
        } else {
            Confidence::Medium
        };
        self.add(class, confidence, place, Some(meaning.phrase));
        place.1
    }

    /// "NINO QQ 12 34 56 C": a number whose series of two capitals stands before it, after the words that name it.
    fn series(&mut self, first: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let start = first.checked_sub(3)?;
        let series = part(text, start, first);
        let sound = matches!(series, [b'A'..=b'Z', b'A'..=b'Z', b' '])
            && before(text, start) == b' '
            && matches!(at(text, end), b' ');
        let meaning = sound.then(|| self.context(start))??;
        let value = Value {
            text,
            start,
            end: text.len().min(start + 40),
            bounded: false,
        };
        let told = |class| is_told(class, b' ');
        let (class, place, _) = value::fit_of(meaning, value, told)?;
        (place.0 == start && place.1 > end).then(|| {
            self.add(class, Confidence::Medium, place, Some(meaning.phrase));
            place.1
        })
    }

    /// What the letters say that are joined to a number, and where the number begins: `MRN0012345`, `acct-99`.
    fn joined(&self, first: usize, start: usize, end: usize) -> Option<(&'static Meaning, usize)> {
        let letters_end = run_end(self.text, first, |byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')
        });
        let letters = part(self.text, first, letters_end.min(end));
        let digits = part(self.text, letters_end, end);
        let plain = digits.iter().all(u8::is_ascii_digit) && digits.len() >= 4;
        // aba5541, dea7477: the digest of a commit.
        let hex = part(self.text, first, end)
            .iter()
            .all(u8::is_ascii_hexdigit);
        if letters.len() < 3 || letters_end < start || !plain || hex {
            return None;
        }
        Words::of(letters)
            .meaning()
            .filter(|meaning| {
                !meaning.is_nothing() && !meaning.is_of(Class::Secret) && meaning.phrase.len() > 2
            })
            .map(|meaning| (meaning, letters_end))
    }

    /// "And your member ID? Caller: HLM617595749": what the question says of the answer that begins at a place.
    fn answered(&mut self, start: usize) -> Option<&'static Meaning> {
        let text = self.text;
        let front = part(text, start.saturating_sub(40), start);
        let colon = front.strip_suffix(b" ").unwrap_or(front);
        let speaker = colon
            .strip_suffix(b":")
            .or_else(|| colon.strip_suffix(b">"))?;
        let word = speaker
            .iter()
            .rposition(|byte| !byte.is_ascii_alphabetic())?;
        let question = part(speaker, 0, word + 1).trim_ascii_end();
        let end = start - front.len() + question.len().checked_sub(1)?;
        (question.last() == Some(&b'?') && word + 1 < speaker.len()).then(|| self.context(end))?
    }

    /// What the words before a place say of a value there.
    pub(crate) fn context(&mut self, start: usize) -> Option<&'static Meaning> {
        let text = self.text;
        if start == self.value_start || !may_end(text, start) {
            return None;
        }
        let floor = start.saturating_sub(56);
        let mut place = start;
        let (mut words, mut digits) = (0, 0);
        while place > floor {
            let byte = before(text, place);
            let stops = ends_context(byte)
                || (byte == b'.'
                    && at(text, place) == b' '
                    && is_word(before(text, place - 1))
                    && !is_short(text, place - 1));
            if stops {
                break;
            }
            digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
            if words > 0 && digits == 3 {
                // A number: the words before it belong to it.
                place += 2;
                break;
            }
            if byte == b' ' {
                words += 1;
                if words > 6 {
                    break;
                }
            }
            place -= 1;
        }
        let words = part(text, place, start);
        self.desk.memory.known(b"", words, true).meaning
    }

    /// Whether what stands before a dotted number is a word for versions.
    pub(super) fn is_version(&self, start: usize) -> bool {
        let front = part(self.text, start.saturating_sub(16), start).to_ascii_lowercase();
        // "plugin versions: core 2.7.35.3, net 8.0.92.8"
        let clause = part(self.text, start.saturating_sub(64), start).to_ascii_lowercase();
        front.last() == Some(&b'v')
            || clause.windows(8).any(|window| window == b"versions")
            || [
                b"version".as_slice(),
                b"ver",
                b"build",
                b"release",
                b"driver",
                b"firmware",
                b"revision",
                b"chrome",
                b"electron",
                b"node",
                b"safari",
                b"firefox",
                b"edge",
                b"openssl",
                b"python",
                b"java",
                b"sdk",
                b"agent",
            ]
            .iter()
            .any(|word| front.windows(word.len()).any(|window| window == *word))
    }
}

/// Where the letters begin that are joined to a number.
fn joined_start(text: &[u8], start: usize) -> usize {
    let mut first = start;
    while start - first < 24 && is_joined(before(text, first)) {
        first -= 1;
    }
    if first < start {
        first = run_end(text, first, |byte| !byte.is_ascii_alphanumeric()).min(start);
    }
    first
}

/// Whether the words before a number can say that it is of a class.
fn is_told(class: Class, previous: u8) -> bool {
    let path = class == Class::Photo && previous == b'/';
    let other = matches!(
        class,
        Class::Name | Class::Email | Class::Url | Class::Secret | Class::Ip
    );
    !path && !other
}

/// Whether a byte joins a number to what stands beside it.
#[inline]
pub(crate) fn is_joined(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

/// Whether the word that ends before a full stop is an abbreviation: "no.", "num.".
fn is_short(text: &[u8], end: usize) -> bool {
    let start = crate::bytes::word_start(text, end, 5);
    end - start <= 3
}
