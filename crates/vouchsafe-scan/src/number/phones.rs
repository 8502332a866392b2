//! Telephone and fax numbers in sentences.

use crate::bytes::{at, before, count_digits, digits_end, is_word, part, run_end, run_within};
use crate::class::{Class, Confidence};
use crate::digits;
use crate::text::Text;

impl Text<'_, '_> {
    /// Adds a phone number, or a fax number when the words before it say so.
    pub(super) fn phone(&mut self, place: (usize, usize), sure: bool) {
        let meaning = self.context(place.0);
        let fax = self.says_fax(place.0);
        let (class, confidence) = match meaning {
            Some(meaning) if meaning.is_of(Class::Fax) => (Class::Fax, Confidence::High),
            _ if fax => (Class::Fax, Confidence::Medium),
            Some(meaning) if meaning.is_of(Class::Phone) => (Class::Phone, Confidence::High),
            _ if sure => (Class::Phone, Confidence::Medium),
            _ => (Class::Phone, Confidence::Low),
        };
        let end = extension_end(self.text, place.1);
        self.add(
            class,
            confidence,
            (place.0, end),
            meaning.map(|meaning| meaning.phrase),
        );
    }

    /// Whether one of the last words before a number speaks of a fax.
    fn says_fax(&self, start: usize) -> bool {
        let front = part(self.text, start.saturating_sub(40), start).to_ascii_lowercase();
        let clause = front
            .rsplit(|byte| matches!(byte, b',' | b';' | b'|'))
            .next()
            .unwrap_or_default();
        let last = |words: &[&[u8]]| {
            words
                .iter()
                .filter_map(|word| {
                    clause
                        .windows(word.len())
                        .rposition(|window| window == *word)
                })
                .max()
        };
        if last(&[b"fax"]) > last(&[b"phone", b"tel", b"mobile", b"cell", b"call"]) {
            return true;
        }
        // "T 804-988-0627 | F 303-500-4290"
        if [b"| f ".as_slice(), b"| f: ", b" f: ", b"(f) "]
            .iter()
            .any(|mark| front.ends_with(mark))
        {
            return true;
        }
        // A line about faxes that speaks of no other telephone.
        let line = part(self.text, 0, self.text.len().min(768)).to_ascii_lowercase();
        let has = |word: &[u8]| memchr::memmem::find(&line, word).is_some();
        // "office 989-256-4580, fax 718-593-9065": the word is that of the other number.
        let apart = memchr::memmem::rfind(&line, b"fax").is_some_and(|fax| {
            let rest = part(&line, fax + 3, line.len().min(fax + 56));
            let digit = rest
                .iter()
                .position(u8::is_ascii_digit)
                .unwrap_or(rest.len());
            let same = rest
                .get(digit..)
                .is_some_and(|rest| rest.starts_with(part(&line, start, start + 10)));
            fax > start && count_digits(rest) >= 7 && !same
        });
        !apart
            && has(b"fax")
            && ![
                b"phone".as_slice(),
                b"tel",
                b"mobile",
                b"cell",
                b"call",
                b"sms",
                b"text",
                b"pager",
                b"home",
                b"work",
            ]
            .iter()
            .any(|word| has(word))
    }

    /// Ten digits, or eleven with the code of the country, in a sentence about calling somebody.
    pub(super) fn is_called(&self, start: usize, end: usize) -> bool {
        let digits = part(self.text, start, end);
        let digits = match digits {
            [_, rest @ ..] if rest.len() == 10 => {
                digits::read();
                digits.strip_prefix(b"1").unwrap_or_default()
            }
            _ => digits,
        };
        let front = part(self.text, start.saturating_sub(64), start).to_ascii_lowercase();
        // "Called SIP/trunk/13125550142", `JANE ROE <3125550142>`
        let dialled = front.ends_with(b"/") && speaks_of_calls(&front)
            || front.ends_with(b"<") && at(self.text, end) == b'>';
        if dialled && is_nanp(part(digits, 0, 3), part(digits, 3, 6)) {
            return true;
        }
        let at_number = front.ends_with(b" at ") || front.ends_with(b" on ");
        at_number
            && !is_word(at(self.text, end))
            && [
                b"call".as_slice(),
                b"phone",
                b"reach",
                b"contact",
                b"follow up",
                b"text",
                b"sms",
            ]
            .iter()
            .any(|word| front.windows(word.len()).any(|window| window == *word))
            && is_nanp(part(digits, 0, 3), part(digits, 3, 6))
    }

