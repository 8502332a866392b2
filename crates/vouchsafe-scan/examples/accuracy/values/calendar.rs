//! Days and times of day, without a time zone.

/// A day of the calendar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Day {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

impl Day {
    /// The day this many days after 1 January 1970.
    pub(crate) const fn of(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let turned = (5 * of_year + 2) / 153;
        let month = if turned < 10 { turned + 3 } else { turned - 9 };
        let day = of_year - (153 * turned + 2) / 5 + 1;
        Self {
            year: year_of_era + era * 400 + if month <= 2 { 1 } else { 0 },
            month,
            day,
        }
    }

    /// The name of its month.
    pub(crate) fn month_name(self) -> &'static str {
        usize::try_from(self.month - 1)
            .ok()
            .and_then(|at| MONTHS.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// The first three letters of its month.
    pub(crate) fn month_short(self) -> &'static str {
        self.month_name().get(..3).unwrap_or_default()
    }
}

/// The name of the day of the week.
pub(crate) fn weekday(days: i64) -> &'static str {
    usize::try_from(days.rem_euclid(7))
        .ok()
        .and_then(|at| DAYS.get(at))
        .copied()
        .unwrap_or_default()
}

/// A time: days since 1970, and the parts of the day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) days: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) milli: i64,
}

impl Moment {
    /// The time this many milliseconds after 1970.
    pub(crate) const fn of(millis: i64) -> Self {
        let seconds = millis.div_euclid(1_000);
        let of_day = seconds.rem_euclid(86_400);
        Self {
            days: seconds.div_euclid(86_400),
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            milli: millis.rem_euclid(1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            Day::of(0),
            Day {
                year: 1970,
                month: 1,
                day: 1
            }
        );
        assert_eq!(
            Day::of(19_782),
            Day {
                year: 2024,
                month: 2,
                day: 29
            }
        );
        assert_eq!(
            Day::of(-25_567),
            Day {
                year: 1900,
                month: 1,
                day: 1
            }
        );
        assert_eq!((weekday(0), weekday(19_782)), ("Thu", "Thu"));
        assert_eq!(Day::of(19_782).month_short(), "Feb");
    }
}
