//! Dates as FHIR writes them: to the year, the month, the day or the second (R4, 2.24.0.1), and what they stand for.
//!
//! One reading for what is stored, what an index has of it and what a search asks for. A date has no zone: with one that has
//! a zone it is compared by the clock on the wall (R4, 3.1.1.4.7).

use jiff::{SignedDuration, civil};
use vouchsafe::document::{Moment, Node, ReadSpan, Span};
use vouchsafe::trusted;

/// A date, dateTime or instant, with the precision that it was written with.
#[derive(Clone, Copy)]
pub(super) struct Date {
    day: civil::Date,
    precision: Precision,
}

#[derive(Clone, Copy)]
enum Precision {
    Year,
    Month,
    Day,
    Time(Time),
}

/// A time of a day, in the zone that was written.
#[derive(Clone, Copy)]
struct Time {
    since_midnight: SignedDuration,
    offset: SignedDuration,
    /// How long the unit is that it was written to.
    unit: SignedDuration,
    written: Written,
}

/// How a time was written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Written {
    /// As R4, 2.24.0.1 asks.
    Whole,
    /// Without seconds, which only a query may leave out (R4, 3.1.1.4.7).
    WithoutSeconds,
    /// With a dot that no digit follows: stored by releases that let it pass.
    WithBareDot,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The largest offset that can be written; the largest distance between two clocks on the wall is twice that.
const MAX_OFFSET: SignedDuration = SignedDuration::from_hours(14);

