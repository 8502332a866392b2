//! Dates and ages in sentences: those that words, or a note on a patient, tie to a person.

use crate::bytes::{ALNUM, at, before, digits_end, is_word, kind, number, part};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::digits;
use crate::repeat::Question;
use crate::text::Text;
use crate::when;

impl Text<'_, '_> {
    /// A date: a finding when the words before it tie it to a person.
    pub(super) fn date(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let ranges = part(text, start.saturating_sub(2), start) == b"..";
        if is_word(before(text, start)) || matches!(before(text, start), b'-' | b'.') && !ranges {
            return None;
        }
        let end = self.date_end(start)?;
        self.tied_date(start, end);
        Some(end)
    }

    /// Where the date that begins at a place ends.
    pub(crate) fn date_end(&mut self, start: usize) -> Option<usize> {
        let (end, read) = digits::watch(|| when::date_end(self.text, start));
        if read {
            self.desk.asked.add(start, Question::Date(end));
        }
        end
    }

    /// "since 1/24" in a note: month and day without a year.
    pub(super) fn day(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let stop = digits_end(text, end + 1);
        let (month, day) = (part(text, start, end), part(text, end + 1, stop));
        let sound = (1..=2).contains(&month.len())
            && (1..=2).contains(&day.len())
            && !matches!(at(text, stop), b'/' | b'-' | b'.' if at(text, stop + 1).is_ascii_digit())
            && !is_word(at(text, stop));
        let front = part(text, start.saturating_sub(7), start).to_ascii_lowercase();
        let said = [b" since ".as_slice(), b" on ", b" until "]
            .iter()
            .any(|word| front.ends_with(word));
        if !sound || !said || !self.is_clinical() || !checks::date(2000, number(month), number(day))
        {
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
                self.until(end, meaning.phrase);
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

    /// "2026-11-01..2026-11-30", "11/01/2026 through 11/30/2026": the other end of a time that is somebody's.
    pub(crate) fn until(&mut self, end: usize, phrase: &'static str) {
        let rest = part(self.text, end, self.text.len().min(end + 10));
        let Some(start) = BETWEEN
            .iter()
            .find(|between| rest.starts_with(between))
            .map(|between| end + between.len())
            .filter(|start| at(self.text, *start).is_ascii_digit())
        else {
            return;
        };
        if let Some(stop) = self.date_end(start) {
            self.add(Class::Date, Confidence::Medium, (start, stop), Some(phrase));
        }
    }

    /// Whether the words before a date speak of an event in somebody's care.
    fn follows_event(&self, start: usize) -> bool {
        const EVENTS: [&[u8]; 19] = [
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
    pub(crate) fn is_clinical(&mut self) -> bool {
        if let Some(clinical) = self.clinical {
            return clinical;
        }
        let start = part(self.text, 0, self.text.len().min(4096));
        let words = start.split(|byte| kind(*byte) & ALNUM == 0 && *byte != b'/');
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

    /// "92 year old", "age 94": 164.514(b)(2)(i)(C) takes ages over 89.
    pub(super) fn age(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        if !matches!(end - start, 2 | 3) || !matches!(at(text, end), b' ' | b'-') {
            return None;
        }
        // All of the signs begin so.
        if !at(text, end + 1).eq_ignore_ascii_case(&b'y') {
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
        if !after || !(90..=125).contains(&number(part(text, start, end))) {
            return None;
        }
        self.add(Class::Date, Confidence::Medium, (start, end), Some("age"));
        Some(end)
    }
}

/// What stands between the two ends of a time.
const BETWEEN: [&[u8]; 12] = [
    b"...",
    b"..",
    b" - ",
    b" to ",
    b" \xe2\x80\x93 ",
    b"\xe2\x80\x93",
    b" through ",
    b" thru ",
    b" until ",
    b"/",
    b"-",
    b" -> ",
];

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
    b"dnr",
    b"nkda",
    b"npo",
    b"rtc",
    b"htn",
    b"cabg",
    b"sob",
    b"poa",
    b"hpi",
    b"pmh",
    b"wnl",
    b"afebrile",
    b"ambulating",
    b"incision",
    b"sutures",
    b"lidocaine",
    b"echo",
    b"intraop",
    b"hospice",
    b"regimen",
    b"medicated",
    b"resident",
    b"caregiver",
    b"bp",
    b"hr",
    b"w/o",
    b"w/",
    b"contrast",
    b"lymphoma",
    b"tumour",
    b"carcinoma",
    b"metformin",
    b"insulin",
    b"gait",
    b"walker",
    b"eval",
    b"oriented",
    b"ambulated",
    b"voided",
    b"biba",
    b"glf",
    b"pcp",
    b"nok",
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
