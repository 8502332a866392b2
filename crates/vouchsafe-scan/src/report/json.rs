//! The report as JSON.

use std::fmt::Display;
use std::io::{self, Write};

use serde::ser::{SerializeMap, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::Report;
use crate::class::Class;
use crate::tally::{Amount, Spot};

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

pub(super) fn display<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(super) fn classes<S: Serializer>(classes: &[Class], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(classes.iter().map(|class| class.name()))
}

pub(super) fn limits<S: Serializer>(
    limits: &[(&'static str, u64)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(limits.iter().copied())
}

pub(super) fn more<S: Serializer>(more: &[(Class, u64)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(more.iter().map(|(class, count)| (class.name(), *count)))
}

pub(super) fn amount<S: Serializer>(amount: &Amount, to: S) -> Result<S::Ok, S::Error> {
    let Amount {
        documents,
        bytes,
        lines,
    } = *amount;
    to.collect_map([("documents", documents), ("bytes", bytes), ("lines", lines)])
}

pub(super) fn places<S: Serializer>(places: &[Spot], to: S) -> Result<S::Ok, S::Error> {
    let mut sequence = to.serialize_seq(Some(places.len()))?;
    for place in places {
        sequence.serialize_element(&Placed(*place))?;
    }
    sequence.end()
}

struct Placed(Spot);

impl Serialize for Placed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match self.0 {
            Spot::Name => {}
            Spot::Line { line, column } => {
                map.serialize_entry("line", &line)?;
                map.serialize_entry("column", &column)?;
            }
            Spot::Offset(offset) => map.serialize_entry("offset", &offset)?,
            Spot::Row(row) => map.serialize_entry("row", &row)?,
        }
        map.end()
    }
}
