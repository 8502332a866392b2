//! Numbers and codes: those whose form says what they are, and those that the words before them name.

use crate::bytes::{
    DIGIT, Kind, at, before, count_digits, digits_end, is_word, number, part, run_end,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::place;
use crate::text::Text;
use crate::value::{self, Value, is_uuid};
use crate::vocabulary::{Meaning, Words, ends_context, may_end};
use crate::web;
use crate::when;

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
        let found = if kinds == DIGIT {
            self.digits_word(start, end)
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
            _ if matches!(length, 5 | 10 | 15 | 16) => self.digits(start, end),
            _ => None,
        }
    }

    /// A date: a finding when the words before it tie it to a person.
    fn date(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        if is_word(before(text, start)) || matches!(before(text, start), b'-' | b'.') {
            return None;
        }
        let end = when::date_end(text, start)?;
        self.tied_date(start, end);
        Some(end)
    }

    /// "since 1/24" in a note: month and day without a year.
    fn day(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let stop = digits_end(text, end + 1);
        let (month, day) = (part(text, start, end), part(text, end + 1, stop));
        let sound = (1..=2).contains(&month.len())
            && (1..=2).contains(&day.len())
            && checks::date(2000, number(month), number(day))
            && !matches!(at(text, stop), b'/' | b'-' | b'.' if at(text, stop + 1).is_ascii_digit())
            && !is_word(at(text, stop));
        let front = part(text, start.saturating_sub(7), start).to_ascii_lowercase();
        let said = [b" since ".as_slice(), b" on ", b" until "]
            .iter()
            .any(|word| front.ends_with(word));
        if !sound || !said || !self.is_clinical() {
            return None;
        }
        self.add(
            Class::Date,
            Confidence::Medium,
            (start, stop),
            Some("clinical note"),
        );
        Some(stop)
    }

    /// Adds a date when the words before it tie it to a person, or the sentence around it speaks of a patient's care.
    pub(crate) fn tied_date(&mut self, start: usize, end: usize) {
        // A log's own time stands first, and begins with a digit.
        let own = if at(self.text, start).is_ascii_digit() {
            24
        } else {
            0
        };
        if start == 0 || !self.classes.has(Class::Date) {
            return;
        }
        match self.context(start) {
            Some(meaning) if meaning.is_of(Class::Date) => {
                self.add(
                    Class::Date,
                    Confidence::Medium,
                    (start, end),
                    Some(meaning.phrase),
                );
            }
            None if start != self.value_start
                && start > own
                && (self.follows_event(start) || self.is_clinical()) =>
            {
                self.add(
                    Class::Date,
                    Confidence::Medium,
                    (start, end),
                    Some("clinical note"),
                );
            }
            _ => {}
        }
    }

    /// Whether the words before a date speak of an event in somebody's care.
    fn follows_event(&self, start: usize) -> bool {
        const EVENTS: [&[u8]; 20] = [
            b"appointment",
            b"appt",
            b"admitted",
            b"admission",
            b"discharged",
            b"surgery",
            b"born",
            b"dob",
            b"birth",
            b"died",
            b"deceased",
            b"vaccinated",
            b"immunization",
            b"refill",
            b"checkup",
            b"follow-up",
            b"followup",
            b"hospitalized",
            b"diagnosed",
            b"procedure",
        ];
        let front = part(self.text, start.saturating_sub(72), start).to_ascii_lowercase();
        let clause = front
            .rsplit(|byte| matches!(byte, b';' | b'|' | b'{' | b'}' | b'"' | b'\n'))
            .next()
            .unwrap_or_default();
        clause
            .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
            .any(|word| EVENTS.contains(&word))
    }

    /// Whether the text reads like a note on a patient: two words at least that are of little else.
    fn is_clinical(&mut self) -> bool {
        if let Some(clinical) = self.clinical {
            return clinical;
        }
        let start = part(self.text, 0, self.text.len().min(4096));
        let words = start.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'/');
        let mut first: Option<&[u8]> = None;
        let clinical = words.filter(|word| may_be_clinical(word)).any(|word| {
            let known = CLINICAL
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word));
            // Two different ones make a note.
            known
                && first
                    .replace(word)
                    .is_some_and(|first| !first.eq_ignore_ascii_case(word))
        });
        self.clinical = Some(clinical);
        clinical
    }

    /// A run of digits, by its form.
    fn digits(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let (previous, next) = (before(text, start), at(text, end));
        let fresh = !is_word(previous) && !matches!(previous, b'.' | b'-');
        match end - start {
            1..=3 if next == b'.' && fresh => {
                let version = previous == b'/' && before(text, start - 1).is_ascii_alphabetic();
                if let Some((stop, public)) = web::ip4(text, start)
                    && !is_word(at(text, stop))
                {
                    if public && !version && !self.is_version(start) {
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
            (1, 3, 3) if first == b"1" => {
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

    /// Adds a phone number, or a fax number when the words before it say so.
    fn phone(&mut self, place: (usize, usize), sure: bool) {
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
        last(&[b"fax"]) > last(&[b"phone", b"tel", b"mobile", b"cell", b"call"])
    }

    /// Ten digits in a sentence about calling somebody.
    fn is_called(&self, start: usize, end: usize) -> bool {
        let digits = part(self.text, start, end);
        let front = part(self.text, start.saturating_sub(64), start).to_ascii_lowercase();
        let at_number = front.ends_with(b" at ") || front.ends_with(b" on ");
        is_nanp(part(digits, 0, 3), part(digits, 3, 6))
            && at_number
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
    }

    /// Payment cards without separators.
    fn long(&mut self, start: usize, end: usize) -> Option<usize> {
        let digits = part(self.text, start, end);
        if digits.len() == 10 && self.is_called(start, end) {
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

    /// "92 year old", "age 94": 164.514(b)(2)(i)(C) takes ages over 89.
    fn age(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        if !matches!(end - start, 2 | 3)
            || !matches!(at(text, end), b' ' | b'-')
            || !(90..=125).contains(&number(part(text, start, end)))
        {
            return None;
        }
        let rest = part(text, end, (end + 14).min(text.len())).to_ascii_lowercase();
        let after = [
            b" year old".as_slice(),
            b"-year-old",
            b" year-old",
            b" years old",
            b" y/o",
            b" yo ",
            b" y.o",
            b"-yo",
            b" yrs old",
            b" years of",
        ]
        .iter()
        .any(|sign| rest.starts_with(sign));
        if !after {
            return None;
        }
        self.add(Class::Date, Confidence::Medium, (start, end), Some("age"));
        Some(end)
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

    /// `(555) 123-4567`, `(01)00643169007222(21)A1`.
    pub(crate) fn bracketed(&mut self, place: usize) -> usize {
        let text = self.text;
        let area_end = digits_end(text, place + 1);
        let area = part(text, place + 1, area_end);
        if at(text, area_end) != b')' {
            return place + 1;
        }
        if area == b"01" {
            let code_end = digits_end(text, area_end + 1);
            if code_end - area_end == 15 {
                let stop = run_end(text, code_end, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'-' | b'/')
                });
                self.add(Class::Device, Confidence::High, (place, stop), None);
                return stop;
            }
        }
        let gap = run_end(text, area_end + 1, |byte| {
            matches!(byte, b' ' | b'-' | b'+')
        })
        .min(area_end + 3);
        let exchange_end = digits_end(text, gap);
        let exchange = part(text, gap, exchange_end);
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
        if !(9..=15).contains(&digits)
            || zone
            || is_word(at(text, end))
            || number.get(1) == Some(&b'0')
        {
            return place + 1;
        }
        self.phone((place, end), true);
        end
    }

    /// A number or code that the words before it name.
    fn named_by_words(&mut self, start: usize, end: usize) -> usize {
        let text = self.text;
        let previous = before(text, start);
        if previous == b'.' {
            return end;
        }
        // `MRN-0012345`, `DL#A123`: letters that are joined to the number are a part of it.
        let mut first = start;
        while start - first < 24 && is_joined(before(text, first)) {
            first -= 1;
        }
        if first < start {
            first = run_end(text, first, |byte| !byte.is_ascii_alphanumeric()).min(start);
        }
        let token_end = run_end(text, end, is_joined);
        if matches!(token_end - first, 32 | 36) && is_uuid(part(text, first, token_end)) {
            return token_end;
        }
        let joined = if at(text, first).is_ascii_digit() {
            None
        } else {
            self.joined(first, start, end)
        };
        let Some(meaning) = joined.or_else(|| self.context(first)) else {
            return end;
        };
        self.fits_words(meaning, first, end).unwrap_or(end)
    }

    /// Takes the code that begins at a place for what the words before it say; returns where it ends.
    fn fits_words(&mut self, meaning: &'static Meaning, first: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let limit = run_end(text, first, |byte| {
            !matches!(
                byte,
                b',' | b';' | b'|' | b'"' | b'\'' | b'<' | b'>' | b'}' | b'\n' | b'\t' | b'&'
            )
        })
        .min(first + 80);
        let value = Value {
            text,
            start: first,
            end: limit,
            bounded: false,
        };
        for &(class, strength) in &meaning.classes {
            let elsewhere = matches!(
                class,
                Class::Name | Class::Email | Class::Url | Class::Secret | Class::Ip
            );
            if elsewhere || (class == Class::Photo && before(text, first) == b'/') {
                continue;
            }
            let fit = value::fit(class, strength, meaning.phrase, value);
            if let Some((start, stop, _)) = fit.filter(|(_, stop, _)| *stop >= end) {
                let confidence = match value::has_check(class, part(text, start, stop)) {
                    true => Confidence::High,
                    false => Confidence::Medium,
                };
                self.add(class, confidence, (start, stop), Some(meaning.phrase));
                return Some(stop);
            }
        }
        None
    }

    /// What the letters say that are joined to a number: `MRN0012345`, `acct-99`.
    fn joined(&self, first: usize, start: usize, end: usize) -> Option<&'static Meaning> {
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
        Words::of(letters).meaning().filter(|meaning| {
            !meaning.is_nothing() && !meaning.is_of(Class::Secret) && meaning.phrase.len() > 2
        })
    }

    /// What the words before a place say of a value there.
    pub(crate) fn context(&mut self, start: usize) -> Option<&'static Meaning> {
        let text = self.text;
        if start == self.value_start || !may_end(text, start) {
            return None;
        }
        let floor = start.saturating_sub(56);
        let mut place = start;
        let mut words = 0;
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
    fn is_version(&self, start: usize) -> bool {
        let front = part(self.text, start.saturating_sub(16), start).to_ascii_lowercase();
        front.last() == Some(&b'v')
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

/// Words of notes on patients.
const CLINICAL: &[&[u8]] = &[
    b"pt",
    b"y/o",
    b"yo",
    b"hx",
    b"s/p",
    b"c/o",
    b"f/u",
    b"presented",
    b"presents",
    b"symptoms",
    b"surgery",
    b"surgical",
    b"diagnosis",
    b"diagnosed",
    b"discharged",
    b"admitted",
    b"arthroplasty",
    b"pneumonia",
    b"hypertension",
    b"diabetes",
    b"pain",
    b"fever",
    b"denies",
    b"bedside",
    b"vitals",
    b"exam",
    b"examined",
    b"biopsy",
    b"ct",
    b"mri",
    b"xray",
    b"ecg",
    b"ekg",
    b"chemotherapy",
    b"dialysis",
    b"postoperative",
    b"preoperative",
    b"fracture",
    b"tolerated",
    b"nausea",
    b"allergies",
    b"prescribed",
    b"prescription",
    b"physician",
    b"surgeon",
    b"nurse",
    b"clinic",
    b"hospital",
    b"emergency",
    b"therapy",
    b"counseling",
    b"depression",
    b"anxiety",
    b"suicidal",
    b"si/hi",
    b"pregnant",
    b"gravida",
    b"trimester",
    b"infant",
    b"newborn",
    b"vaccine",
    b"vaccinated",
    b"immunization",
    b"radiology",
    b"radiograph",
    b"impression",
    b"dictated",
    b"attending",
    b"outpatient",
    b"inpatient",
    b"hospitalized",
    b"mg",
    b"bid",
    b"tid",
    b"prn",
    b"dyspnea",
    b"asthma",
    b"copd",
    b"stroke",
    b"cancer",
    b"mvc",
    b"ems",
    b"eat",
    b"kin",
    b"deceased",
    b"icu",
    b"labs",
    b"refill",
    b"therapist",
    b"dose",
    b"tumor",
    b"lesion",
    b"wound",
    b"debridement",
    b"implanted",
    b"pacemaker",
    b"catheter",
    b"knee",
    b"hip",
    b"chest",
];

/// Which lengths the words of notes have that begin with a letter, a bit for each.
static CLINICAL_LENGTHS: [u32; 32] = clinical_lengths();

#[expect(clippy::indexing_slicing, reason = "a table made at compile time")]
const fn clinical_lengths() -> [u32; 32] {
    let mut lengths = [0; 32];
    let mut place = 0;
    while place < CLINICAL.len() {
        let word = CLINICAL[place];
        lengths[word[0] as usize % 32] |= 1 << (word.len() % 32);
        place += 1;
    }
    lengths
}

/// Whether a word can be one of a note by its first letter and its length.
fn may_be_clinical(word: &[u8]) -> bool {
    word.first().is_some_and(|first| {
        CLINICAL_LENGTHS
            .get(usize::from(*first) % 32)
            .is_some_and(|lengths| lengths >> (word.len() % 32) & 1 == 1)
    })
}

/// Whether a byte joins a number to what stands beside it.
#[inline]
fn is_joined(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

/// Whether the word that ends before a full stop is an abbreviation: "no.", "num.".
fn is_short(text: &[u8], end: usize) -> bool {
    let start = crate::bytes::word_start(text, end, 5);
    end - start <= 3
}

/// Area code and exchange of the North American Numbering Plan.
fn is_nanp(area: &[u8], exchange: &[u8]) -> bool {
    let sound = |digits: &[u8]| {
        digits.len() == 3
            && matches!(digits.first(), Some(b'2'..=b'9'))
            && digits.iter().all(u8::is_ascii_digit)
    };
    sound(area) && sound(exchange)
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
