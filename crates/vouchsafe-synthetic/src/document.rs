//! Parts that resources share, and the bundle that contains them.

use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use crate::{
    codes::Code,
    json::{Json, list, number, object, text},
};

/// A transaction that is being built.
#[derive(Default)]
pub(crate) struct Bundle {
    entries: Vec<Json>,
}

impl Bundle {
    /// Adds a resource to create; `members` follow `resourceType` and `meta`.
    pub(crate) fn create(
        &mut self,
        kind: &'static str,
        urn: Uuid,
        members: impl IntoIterator<Item = (&'static str, Json)>,
    ) {
        self.entries.push(object([
            ("fullUrl", text(urn_uuid(urn))),
            ("resource", resource(kind, members)),
            (
                "request",
                object([("method", text("POST")), ("url", text(kind))]),
            ),
        ]));
    }

    /// Adds a resource to create unless one with the identifier exists.
    pub(crate) fn create_once(
        &mut self,
        kind: &'static str,
        urn: Uuid,
        identifier: (&str, &str),
        members: impl IntoIterator<Item = (&'static str, Json)>,
    ) {
        let (system, value) = identifier;
        self.entries.push(object([
            ("fullUrl", text(urn_uuid(urn))),
            ("resource", resource(kind, members)),
            (
                "request",
                object([
                    ("method", text("POST")),
                    ("url", text(kind)),
                    ("ifNoneExist", text(format!("identifier={system}|{value}"))),
                ]),
            ),
        ]));
    }

    /// The bundle's text.
    pub(crate) fn into_transaction(self) -> String {
        object([
            ("resourceType", text("Bundle")),
            ("type", text("transaction")),
            ("entry", Json::List(self.entries)),
        ])
        .to_string()
    }
}

fn resource(kind: &'static str, members: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    let mark = object([
        ("system", text("urn:vouchsafe")),
        ("code", text("synthetic")),
        ("display", text("Made up; about nobody")),
    ]);
    let head = [
        ("resourceType", text(kind)),
        ("meta", object([("tag", list([mark]))])),
    ];
    object(head.into_iter().chain(members))
}

fn urn_uuid(urn: Uuid) -> String {
    format!("urn:uuid:{urn}")
}

/// A reference to a resource of the same bundle.
pub(crate) fn reference(urn: Uuid) -> Json {
    object([("reference", text(urn_uuid(urn)))])
}

/// A reference to a resource of the same bundle, with a name.
pub(crate) fn named_reference(urn: Uuid, display: &str) -> Json {
    object([
        ("reference", text(urn_uuid(urn))),
        ("display", text(display)),
    ])
}

/// A reference to a resource of another bundle (FHIR R4, 3.1.0.7.6: conditional references).
pub(crate) fn conditional_reference(kind: &str, system: &str, value: &str, display: &str) -> Json {
    object([
        (
            "reference",
            text(format!("{kind}?identifier={system}|{value}")),
        ),
        ("display", text(display)),
    ])
}

pub(crate) fn identifier(system: &str, value: &str) -> Json {
    object([("system", text(system)), ("value", text(value))])
}

/// An identifier whose type is a code of HL7 v2 table 0203.
pub(crate) fn typed_identifier(
    code: &'static str,
    display: &'static str,
    system: &str,
    value: &str,
) -> Json {
    let coding = object([
        (
            "system",
            text("http://terminology.hl7.org/CodeSystem/v2-0203"),
        ),
        ("code", text(code)),
        ("display", text(display)),
    ]);
    object([
        ("use", text("usual")),
        (
            "type",
            object([("coding", list([coding])), ("text", text(display))]),
        ),
        ("system", text(system)),
        ("value", text(value)),
    ])
}

pub(crate) fn coding(code: Code) -> Json {
    object([
        ("system", text(code.system)),
        ("code", text(code.code)),
        ("display", text(code.display)),
    ])
}

pub(crate) fn concept(code: Code) -> Json {
    object([
        ("coding", list([coding(code)])),
        ("text", text(code.display)),
    ])
}

/// A quantity in a unit of UCUM.
pub(crate) fn quantity(digits: &str, unit: &'static str) -> Json {
    object([
        ("value", number(digits)),
        ("unit", text(unit)),
        ("system", text("http://unitsofmeasure.org")),
        ("code", text(unit)),
    ])
}

pub(crate) fn period(start: impl Into<Json>, end: impl Into<Json>) -> Json {
    object([("start", start.into()), ("end", end.into())])
}

/// Dates are written as their own text.
impl From<Date> for Json {
    fn from(date: Date) -> Self {
        text(date.to_string())
    }
}

/// Times of the clinic are in UTC.
impl From<DateTime> for Json {
    fn from(time: DateTime) -> Self {
        text(format!("{time}Z"))
    }
}

/// The day this number of days later (earlier, if negative).
pub(crate) fn days_after(date: Date, days: i32) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// The time this number of minutes later.
pub(crate) fn minutes_after(time: DateTime, minutes: i32) -> DateTime {
    time.saturating_add(jiff::Span::new().minutes(minutes))
}

/// A time of a day.
pub(crate) fn at(date: Date, hour: i32, minute: i32) -> DateTime {
    minutes_after(
        date.to_datetime(jiff::civil::Time::midnight()),
        hour * 60 + minute,
    )
}
