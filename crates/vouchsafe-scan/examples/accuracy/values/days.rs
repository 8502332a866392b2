//! Dates of people, and ages over 89.

use vouchsafe_scan::class::Class;

use super::Record;
use super::calendar::{Day, Moment};
use crate::text::{Label, Text};

const BIRTH_FORMS: [&str; 8] = ["iso", "iso", "iso", "us", "us", "compact", "long", "dmy"];
const VISIT_FORMS: [&str; 8] = [
    "iso", "iso", "us", "datetime", "datetime", "long", "med", "compact",
];

impl Record<'_> {
    /// A date of a person: `dob`, `visit-date` and its like, `age` (over 89), `age-low` (no identifier).
    pub(super) fn day(&mut self, key: &str, form: Option<&str>, person: usize) -> Option<Text> {
        let now = self.time / 86_400_000;
        let (days, forms) = match key {
            "age" => {
                return Some(Text::labelled(
                    self.random.between(90, 104).to_string(),
                    Label::new(Class::Date, "age"),
                ));
            }
            "age-low" => return Some(Text::plain(self.random.between(1, 89).to_string())),
            "dob" => (
                self.fact(key, person, |random| {
                    random.between(-16_000, 18_000).to_string()
                }),
                BIRTH_FORMS,
            ),
            "death" => (
                self.fact(key, person, |random| {
                    (now - random.between(1, 900)).to_string()
                }),
                VISIT_FORMS,
            ),
            "admit" => (
                self.fact(key, person, |random| {
                    (now - random.between(4, 60)).to_string()
                }),
                VISIT_FORMS,
            ),
            "discharge" => (
                self.fact(key, person, |random| {
                    (now - random.between(0, 3)).to_string()
                }),
                VISIT_FORMS,
            ),
            "service" => (
                self.fact(key, person, |random| {
                    (now - random.between(0, 400)).to_string()
                }),
                VISIT_FORMS,
            ),
            "appointment" => (
                self.fact(key, person, |random| {
                    (now + random.between(1, 90)).to_string()
                }),
                VISIT_FORMS,
            ),
            _ => return None,
        };
        let form = self.form(form, &forms);
        let minutes = self.random.between(7 * 60, 18 * 60) / 5 * 5;
        let text = written(days.parse().unwrap_or(0), minutes, form)?;
        Some(Text::labelled(
            text,
            Label::new(Class::Date, &format!("{key}:{form}")),
        ))
    }
}

fn written(days: i64, minutes: i64, form: &str) -> Option<String> {
    let date = Day::of(days);
    let Day { year, month, day } = date;
    let (hour, minute) = (minutes / 60, minutes % 60);
    Some(match form {
        "iso" => format!("{year:04}-{month:02}-{day:02}"),
        "slash" => format!("{year:04}/{month:02}/{day:02}"),
        "us" => format!("{month:02}/{day:02}/{year:04}"),
        "us-short" => format!("{month}/{day}/{:02}", year % 100),
        "month-day" => format!("{month}/{day}"),
        "us-dash" => format!("{month:02}-{day:02}-{year:04}"),
        "dmy" => format!("{day:02}.{month:02}.{year:04}"),
        "dmy-slash" => format!("{day:02}/{month:02}/{year:04}"),
        "compact" => format!("{year:04}{month:02}{day:02}"),
        "long" => format!("{} {day}, {year}", date.month_name()),
        "med" => format!("{day:02} {} {year}", date.month_short()),
        "med-dash" => format!("{day:02}-{}-{year}", date.month_short()),
        "oracle" => format!(
            "{day:02}-{}-{:02}",
            date.month_short().to_uppercase(),
            year % 100
        ),
        "datetime" => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
        "offset" => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00-05:00"),
        "midnight" => format!("{year:04}-{month:02}-{day:02}T00:00:00Z"),
        "sql" => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:00"),
        "go" => format!("{year:04}-{month:02}-{day:02} 00:00:00 +0000 UTC"),
        "python" => format!("datetime.date({year}, {month}, {day})"),
        "array" => format!("[{year},{month},{day}]"),
        "hl7" => format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}00"),
        "epoch-ms" => (days * 86_400_000 + minutes * 60_000).to_string(),
        "words" => format!("{} {day}", date.month_name()),
        _ => return None,
    })
}

