//! Dates as FHIR writes them: to the year, the month, the day or the second (R4, 2.24.0.1), and what they stand for.

use jiff::civil;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use vouchsafe::document::{Node, ReadSpan, Span};
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
    /// With a time: the moment, and how long the unit is that it was written to.
    Time {
        at: Timestamp,
        unit: SignedDuration,
    },
}

impl Date {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.fff](Z|+zz:zz)`.
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
        let day =
            civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(date).ok()?).ok()?;
        match (time, precision) {
            (None, precision) => Some(Self { day, precision }),
            (Some(time), Precision::Day) => Self::with_time(day, time),
            (Some(_), _) => None,
        }
    }

    fn with_time(day: civil::Date, text: &str) -> Option<Self> {
        let zone = text.find(['Z', '+', '-'])?;
        let (clock, zone) = text.split_at_checked(zone)?;
        let offset = match zone {
            "Z" => Offset::UTC,
            _ => {
                let (sign, rest) = zone.split_at_checked(1)?;
                let (hours, minutes) = rest.split_once(':')?;
                let (hours, minutes): (i16, i16) = (digits(hours, 2)?, digits(minutes, 2)?);
                if hours > 14 || minutes > 59 {
                    return None;
                }
                let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
                Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()?
            }
        };
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, fraction),
            None => (clock, ""),
        };
        let mut parts = clock.split(':');
        let hour: i16 = digits(parts.next()?, 2)?;
        let minute: i16 = digits(parts.next()?, 2)?;
        // A query may leave the seconds out (R4, 3.1.1.5.3), and 60 is a leap second.
        let second = parts
            .next()
            .map_or(Some(0), |part| digits::<i16>(part, 2).map(|s| s.min(59)));
        let unit = match (clock.len(), fraction.len()) {
            (5, _) => SignedDuration::from_mins(1),
            // The step of the last digit; digits past the ninth are dropped.
            (_, digits) => SignedDuration::from_nanos((digits..9).fold(1, |nanos, _| nanos * 10)),
        };
        if parts.next().is_some() || clock.contains('.') {
            return None;
        }
        let nanos = nanoseconds(fraction)?;
        let narrow = |number: i16| i8::try_from(number).ok();
        let time =
            civil::Time::new(narrow(hour)?, narrow(minute)?, narrow(second?)?, nanos).ok()?;
        let at = offset.to_timestamp(day.to_datetime(time)).ok()?;
        let precision = Precision::Time { at, unit };
        Some(Self { day, precision })
    }

    /// Whether a time was written.
    pub(super) const fn has_time(self) -> bool {
        matches!(self.precision, Precision::Time { .. })
    }

    /// The day that was written, in the offset that was written; none if it is only a month or
    /// a year.
    pub(super) const fn day(self) -> Option<civil::Date> {
        match self.precision {
            Precision::Year | Precision::Month => None,
            Precision::Day | Precision::Time { .. } => Some(self.day),
        }
    }

    /// Begin and end (exclusive) of what was written; none if the end is later than any time that can be told.
    pub(super) fn span(self) -> Option<Span> {
        Some((self.begin()?, self.end()?))
    }

    /// A day is one of UTC, so that the same query means the same on every server.
    fn begin(self) -> Option<Timestamp> {
        match self.precision {
            Precision::Year | Precision::Month | Precision::Day => midnight(self.day),
            Precision::Time { at, .. } => Some(at),
        }
    }

    fn end(self) -> Option<Timestamp> {
        let span = match self.precision {
            Precision::Year => jiff::Span::new().years(1),
            Precision::Month => jiff::Span::new().months(1),
            Precision::Day => jiff::Span::new().days(1),
            Precision::Time { at, unit } => return at.checked_add(unit).ok(),
        };
        midnight(self.day.checked_add(span).ok()?)
    }
}

fn midnight(day: civil::Date) -> Option<Timestamp> {
    let time = day.to_datetime(civil::Time::midnight());
    Offset::UTC.to_timestamp(time).ok()
}

/// What a date, dateTime, instant or Period stands for; one without end ends never.
pub(super) const READ: ReadSpan = trusted::read_span(read);

fn read(value: &Node) -> Option<Span> {
    if let Some(text) = value.as_str() {
        return moment(text);
    }
    let bound = |name| value.get(name).map(|bound| bound.as_str().and_then(moment));
    match (bound("start"), bound("end")) {
        (None, None) | (Some(None), _) | (_, Some(None)) => None,
        (start, end) => Some((
            start.flatten().map_or(Timestamp::MIN, |(begin, _)| begin),
            end.flatten().map_or(Timestamp::MAX, |(_, end)| end),
        )),
    }
}

fn moment(text: &str) -> Option<Span> {
    let date = Date::parse(text)?;
    Some((date.begin()?, date.end().unwrap_or(Timestamp::MAX)))
}

/// Exactly so many digits, as a number.
fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Option<T> {
    if text.len() != count || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A fraction of a second; digits past the ninth are dropped.
fn nanoseconds(fraction: &str) -> Option<i32> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    padded.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_decides_the_span() {
        let length = |text: &str| {
            let (from, until) = Date::parse(text).unwrap().span().unwrap();
            from.duration_until(until).as_secs()
        };
        assert_eq!(length("2024"), 366 * 86_400);
        assert_eq!(length("2023-02"), 28 * 86_400);
        assert_eq!(length("2023-02-01"), 86_400);
        assert_eq!(length("2023-02-01T10:00Z"), 60);
        assert_eq!(length("2023-02-01T10:00:00+01:00"), 1);
    }

    #[test]
    fn dates_are_as_long_as_they_are_precise() {
        let day = |text: &str| moment(text).unwrap();
        assert_eq!(day("2015"), (day("2015-01-01").0, day("2016").0));
        assert_eq!(day("2015-12"), (day("2015-12-01").0, day("2016-01").0));
        assert_eq!(day("2015-02-28").1, day("2015-03-01").0);
        assert_eq!(
            day("2015-02-07T13:28:17-05:00").1,
            day("2015-02-07T18:28:18Z").0
        );
        assert_eq!(
            day("2015-02-07T13:28:17.25Z").1,
            day("2015-02-07T13:28:17.26Z").0
        );
        assert!(day("9999").1 > day("9998").1);
        // What a record is looked at by may have no end; what gives care must.
        assert!(Date::parse("9999").unwrap().span().is_none());
    }

    #[test]
    fn offsets_count() {
        let at = |text: &str| Date::parse(text).unwrap().span().unwrap().0;
        assert_eq!(at("2023-02-01T10:00:00+01:00"), at("2023-02-01T09:00:00Z"));
        assert_eq!(
            at("2023-02-01T10:00:00.5-05:30"),
            at("2023-02-01T15:30:00.500Z")
        );
    }

    #[test]
    fn the_day_is_the_one_that_was_written() {
        let day = Date::parse("2026-11-24T23:30:00-05:00")
            .unwrap()
            .day()
            .unwrap();
        assert_eq!(day.to_string(), "2026-11-24");
        assert!(Date::parse("2026-11").unwrap().day().is_none());
    }

    #[test]
    fn nonsense_is_no_date() {
        for text in [
            "",
            "20",
            "0000",
            "2023-13",
            "2023-02-30",
            "2023-2-1",
            "2023-02-01T",
            "2023-02-01T10Z",
            "2023-02-01T10:00:00",
            "2023-02-01T25:00:00Z",
            "2023-02-01T10:00:00+1:00",
            "2023-02-01T10:00:00+99:00",
            "2023-02T10:00:00Z",
            "+2023",
            "2023-02-01T10:00:00.x1Z",
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