impl Date {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.fff](Z|+zz:zz)`; and, since records of earlier releases
    /// may hold them, times that are not whole.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let mut parts = day.split('-');
        let year: i16 = digits(parts.next()?, 4)?;
        let month = parts.next().map(|part| digits(part, 2));
        let date = parts.next().map(|part| digits(part, 2));
        if parts.next().is_some() || year == 0 {
            return None;
        }
        let (precision, month, date) = match (month, date) {
            (None, _) => (Precision::Year, 1, 1),
            (Some(month), None) => (Precision::Month, month?, 1),
            (Some(month), Some(date)) => (Precision::Day, month?, date?),
        };
        let day = civil::Date::new(year, month, date).ok()?;
        let precision = match (time, precision) {
            (None, precision) => precision,
            (Some(time), Precision::Day) => Precision::Time(Time::parse(time)?),
            (Some(_), _) => return None,
        };
        Some(Self { day, precision })
    }

    /// Whether a time was written.
    pub(super) const fn has_time(self) -> bool {
        matches!(self.precision, Precision::Time(_))
    }

    /// Whether a resource may have it: a time is written to the second, and digits follow a dot.
    pub(super) fn is_whole(self) -> bool {
        self.written() == Written::Whole
    }

    /// Whether a query may have it.
    pub(super) fn may_be_asked(self) -> bool {
        self.written() != Written::WithBareDot
    }

    const fn written(self) -> Written {
        match self.precision {
            Precision::Year | Precision::Month | Precision::Day => Written::Whole,
            Precision::Time(time) => time.written,
        }
    }

    /// The day, month or year that was written.
    pub(super) fn calendar(self) -> String {
        let (day, year, month) = (self.day, self.day.year(), self.day.month());
        match self.precision {
            Precision::Year => format!("{year:04}"),
            Precision::Month => format!("{year:04}-{month:02}"),
            Precision::Day | Precision::Time(_) => text(day),
        }
    }

    /// Begin and end (exclusive) of what was written.
    pub(super) fn span(self) -> Span {
        let midnight = self.day.duration_since(EPOCH);
        let days = |days: i16| DAY.saturating_mul(days.into());
        match self.precision {
            Precision::Year => whole_days(midnight, days(self.day.days_in_year())),
            Precision::Month => whole_days(midnight, days(self.day.days_in_month().into())),
            Precision::Day => whole_days(midnight, DAY),
            Precision::Time(time) => time.span(midnight),
        }
    }
}

const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);
const FIRST_DAY: civil::Date = civil::Date::constant(1, 1, 1);

fn whole_days(wall: SignedDuration, long: SignedDuration) -> Span {
    let at = |wall| Moment { wall, utc: None };
    (at(wall), at(wall.saturating_add(long)))
}

/// The day of a moment, by the same clock; the first or the last that can be written, if it is one before or after.
pub(super) fn day_of(since: SignedDuration) -> civil::Date {
    let day = EPOCH.checked_add(days_before(since));
    match day {
        Ok(day) => day.max(FIRST_DAY),
        Err(_) if since.is_negative() => FIRST_DAY,
        Err(_) => civil::Date::MAX,
    }
}

/// Whole days, rounded down.
fn days_before(since: SignedDuration) -> SignedDuration {
    let seconds = since
        .as_secs()
        .saturating_sub(i64::from(since.subsec_nanos() < 0));
    let day = DAY.as_secs();
    SignedDuration::from_secs(seconds.div_euclid(day).saturating_mul(day))
}

/// As FHIR writes it.
pub(super) fn text(day: civil::Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

impl Time {
    fn parse(text: &str) -> Option<Self> {
        let zone = text.find(['Z', '+', '-'])?;
        let (clock, zone) = text.split_at_checked(zone)?;
        let offset = offset(zone)?;
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (clock, None),
        };
        let mut parts = clock.split(':').map(|part| digits::<i64>(part, 2));
        let (hour, minute) = (parts.next()??, parts.next()??);
        let second = parts.next();
        // 60 is a leap second: it is told apart from the one before by nothing but its text.
        let in_range =
            hour < 24 && minute < 60 && second.is_none_or(|s| s.is_some_and(|s| s <= 60));
        if parts.next().is_some() || !in_range {
            return None;
        }
        let (written, unit) = match (second, fraction) {
            (None, None) => (Written::WithoutSeconds, SignedDuration::from_mins(1)),
            (None, Some(_)) => return None,
            (Some(_), Some("")) => (Written::WithBareDot, SignedDuration::from_secs(1)),
            (Some(_), fraction) => (Written::Whole, unit(fraction.unwrap_or_default())),
        };
        let seconds = (hour * 60 + minute) * 60 + second.flatten().unwrap_or(0).min(59);
        let nanoseconds = nanoseconds(fraction.unwrap_or_default())?;
        Some(Self {
            since_midnight: SignedDuration::from_secs(seconds)
                .saturating_add(SignedDuration::from_nanos(nanoseconds)),
            offset,
            unit,
            written,
        })
    }

    fn span(self, midnight: SignedDuration) -> Span {
        let at = |wall: SignedDuration| Moment {
            wall,
            utc: Some(wall.saturating_sub(self.offset)),
        };
        let begin = midnight.saturating_add(self.since_midnight);
        (at(begin), at(begin.saturating_add(self.unit)))
    }
}

/// `Z`, or up to fourteen hours either way.
fn offset(zone: &str) -> Option<SignedDuration> {
    if zone == "Z" {
        return Some(SignedDuration::ZERO);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (digits(hours, 2)?, digits(minutes, 2)?);
    let offset = SignedDuration::from_mins(hours * 60 + minutes);
    if minutes > 59 || offset > MAX_OFFSET {
        return None;
    }
    Some(if sign == "-" { -offset } else { offset })
}

/// The step of the last digit; digits past the ninth are dropped.
fn unit(fraction: &str) -> SignedDuration {
    SignedDuration::from_nanos((fraction.len()..9).fold(1, |nanos, _| nanos * 10))
}

/// What a date, dateTime, instant or Period stands for; one without end ends never.
///
/// A bound that cannot be read is open: such a record is found too often, and never too seldom.
pub(super) const READ: ReadSpan = trusted::read_span(read);

fn read(value: &Node) -> Option<Span> {
    let any = (Moment::FIRST, Moment::LAST);
    let of = |text: &Node| text.as_str().and_then(Date::parse).map_or(any, Date::span);
    if value.as_str().is_some() {
        return Some(of(value));
    }
    match (value.get("start"), value.get("end")) {
        (None, None) => None,
        (start, end) => Some((start.map_or(any, of).0, end.map_or(any, of).1)),
    }
}

/// The clocks on the wall that a moment may have, in whatever zone it was written: none but its own if it has none.
pub(super) fn walls(moment: Moment) -> (SignedDuration, SignedDuration) {
    let Moment { wall, utc } = moment;
    utc.map_or((wall, wall), |utc| {
        (
            utc.saturating_sub(MAX_OFFSET),
            utc.saturating_add(MAX_OFFSET),
        )
    })
}

/// Exactly so many digits, as a number.
fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Option<T> {
    if text.len() != count || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A fraction of a second; digits past the ninth are dropped.
fn nanoseconds(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.chars().chain("000000000".chars());
    let padded: String = digits.take(9).collect();
    padded.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        Date::parse(text).unwrap().span()
    }

    #[test]
    fn precision_decides_the_span() {
        let length = |text: &str| {
            let (from, until) = span(text);
            (until.wall - from.wall).as_secs()
        };
        assert_eq!(length("2024"), 366 * 86_400);
        assert_eq!(length("2023-02"), 28 * 86_400);
        assert_eq!(length("2023-02-01"), 86_400);
        assert_eq!(length("2023-02-01T10:00Z"), 60);
        assert_eq!(length("2023-02-01T10:00:00+01:00"), 1);
        assert_eq!(length("9999"), 365 * 86_400);
        assert_eq!(length("9999-12-31T23:59:60Z"), 1);
    }

    #[test]
    fn dates_are_as_long_as_they_are_precise() {
        assert_eq!(span("2015"), (span("2015-01-01").0, span("2016").0));
        assert_eq!(span("2015-12"), (span("2015-12-01").0, span("2016-01").0));
        assert_eq!(span("2015-02-28").1, span("2015-03-01").0);
        let utc = |text: &str| (span(text).0.utc, span(text).1.utc);
        assert_eq!(
            utc("2015-02-07T13:28:17-05:00").1,
            utc("2015-02-07T18:28:18Z").0
        );
        assert_eq!(
            utc("2015-02-07T13:28:17.25Z").1,
            utc("2015-02-07T13:28:17.26Z").0
        );
        assert_eq!(utc("2015-02-07"), (None, None));
    }

    #[test]
    fn the_years_that_can_be_written_have_a_begin_and_an_end() {
        assert_eq!(span("9999").1, span("9999-12-31").1);
        for (before, after) in [
            ("9998", "9999"),
            ("9999-12-30", "9999-12-31"),
            ("9999-12-31T23:59:59+14:00", "9999-12-31T23:59:59-14:00"),
            ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00"),
            (
                "9999-12-31T23:59:59.999999998Z",
                "9999-12-31T23:59:59.999999999Z",
            ),
        ] {
            assert!(
                span(before).1.order(span(after).0).is_le(),
                "{before} {after}"
            );
            assert!(span(after).1.order(Moment::LAST).is_lt());
        }
    }

    #[test]
    fn offsets_count() {
        let at = |text: &str| span(text).0.utc;
        assert_eq!(at("2023-02-01T10:00:00+01:00"), at("2023-02-01T09:00:00Z"));
        assert_eq!(
            at("2023-02-01T10:00:00.5-05:30"),
            at("2023-02-01T15:30:00.500Z")
        );
        assert_eq!(at("2023-02-01T10:00:00-00:00"), at("2023-02-01T10:00:00Z"));
    }

    #[test]
    fn the_day_is_the_one_that_was_written() {
        let calendar = |text: &str| Date::parse(text).unwrap().calendar();
        assert_eq!(calendar("2026-11-24T23:30:00-05:00"), "2026-11-24");
        assert_eq!(calendar("2026-11"), "2026-11");
        assert_eq!(calendar("0980"), "0980");
        for text in ["2026-11-24", "1969-12-31", "0001-01-01", "9999-12-31"] {
            let (begin, end) = span(text);
            let last = end.wall.saturating_sub(SignedDuration::from_nanos(1));
            for wall in [begin.wall, last] {
                assert_eq!(super::text(day_of(wall)), text);
            }
        }
        assert_eq!(day_of(span("9999").1.wall), civil::Date::MAX);
        assert_eq!(day_of(SignedDuration::MAX), civil::Date::MAX);
        assert_eq!(day_of(SignedDuration::MIN), FIRST_DAY);
    }

    #[test]
    fn what_is_not_whole_is_told_apart() {
        for (text, whole, asked) in [
            ("2023-02-01T10:00:00Z", true, true),
            ("2023-02-01T10:00:00.0Z", true, true),
            ("2023-02", true, true),
            ("2023-02-01T10:00Z", false, true),
            ("2023-02-01T10:00:00.Z", false, false),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!(
                (date.is_whole(), date.may_be_asked()),
                (whole, asked),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_date() {
        for text in [
            "",
            "20",
            "0000",
            "10000",
            "2023-13",
            "2023-02-30",
            "2023-2-1",
            "2023-02-01T",
            "2023-02-01T10Z",
            "2023-02-01T10:00:00",
            "2023-02-01T25:00:00Z",
            "2023-02-01T24:00:00Z",
            "2023-02-01T10:60:00Z",
            "2023-02-01T10:00:61Z",
            "2023-02-01T10:00.5Z",
            "2023-02-01T10:00:00+1:00",
            "2023-02-01T10:00:00+99:00",
            "2023-02-01T10:00:00+14:01",
            "2023-02-01T10:00:00+13:60",
            "2023-02T10:00:00Z",
            "+2023",
            "2023-02-01T10:00:00.x1Z",
            "2023-02-01T10:00:00.5.5Z",
            "2023-02-01-01",
            "2023T10:00:00Z",
            "15",
            "yyyy",
            "20é",
            "+201",
        ] {
            assert!(Date::parse(text).is_none(), "{text}");
        }
    }
}
