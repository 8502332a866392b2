//! The second look at a line that tells of a person.
//!
//! A date, a file of a picture, ten digits in brackets say nothing in most lines of a log. Beside the name or a number of
//! somebody they are about that person: 45 CFR 164.514(b)(2)(i) counts all elements of dates that are, and any other
//! number. This look runs only over lines in which the first one found a person, so it costs the others nothing.

mod dates;
mod names;
mod numbers;
mod words;

use crate::bytes::{
    DIGIT, OTHER_WORD, UPPER, WORD, at, before, is_word, kind, part, run_within, word_end,
};
use crate::class::{Class, Confidence};
use crate::company::words::contains;
use crate::finding::Finding;
use crate::text::Text;
use crate::web;
use crate::when;

pub(crate) use crate::company::words::{is_of_event, is_of_records};

/// What a first look found: class and place, in order.
pub(crate) type Known = Vec<(Class, usize, usize)>;

/// What was found in a line, if it tells of a person. An address of the network, a URL or a secret alone does not.
pub(crate) fn known(found: &[Finding]) -> Option<Known> {
    if found.is_empty() {
        return None;
    }
    let of_person =
        |finding: &Finding| !matches!(finding.class, Class::Ip | Class::Url | Class::Secret);
    found.iter().any(of_person).then(|| {
        let place = |finding: &Finding| (finding.class, finding.span.start, finding.span.end);
        found.iter().map(place).collect()
    })
}

impl Text<'_, '_> {
    /// Adds what belongs to the person that a line tells of, between the findings of the first look.
    pub(crate) fn company(&mut self, known: &Known) {
        let names = words::names_of(self.text, known);
        let mut from = 0;
        let mut last = None;
        for &(class, start, end) in known {
            self.stretch(from, start, last, &names);
            from = end.max(from);
            last = Some((class, start, end));
        }
        self.stretch(from, self.text.len(), last, &names);
        if self.classes.has(Class::Name) {
            self.beside_names(known);
        }
        self.again(known);
    }

    /// Looks at the words between two findings; `last` is the one before them.
    fn stretch(
        &mut self,
        from: usize,
        to: usize,
        last: Option<(Class, usize, usize)>,
        names: &[Vec<u8>],
    ) {
        let mut place = from;
        if let Some((Class::Geography, _, end)) = last
            && let Some(next) = self.city_after(end, to)
        {
            place = next;
        }
        if let Some((Class::Name, _, end)) = last
            && let Some(next) = self.number_after(end, to)
        {
            place = next;
        }
        while place < to {
            if kind(at(self.text, place)) & WORD == 0 {
                place += 1;
                continue;
            }
            if let Some(&(_, end)) = self
                .desk
                .quiet
                .iter()
                .find(|(start, end)| (*start..*end).contains(&place))
            {
                place = end;
                continue;
            }
            let (end, kinds) = word_end(self.text, place);
            let end = end.min(to);
            if is_word(before(self.text, place)) {
                // The rest of a word of which a part was found.
                place = end;
                continue;
            }
            // datetime.date(1934, 8, 28)
            if matches!(at(self.text, end), b'(' | b'.')
                && let Some(stop) = when::called(self.text, place).filter(|stop| *stop < to)
            {
                self.date_of_person(place, stop + usize::from(at(self.text, stop) == b')'));
                place = stop + 1;
                continue;
            }
            let next = if kinds & DIGIT != 0 {
                self.date_beside(place, to)
                    .or_else(|| self.number_beside(place, end))
            } else {
                None
            };
            let next = next
                .or_else(|| self.picture_beside(place, end))
                .or_else(|| {
                    (kinds & (UPPER | OTHER_WORD) != 0)
                        .then(|| self.capital_beside(place, end, (from, to)))?
                })
                .or_else(|| self.page_beside(place, end, names));
            place = next.map_or(end, |next| next.max(end));
        }
    }

    /// The file of a picture.
    fn picture_beside(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        if !matches!(at(text, end), b'.' | b'/' | b'-' | b':' | b'%' | b'_') {
            return None;
        }
        let stop = run_within(text, end, start + 302, |byte| {
            web::is_url_byte(byte) && byte != b'='
        });
        let path = part(text, start, stop);
        let full_stop = usize::from(path.ends_with(b"."));
        let path = part(text, start, stop - full_stop);
        if stop == end || path.len() > 300 || !web::is_image(path) {
            return None;
        }
        let stop = stop - full_stop;
        let mut first = start;
        while first > 0
            && start - first < 200
            && web::is_url_byte(before(text, first))
            && !matches!(before(text, first), b'=' | b'(' | b'[')
        {
            first -= 1;
        }
        if contains(part(text, first, stop), words::DECORATION) {
            return Some(stop);
        }
        let query = part(text, start, stop)
            .iter()
            .position(|byte| matches!(byte, b'?' | b'#'));
        let stop = query.map_or(stop, |place| start + place);
        self.of_person(Class::Photo, (first, stop));
        Some(stop)
    }