impl Record<'_> {
    /// A time stamp of the log itself, which is nobody's.
    pub(super) fn stamp(&mut self, form: &str) -> Option<String> {
        self.time += self.random.between(0, 900);
        let now = Moment::of(self.time);
        let date = Day::of(now.days);
        let Day { year, month, day } = date;
        let Moment {
            hour,
            minute,
            second,
            milli,
            ..
        } = now;
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        let micro = milli * 1_000 + self.random.between(0, 999);
        Some(match form {
            "iso" => format!("{year:04}-{month:02}-{day:02}T{clock}.{milli:03}Z"),
            "iso-s" => format!("{year:04}-{month:02}-{day:02}T{clock}Z"),
            "iso6" => format!("{year:04}-{month:02}-{day:02}T{clock}.{micro:06}Z"),
            "iso9" => format!(
                "{year:04}-{month:02}-{day:02}T{clock}.{micro:06}{:03}Z",
                self.random.between(0, 999)
            ),
            "iso7" => format!(
                "{year:04}-{month:02}-{day:02}T{clock}.{micro:06}{}Z",
                self.random.between(0, 9)
            ),
            "offset" => format!("{year:04}-{month:02}-{day:02}T{clock}.{milli:03}+00:00"),
            "offset2" => format!("{year:04}-{month:02}-{day:02}T{clock}+02:00"),
            "python" => format!("{year:04}-{month:02}-{day:02} {clock},{milli:03}"),
            "java" => format!("{year:04}-{month:02}-{day:02} {clock}.{milli:03}"),
            "sql" => format!("{year:04}-{month:02}-{day:02} {clock}"),
            "sql-tz" => format!("{year:04}-{month:02}-{day:02} {clock}.{milli:03} UTC"),
            "clf" => format!("{day:02}/{}/{year:04}:{clock} +0000", date.month_short()),
            "syslog" => format!("{} {day:2} {clock}", date.month_short()),
            "rails" => format!("{year:04}-{month:02}-{day:02} {clock} +0000"),
            "go" => format!("{year:04}/{month:02}/{day:02} {clock}"),
            "go6" => format!("{year:04}/{month:02}/{day:02} {clock}.{micro:06}"),
            "rfc1123" => format!(
                "{}, {day:02} {} {year:04} {clock} GMT",
                super::calendar::weekday(now.days),
                date.month_short()
            ),
            "klog" => format!("{month:02}{day:02} {clock}.{micro:06}"),
            "hl7" => format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
            "compact" => format!("{year:04}{month:02}{day:02}"),
            "date" => format!("{year:04}-{month:02}-{day:02}"),
            "slash" => format!("{month:02}/{day:02}/{year:04}"),
            "time" => clock,
            "time-ms" => format!("{clock}.{milli:03}"),
            "dotnet" => format!("{year:04}-{month:02}-{day:02} {clock}.{milli:03} +00:00"),
            "kernel" => format!("{}.{micro:06}", self.random.between(1, 99_999)),
            "serilog" => format!("{hour:02}:{minute:02}:{second:02}"),
            "year" => format!("{year:04}"),
            other => return self.epoch(other, micro),
        })
    }

    fn epoch(&mut self, form: &str, micro: i64) -> Option<String> {
        Some(match form {
            "epoch" => (self.time / 1_000).to_string(),
            "epoch-ms" => self.time.to_string(),
            "epoch-ns" => format!("{}{micro:06}", self.time / 1_000),
            "epoch-f" => format!(
                "{}.{micro:06}{}",
                self.time / 1_000,
                self.random.between(0, 9)
            ),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_the_form_asked_for() {
        assert_eq!(
            written(19_782, 605, "datetime").as_deref(),
            Some("2024-02-29T10:05:00Z")
        );
        assert_eq!(written(19_782, 605, "us-short").as_deref(), Some("2/29/24"));
        assert_eq!(
            written(-25_567, 605, "oracle").as_deref(),
            Some("01-JAN-00")
        );
        assert_eq!(written(0, 0, "stardate"), None);
    }
}
