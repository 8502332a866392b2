//! Numbers and codes: those whose form says what they are, and those that the words before them name.

mod dates;
mod filed;
mod named;
mod phones;

use crate::bytes::{
    BAR, DIGIT, Kind, OTHER_WORD, at, before, count_digits, digits_end, is_word, part, run_end,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::digits;
pub(crate) use crate::number::named::is_joined;
pub(crate) use crate::number::phones::is_nanp;
use crate::place;
use crate::repeat::Question;
use crate::text::Text;
use crate::value::is_uuid;
use crate::vocabulary::Meaning;
use crate::web;

impl Text<'_, '_> {
    /// Looks at a word with digits in it; returns where to go on.
    pub(crate) fn number_word(&mut self, start: usize, end: usize, kinds: Kind) -> usize {
        let text = self.text;
        if end - start == 8
            && at(text, end) == b'-'
            && !is_joined(before(text, start))
            && is_uuid(part(text, start, start + 36))
            && !is_joined(at(text, start + 36))
        {
            return start + 36;
        }
        // 9142656^^^&1.3.6.1.4.1&ISO: an identifier and who gave it out.
        let issued = self.marks & BAR == 0 && part(text, end, end + 3) == b"^^^";
        if issued && end - start >= 5 && count_digits(part(text, start, end)) >= 4 {
            self.add(
                Class::Mrn,
                Confidence::Medium,
                (start, end),
                Some("identifier"),
            );
            return end;
        }
        let found = if kinds == DIGIT {
            self.digits_word(start, end)
        } else if kinds & OTHER_WORD != 0 {
            self.filed(start, end).or_else(|| self.code(start, end))
        } else {
            self.code(start, end)
        };
        found.unwrap_or_else(|| self.named_by_words(start, end))
    }

    /// A word of digits; returns where to go on when it is something, or nothing to look further at.
    fn digits_word(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let (previous, next) = (before(text, start), at(text, end));
        let length = end - start;
        // Fractions of seconds, minutes, ports: parts of what was looked at.
        if length < 4 && matches!(previous, b':' | b'.') {
            return Some(end);
        }
        match next {
            b'/' => self
                .day(start, end)
                .or_else(|| self.date(start))
                .or_else(|| self.digits(start, end)),
            b'-' | b'.' => self.date(start).or_else(|| self.digits(start, end)),
            b' ' if length <= 2 => self.date(start).or_else(|| self.digits(start, end)),
            b' ' | b':' => self.digits(start, end),
            // What no number follows is a ZIP code, a payment card or a telephone number.
            _ if matches!(length, 5 | 10 | 11 | 15 | 16) => self.digits(start, end),
            _ => None,
        }
    }

    /// A run of digits, by its form.
    fn digits(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let (previous, next) = (before(text, start), at(text, end));
        let fresh = !is_word(previous) && !matches!(previous, b'.' | b'-');
        match end - start {
            1..=3 if next == b'.' && fresh => {
                let version = previous == b'/' && before(text, start - 1).is_ascii_alphabetic();
                if let Some((stop, public)) = self.dotted_quad(start)
                    && !is_word(at(text, stop))
                {
                    if public && !version && !self.is_version(start) && !is_of_server(text, start) {
                        self.add(Class::Ip, Confidence::Medium, (start, stop), None);
                    }
                    return Some(stop);
                }
                let pair_start = start - usize::from(previous == b'-');
                if let Some((first, stop, confidence)) = place::pair(text, pair_start, text.len()) {
                    self.add(Class::Geography, confidence, (first, stop), None);
                    return Some(stop);
                }
            }
            1..=3 if previous == b'-' && next == b'.' => {
                if let Some((first, stop, confidence)) = place::pair(text, start - 1, text.len()) {
                    self.add(Class::Geography, confidence, (first, stop), None);
                    return Some(stop);
                }
            }
            1..=4 if matches!(next, b':' | b'-') && fresh => {
                if let Some(stop) = self.hardware(start).or_else(|| self.ip6(start)) {
                    return Some(stop);
                }
            }
            _ => {}
        }
        if !fresh {
            return None;
        }
        self.address(start, end)
            .or_else(|| self.grouped(start, end))
            .or_else(|| self.long(start, end))
            .or_else(|| self.age(start, end))
    }

    /// Where the IPv4 address ends that begins at a place, and whether it is public.
    fn dotted_quad(&mut self, start: usize) -> Option<(usize, bool)> {
        let (address, read) = digits::watch(|| web::ip4(self.text, start));
        if read {
            self.desk.asked.add(start, Question::Address(address));
        }
        address
    }

    /// A street address, or a ZIP code after its state.
    fn address(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let next = at(text, end + 1);
        if at(text, end) == b' '
            && !next.is_ascii_lowercase()
            && let Some(stop) = place::address(text, start, text.len())
        {
            self.add(Class::Geography, Confidence::Medium, (start, stop), None);
            return Some(stop);
        }
        if end - start == 5
            && let Some((first, stop)) = place::city_before(text, start)
        {
            self.add(Class::Geography, Confidence::Medium, (first, stop), None);
            return Some(stop);
        }
        None
    }

    /// 123-45-6789, 555-123-4567, 4111 1111 1111 1111, 1EG4-TE5-MK73.
    fn grouped(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let mark = at(text, end);
        if !matches!(mark, b'-' | b'.' | b' ') {
            return None;
        }
        let second_end = digits_end(text, end + 1);
        let second = part(text, end + 1, second_end);
        if second.is_empty() || at(text, second_end) != mark {
            return None;
        }
        let third_end = digits_end(text, second_end + 1);
        let third = part(text, second_end + 1, third_end);
        let first = part(text, start, end);
        let bound = !is_word(at(text, third_end)) && at(text, third_end) != b'-';
        match (first.len(), second.len(), third.len()) {
            (3, 2, 4) if bound && checks::ssn(first, second, third) => {
                let meaning = self.context(start);
                let said = meaning.is_some_and(|meaning| meaning.is_of(Class::Ssn));
                if mark == b'-' || said {
                    let confidence = if said {
                        Confidence::High
                    } else {
                        Confidence::Medium
                    };
                    self.add(
                        Class::Ssn,
                        confidence,
                        (start, third_end),
                        meaning.map(|m| m.phrase),
                    );
                    return Some(third_end);
                }
                None
            }
            (3, 3, 4) if bound && is_nanp(first, second) => {
                let other = |meaning: &Meaning| {
                    !meaning.is_of(Class::Phone)
                        && !meaning.is_of(Class::Fax)
                        && !meaning.is_nothing()
                };
                if mark == b' ' && self.context(start).is_some_and(other) {
                    return None;
                }
                self.phone((start, third_end), mark != b' ');
                Some(third_end)
            }
            (1, 3, 3) if is_one(first) => {
                let fourth_end = digits_end(text, third_end + 1);
                let sound = at(text, third_end) == mark
                    && fourth_end - third_end == 5
                    && is_nanp(second, third);
                sound.then(|| {
                    self.phone((start, fourth_end), true);
                    fourth_end
                })
            }
            (4, 4, 4) | (4, 6, 4 | 5) if mark != b'.' => self.card(start, third_end, mark),
            _ => None,
        }
    }

    fn card(&mut self, start: usize, third_end: usize, mark: u8) -> Option<usize> {
        let text = self.text;
        let fourth_end = if at(text, third_end) == mark {
            digits_end(text, third_end + 1)
        } else {
            third_end
        };
        let stop = if fourth_end > third_end + 1 {
            fourth_end
        } else {
            third_end
        };
        checks::is_card(part(text, start, stop)).then(|| {
            self.add(Class::Account, Confidence::High, (start, stop), None);
            stop
        })
    }

    /// Payment cards without separators.
    fn long(&mut self, start: usize, end: usize) -> Option<usize> {
        let digits = part(self.text, start, end);
        if matches!(digits.len(), 10 | 11) && self.is_called(start, end) {
            self.add(
                Class::Phone,
                Confidence::Medium,
                (start, end),
                Some("phone"),
            );
            return Some(end);
        }
        if checks::imei(digits) && !is_word(at(self.text, end)) && at(self.text, end) != b'.' {
            self.add(Class::Device, Confidence::Medium, (start, end), None);
            return Some(end);
        }
        let card = matches!(digits.len(), 15 | 16) && checks::is_card(digits);
        if !card || is_word(at(self.text, end)) || at(self.text, end) == b'.' {
            return None;
        }
        if let Some(meaning) = self.context(start)
            && !meaning.is_of(Class::Account)
        {
            return None;
        }
        let confidence = if self.speaks_of_cards(start) {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        self.add(Class::Account, confidence, (start, end), None);
        Some(end)
    }

    /// Whether the text before a number is about payments: every tenth number of that length has the check digit.
    fn speaks_of_cards(&self, start: usize) -> bool {
        const WORDS: [&[u8]; 14] = [
            b"card", b"pan", b"visa", b"amex", b"charge", b"pay", b"credit", b"debit", b"account",
            b"acct", b"billing", b"refund", b"holder", b"bank",
        ];
        let front = part(self.text, start.saturating_sub(96), start).to_ascii_lowercase();
        let cell = matches!(
            before(self.text, start),
            b',' | b'\t' | b';' | b'|' | b'"' | b'\'' | b'('
        );
        cell || WORDS
            .iter()
            .any(|word| front.windows(word.len()).any(|window| window == *word))
    }

    /// Letters and digits, by their form.
    fn code(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let word = part(text, start, end);
        let previous = before(text, start);
        let fresh = !matches!(previous, b'.' | b'-' | b'/' | b'@');
        match word.len() {
            1..=4 if fresh && matches!(at(text, end), b':' | b'-') => {
                if let Some(stop) = self.hardware(start).or_else(|| self.ip6(start)) {
                    return Some(stop);
                }
                self.iban(start).or_else(|| self.mbi(start))
            }
            4 if fresh => self.iban(start).or_else(|| self.mbi(start)),
            17 if checks::vin(word) => {
                self.add(Class::Vehicle, Confidence::High, (start, end), None);
                Some(end)
            }
            11 if checks::mbi(word) => {
                self.add(Class::HealthPlan, Confidence::High, (start, end), None);
                Some(end)
            }
            9 if fresh && checks::dea(word) => {
                // Its check holds for every tenth code of that form: words before it have to say what it is.
                let said = self.context(start)?;
                said.is_of(Class::License).then(|| {
                    self.add(
                        Class::License,
                        Confidence::High,
                        (start, end),
                        Some(said.phrase),
                    );
                    end
                })
            }
            15..=34 if checks::iban(word) => {
                self.add(Class::Account, Confidence::High, (start, end), None);
                Some(end)
            }
            _ => None,
        }
    }

    /// A hardware address: a person's device when the words before it say so.
    pub(crate) fn hardware(&mut self, start: usize) -> Option<usize> {
        let stop = web::mac(self.text, start)?;
        let said = self
            .context(start)
            .is_some_and(|meaning| meaning.is_of(Class::Device));
        let confidence = if said {
            Confidence::High
        } else {
            Confidence::Low
        };
        self.add(Class::Device, confidence, (start, stop), None);
        Some(stop)
    }

    fn ip6(&mut self, start: usize) -> Option<usize> {
        if before(self.text, start) == b':' {
            return None;
        }
        let (stop, public) = web::ip6(self.text, start)?;
        if public {
            self.add(Class::Ip, Confidence::Medium, (start, stop), None);
        }
        Some(stop)
    }

    /// An IBAN in groups of four.
    fn iban(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let lead = part(text, start, start + 4);
        let form = lead.first().is_some_and(u8::is_ascii_uppercase)
            && lead.get(1).is_some_and(u8::is_ascii_uppercase)
            && count_digits(lead) == 2;
        if !form || at(text, start + 4) != b' ' {
            return None;
        }
        let mut stop = start + 4;
        for _ in 0..8 {
            let group = run_end(text, stop + 1, |byte| {
                byte.is_ascii_digit() || byte.is_ascii_uppercase()
            });
            if at(text, stop) != b' ' || !(1..=4).contains(&(group - stop - 1)) {
                break;
            }
            stop = group;
            if checks::iban(part(text, start, stop)) {
                self.add(Class::Account, Confidence::High, (start, stop), None);
                return Some(stop);
            }
        }
        None
    }

    /// A Medicare number in its printed form.
    fn mbi(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let stop = start + 13;
        let sound = at(text, start + 4) == b'-'
            && checks::mbi(part(text, start, stop))
            && !is_word(at(text, stop));
        sound.then(|| {
            self.add(Class::HealthPlan, Confidence::High, (start, stop), None);
            stop
        })
    }
}

/// Whether the word before an address says that a machine of a service is there: `upstream: "http://…`, `relay=mx[…`.
///
/// The word has to stand next to the address: "backend refused, client 203.0.113.9" names a client.
fn is_of_server(text: &[u8], start: usize) -> bool {
    const SERVERS: [&[u8]; 7] = [
        b"upstream",
        b"backend",
        b"nameserver",
        b"relay",
        b"resolver",
        b"ntp",
        b"forwarder",
    ];
    let floor = start.saturating_sub(64);
    let mut front = part(text, floor, start);
    // `mx1.example.org[…`, as mail programs write the name of a host before its address.
    if let Some(rest) = front.strip_suffix(b"[") {
        front = trimmed_back(rest, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
        });
        // Behind it "=" has to stand, not the words of a sentence.
        if front.last() != Some(&b'=') {
            return false;
        }
    } else if let Some(rest) = front.strip_suffix(b"://") {
        front = trimmed_back(rest, |byte| byte.is_ascii_lowercase());
    }
    for second in [false, true] {
        front = trimmed_back(front, |byte| {
            matches!(byte, b' ' | b':' | b'=' | b'"' | b'\'' | b'\\')
        });
        let rest = trimmed_back(front, |byte| byte.is_ascii_alphabetic());
        let word = part(front, rest.len(), front.len()).to_ascii_lowercase();
        if !matches!(
            before(front, rest.len()),
            0 | b' ' | b'"' | b'\'' | b',' | b';' | b'(' | b'{' | b'\t' | b'\\'
        ) {
            // `upstream_addr`: the word is the first half of the name of a field.
            let joined = before(front, rest.len()) == b'_' && is_address_word(&word);
            if !joined {
                return false;
            }
            front = part(rest, 0, rest.len() - 1);
            continue;
        }
        if SERVERS.contains(&word.as_slice())
            || word == b"server" && rest.to_ascii_lowercase().ends_with(b"dns ")
        {
            return true;
        }
        // "upstream server 151.101.1.69", "nameserver address: …"
        if second || !is_address_word(&word) {
            return false;
        }
        front = rest;
    }
    false
}

/// Whether a word says only that an address follows.
fn is_address_word(word: &[u8]) -> bool {
    matches!(word, b"server" | b"host" | b"addr" | b"address" | b"ip")
}

/// A text without the bytes at its end for which `is` holds.
fn trimmed_back(text: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    let end = text
        .iter()
        .rposition(|byte| !is(*byte))
        .map_or(0, |place| place + 1);
    part(text, 0, end)
}

/// Whether digits are the code of the North American Numbering Plan.
fn is_one(digits: &[u8]) -> bool {
    digits::read();
    digits == b"1"
}