    /// `(555) 123-4567`, `(01)00643169007222(21)A1`.
    pub(crate) fn bracketed(&mut self, place: usize) -> usize {
        let text = self.text;
        let area_end = digits_end(text, place + 1);
        let area = part(text, place + 1, area_end);
        if at(text, area_end) != b')' {
            return place + 1;
        }
        let code_end = digits_end(text, area_end + 1);
        if area.len() == 2 && code_end - area_end == 15 {
            digits::read();
            if area == b"01" {
                let stop = run_end(text, code_end, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'-' | b'/')
                });
                self.add(Class::Device, Confidence::High, (place, stop), None);
                return stop;
            }
        }
        let gap = run_within(text, area_end + 1, area_end + 3, |byte| {
            matches!(byte, b' ' | b'-' | b'+')
        });
        let exchange_end = digits_end(text, gap);
        let exchange = part(text, gap, exchange_end);
        // (415)5552671
        if exchange.len() == 7
            && is_nanp(area, part(exchange, 0, 3))
            && !is_word(at(text, exchange_end))
        {
            self.phone((place, exchange_end), true);
            return exchange_end;
        }
        let line_end = digits_end(text, exchange_end + 1);
        let sound = is_nanp(area, exchange)
            && matches!(at(text, exchange_end), b'-' | b'.' | b' ')
            && line_end - exchange_end == 5
            && !is_word(at(text, line_end));
        if !sound {
            return place + 1;
        }
        self.phone((place, line_end), true);
        line_end
    }

    /// `+1 555 123 4567`, `+442079460958`.
    pub(crate) fn international(&mut self, place: usize) -> usize {
        let text = self.text;
        let mut end = run_end(text, place + 1, |byte| {
            byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')')
        });
        while end > place && !before(text, end).is_ascii_digit() {
            end -= 1;
        }
        let number = part(text, place, end);
        let digits = count_digits(number);
        let previous = before(text, place);
        let zone = matches!(previous, b'Z' | b'T') || previous.is_ascii_digit();
        // A second number, or a time, follows a blank: the first of them is enough.
        if !(9..=15).contains(&digits) || zone || is_word(at(text, end)) {
            return place + 1;
        }
        digits::read();
        if number.get(1) == Some(&b'0') {
            return place + 1;
        }
        self.phone((place, end), true);
        end
    }
}

/// Whether a line speaks of calls, as telephone exchanges do.
fn speaks_of_calls(front: &[u8]) -> bool {
    [
        b"sip/".as_slice(),
        b"sip:",
        b"trunk",
        b"dial",
        b"dahdi",
        b"sofia",
    ]
    .iter()
    .any(|word| memchr::memmem::find(front, word).is_some())
}

/// Whether the word before a number is "call", and the word before that says that a program is called: "rpc call
/// 8412345678 took 12 ms"; or no telephone is as fast. "Call 3125550142 completed" is what a telephone exchange writes, too.
pub(super) fn is_of_program(text: &[u8], (start, end): (usize, usize)) -> bool {
    // No word that people have besides ("system call", "tool call 3125550142 back").
    const PROGRAMS: [&[u8]; 7] = [
        b"rpc", b"grpc", b"jsonrpc", b"xmlrpc", b"soap", b"api", b"http",
    ];
    let mut words = part(text, start.saturating_sub(32), start)
        .trim_ascii_end()
        .rsplit(|byte| *byte == b' ');
    let call = words.next().unwrap_or_default();
    let call = call.strip_suffix(b"#").unwrap_or(call);
    let said = words.next().unwrap_or_default();
    call.eq_ignore_ascii_case(b"call")
        && (is_instant(text, end)
            || PROGRAMS
                .iter()
                .any(|program| program.eq_ignore_ascii_case(said)))
}

/// Whether a few words after a place end with a time that no call of people takes: "completed ok in 541us".
fn is_instant(text: &[u8], end: usize) -> bool {
    let words = run_within(text, end, end + 24, |byte| {
        byte == b' ' || byte.is_ascii_lowercase()
    });
    let number = run_within(text, words, words + 12, |byte| {
        byte.is_ascii_digit() || byte == b'.'
    });
    let unit = part(text, number, text.len().min(number + 3));
    number > words
        && before(text, words) == b' '
        && [b"us".as_slice(), b"ns", b"\xc2\xb5s", b"\xce\xbcs"]
            .iter()
            .any(|micro| unit.starts_with(micro))
}

/// Area code and exchange of the North American Numbering Plan.
pub(crate) fn is_nanp(area: &[u8], exchange: &[u8]) -> bool {
    let three = |digits: &[u8]| digits.len() == 3 && digits.iter().all(u8::is_ascii_digit);
    let sound = |digits: &[u8]| matches!(digits.first(), Some(b'2'..=b'9'));
    three(area) && three(exchange) && {
        digits::read();
        sound(area) && sound(exchange)
    }
}

/// Past `x123`, `ext. 123` after a phone number.
fn extension_end(text: &[u8], end: usize) -> usize {
    let rest = part(text, end, (end + 12).min(text.len())).to_ascii_lowercase();
    let sign = [
        b" ext. ".as_slice(),
        b" ext ",
        b" x ",
        b" x",
        b"x",
        b" ext.",
        b" ext",
        b", ext. ",
        b", ext ",
    ]
    .into_iter()
    .find(|sign| rest.starts_with(sign));
    let Some(sign) = sign else {
        return end;
    };
    let stop = digits_end(text, end + sign.len());
    if stop > end + sign.len() && stop - end - sign.len() <= 6 {
        stop
    } else {
        end
    }
}