    /// Adds a value that is one because a person is in the line.
    fn of_person(&mut self, class: Class, span: (usize, usize)) {
        self.add(class, Confidence::Medium, span, Some("beside a person"));
    }

    /// `website: https://…`, "her blog https://…".
    fn page_beside(&mut self, start: usize, end: usize, names: &[Vec<u8>]) -> Option<usize> {
        let text = self.text;
        if part(text, end, end + 3) != b"://" || !part(text, start, end).starts_with(b"http") {
            return None;
        }
        let stop = run_within(text, end + 3, end + 600, |byte| {
            web::is_url_byte(byte) && byte != b'?'
        });
        let url = part(text, start, stop);
        let front = part(text, start.saturating_sub(40), start);
        let said = contains(front, words::PAGES)
            || contains(url, words::HOSTS)
            || words::carries_name(url, names)
            || web::is_numbered(url);
        let sound = said && !web::is_machine(url) && url.len() >= 12 && !web::is_image(url);
        sound.then(|| {
            let stop = stop - usize::from(before(text, stop) == b'.');
            self.of_person(Class::Url, (start, stop));
            stop
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    /// The classes and texts that are found in a line.
    fn found(line: &str) -> Vec<(Class, &str)> {
        let mut found = Vec::new();
        Detector::new().scanner().line(line.as_bytes(), &mut found);
        found
            .into_iter()
            .map(|finding| (finding.class, line.get(finding.span).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_stands_beside_a_person_is_about_that_person() {
        for (line, class, value) in [
            (
                r#"{"mrn":"0045512","taken_on":"2022-01-30"}"#,
                Class::Date,
                "2022-01-30",
            ),
            (
                "2026-04-18 08:51:21 implant of patient Katherine Scott, next check 2026-04-26",
                Class::Date,
                "2026-04-26",
            ),
            (
                "chart of patient Katherine Scott (4293429838) locked",
                Class::Mrn,
                "4293429838",
            ),
            (
                r#"{"patient":"Katherine Scott","to":"3125550142"}"#,
                Class::Phone,
                "3125550142",
            ),
            (
                r#"{"email":"k.scott@example.org","front":"cards/front_8193.jpg"}"#,
                Class::Photo,
                "cards/front_8193.jpg",
            ),
            (
                "patient Katherine Scott lives with her son in Dubuque County",
                Class::Geography,
                "Dubuque County",
            ),
            (
                r#"{"patient":"Katherine Scott","website":"https://scott-family.net/us"}"#,
                Class::Url,
                "https://scott-family.net/us",
            ),
        ] {
            assert!(
                found(line).contains(&(class, value)),
                "{line}: {:?}",
                found(line)
            );
        }
    }

    #[test]
    fn days_and_numbers_beside_a_person_are_told_from_the_program_s() {
        for (line, class, value) in [
            (
                r#"{"patient":"Katherine Scott","admin_date":"20240301"}"#,
                Class::Date,
                "20240301",
            ),
            (
                r#"{"resourceType":"Consent","patient":{"display":"Katherine Scott"},"verificationDate":"2024-03-01T10:11:12Z"}"#,
                Class::Date,
                "2024-03-01T10:11:12Z",
            ),
            (
                r#"msg="ssn mismatch" stored=219099998 patient="Katherine Scott""#,
                Class::Ssn,
                "219099998",
            ),
            (
                r#"{"url":"https://plans.example.com/m/12345678/eob","patient":"Katherine Scott"}"#,
                Class::Url,
                "https://plans.example.com/m/12345678/eob",
            ),
            (
                "NINO QQ 12 34 56 C verified for Katherine Scott",
                Class::UniqueId,
                "QQ 12 34 56 C",
            ),
            (
                "moved from patient 'Katherine Scott'/77881234 by x",
                Class::Mrn,
                "77881234",
            ),
        ] {
            assert!(
                found(line).contains(&(class, value)),
                "{line}: {:?}",
                found(line)
            );
        }
    }

    #[test]
    fn times_and_numbers_of_the_program_stay() {
        for line in [
            r#"{"ts":"2026-04-18T08:51:21Z","created_at":"2026-04-18T08:51:21Z","apiVersion":"2024-01-01","mrn":"0045512"}"#,
            "2026-04-18 08:51:21 INFO patient Katherine Scott opened bytes=3125550142 /assets/logo.png",
            r#"{"mrn":"0045512","size":20240301,"created_date":"20240301"}"#,
            r#"10.0.0.1 - - [10/Apr/2026:18:43:41 +0000] "GET /x?mrn=0045512 HTTP/1.1" 200"#,
        ] {
            assert_eq!(found(line).len(), 1, "{line}: {:?}", found(line));
        }
    }

    #[test]
    fn without_a_person_nothing_is_beside_one() {
        for line in [
            "batch 3125550142 of 2026-04-18 done, picture front_8193.jpg written",
            "certificate expires 2029-07-16",
            "fetched https://plans.example.com/m/12345678/eob",
            "retry OK 12 34 56 C",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
