//! Names and places beside a person.

use crate::bytes::{at, before, is_word, part, run_within, trimmed, word_start};
use crate::class::{Class, Confidence};
use crate::company::Known;
use crate::person;
use crate::text::Text;
use crate::when;

impl Text<'_, '_> {
    /// What begins with a capital: a month, a county, people in a note, strangers.
    pub(super) fn capital_beside(
        &mut self,
        start: usize,
        end: usize,
        (from, limit): (usize, usize),
    ) -> Option<usize> {
        let text = self.text;
        if self.classes.has(Class::Date)
            && when::month(text, start) == Some(end)
            && let Some(stop) = when::date_end(text, start).filter(|stop| *stop <= limit)
        {
            self.date_of_person(start, stop);
            return Some(stop);
        }
        if self.classes.has(Class::Geography)
            && let Some(stop) =
                county(text, start, limit).or_else(|| self.town_beside(start, limit))
        {
            self.of_person(Class::Geography, (start, stop));
            return Some(stop);
        }
        if !self.classes.has(Class::Name) {
            return None;
        }
        let stop = self.stranger(start, end, (from, limit))?;
        self.of_person(Class::Name, (start, stop));
        Some(stop)
    }

    /// Where a town ends: "lives in Elko", and in notes "lost her wallet in Valdosta".
    fn town_beside(&mut self, start: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        town(text, start, limit).or_else(|| {
            let front = part(text, start.saturating_sub(9), start);
            let near = [b" in ".as_slice(), b" outside ", b" near "]
                .iter()
                .any(|word| front.ends_with(word));
            let stop = near.then(|| person::stranger(text, start, limit, true))??;
            let over = matches!(at(text, stop), 0 | b'.' | b',' | b';' | b'"' | b'\'');
            (over && self.is_clinical()).then_some(stop)
        })
    }

    /// Where the name of a stranger ends.
    fn stranger(
        &mut self,
        start: usize,
        end: usize,
        (from, limit): (usize, usize),
    ) -> Option<usize> {
        let text = self.text;
        if at(text, end) == b'^'
            && !person::is_issuer(text, start)
            && let Some(stop) = person::joined(text, start, end, true).filter(|stop| *stop <= limit)
        {
            return Some(stop);
        }
        let clinical = self.is_clinical();
        let stop = person::stranger(text, start, limit, clinical).or_else(|| {
            is_asked_for(text, start).then(|| person::half(text, start, limit, false))?
        })?;
        // One word in a cell of its own is a name beside another finding only.
        let cell = matches!(before(text, start), b',' | b'|' | b';' | b'\t' | b' ') && !clinical;
        let single = !part(text, start, stop)
            .iter()
            .any(|byte| matches!(byte, b' ' | b','));
        let apart = start - from > 3 && limit.saturating_sub(stop) > 3;
        (!(cell && single && apart)).then_some(stop)
    }

    /// The other half of a name of which one was found: "Howard, Thomas".
    pub(super) fn beside_names(&mut self, known: &Known) {
        let text = self.text;
        for (place, &(class, start, end)) in known.iter().enumerate() {
            if class != Class::Name {
                continue;
            }
            let capitals = at(text, start + 1).is_ascii_uppercase();
            let limit = known.get(place + 1).map_or(text.len(), |next| next.1);
            if at(text, end) == b',' {
                let from = end + 1 + usize::from(at(text, end + 1) == b' ');
                if let Some(stop) = person::half(text, from, limit, capitals) {
                    self.add(
                        Class::Name,
                        Confidence::Medium,
                        (from, stop),
                        Some("beside a name"),
                    );
                }
            }
            let floor = place
                .checked_sub(1)
                .and_then(|last| known.get(last))
                .map_or(0, |last| last.2);
            let gap = match (before(text, start), before(text, start - start.min(1))) {
                (b' ', b',') => 2,
                (b' ', _) => 1,
                _ => continue,
            };
            let stop = start.saturating_sub(gap);
            let first = word_start(text, stop, 40);
            if first >= floor
                && first < stop
                && person::half(text, first, stop, capitals) == Some(stop)
            {
                self.add(
                    Class::Name,
                    Confidence::Medium,
                    (first, stop),
                    Some("beside a name"),
                );
            }
        }
    }

    /// "12 Elm Street, Dubuque": the city after a street.
    pub(super) fn city_after(&mut self, street_end: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        let gap = part(text, street_end, street_end + 2);
        if gap != b", " && gap != b" i" {
            return None;
        }
        let start = if gap == b", " {
            street_end + 2
        } else {
            street_end + 4
        };
        if gap == b" i" && part(text, street_end, start) != b" in " {
            return None;
        }
        let stop = person::capitalised_end(text, start, limit);
        let (start, stop) = trimmed(text, start, stop);
        let word = part(text, start, stop);
        let sound =
            word.len() >= 3 && !word.iter().all(u8::is_ascii_uppercase) && !is_word(at(text, stop));
        sound.then(|| {
            self.add(
                Class::Geography,
                Confidence::Medium,
                (start, stop),
                Some("after a street"),
            );
            stop
        })
    }
}

/// `?name=Roe`: whether a value is that of a parameter of a search for people.
fn is_asked_for(text: &[u8], start: usize) -> bool {
    const SEARCHED: [&[u8]; 10] = [
        b"name", b"q", b"query", b"search", b"owner", b"keeper", b"holder", b"person", b"term",
        b"contact",
    ];
    before(text, start) == b'='
        && SEARCHED.contains(&part(text, word_start(text, start - 1, 16), start - 1))
}

/// Where a town ends in "lives in Elko", "moved from Bowling Green": words with capitals at the end of a clause.
fn town(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    const HOMES: [&[u8]; 22] = [
        b"born",
        b"lives",
        b"living",
        b"lived",
        b"resides",
        b"residing",
        b"moved",
        b"home",
        b"house",
        b"raised",
        b"seen",
        b"fell",
        b"native",
        b"relocated",
        b"visiting",
        b"traveled",
        b"flying",
        b"teacher",
        b"apartment",
        b"work",
        b"works",
        b"resident",
    ];
    let front = part(text, start.saturating_sub(4), start);
    let from = part(text, start.saturating_sub(6), start);
    if front != b" in " && from != b" from " {
        return None;
    }
    let clause = part(text, start.saturating_sub(48), start).to_ascii_lowercase();
    let mut words = clause.split(|byte| !byte.is_ascii_alphabetic());
    if !words.any(|word| HOMES.contains(&word)) {
        return None;
    }
    let stop = person::capitalised_end(text, start, limit);
    let (_, stop) = trimmed(text, start, stop.max(start));
    let over = matches!(
        at(text, stop),
        0 | b',' | b'.' | b';' | b'"' | b'\'' | b')' | b' '
    );
    let capitals = part(text, start, stop)
        .iter()
        .all(|byte| !byte.is_ascii_lowercase());
    (stop > start + 2 && over && !capitals).then_some(stop)
}

/// Where "Dubuque County" ends.
fn county(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let mut place = start;
    for _ in 0..4 {
        let end = run_within(text, place, place + 40, |byte| {
            byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'-' | b'.' | b'\'')
        });
        let word = part(text, place, end);
        let word = word
            .strip_suffix(b".")
            .or_else(|| word.strip_suffix(b"'"))
            .unwrap_or(word);
        let end = place + word.len();
        if place > start && matches!(word, b"County" | b"Parish" | b"Borough") {
            return (end <= limit).then_some(end);
        }
        if at(text, end) != b' ' || !word.first().is_some_and(u8::is_ascii_uppercase) {
            return None;
        }
        place = end + 1;
    }
    None
}
