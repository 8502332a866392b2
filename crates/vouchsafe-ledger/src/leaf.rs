//! The parts of a leaf that the recorder and the readers interpret: its source, and the intent that it settles.
//!
//! `{"counter":N,"entry":{..},"recorded":"..","source":"<replica>/<boot>"}`; see [`vouchsafe::audit::leaf`].

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use vouchsafe::audit::{EntryKind, Outcome, Source};
use vouchsafe::ids::IntentId;

use crate::octets::Malformed;

/// The stamps of a leaf and its entry's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) counter: u64,
    pub(crate) source: Source,
    pub(crate) recorded: Timestamp,
    pub(crate) kind: EntryKind,
    pub(crate) entry: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped<'a> {
    counter: u64,
    #[serde(borrow)]
    entry: &'a RawValue,
    recorded: &'a str,
    source: &'a str,
}

/// The members of an entry that the recorder reads.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default)]
    bundle: Option<Cow<'a, str>>,
    intent: Option<IntentId>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
}

/// The recorder's reading of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said<'a> {
    pub(crate) kind: EntryKind,
    /// The policy bundle that decided, if one did.
    pub(crate) bundle: Option<Cow<'a, str>>,
}

/// The operation of an entry that sets the recorder's time right after a false clock.
const CLOCK: &str = "recover-clock";

/// An act by which an installation goes on after a loss: readers show it for ever.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Act<'a> {
    pub(crate) operation: Cow<'a, str>,
    pub(crate) actor: Cow<'a, str>,
}

impl Act<'_> {
    /// Whether times may go back at this entry.
    pub(crate) fn corrects_clock(&self) -> bool {
        self.operation == CLOCK
    }
}

/// The act that an entry records, if it is one. Entries are in the canonical form, so the word stands in it as it is.
pub(crate) fn act(entry: &str) -> Option<Act<'_>> {
    #[derive(Deserialize)]
    struct Acts<'a> {
        #[serde(borrow)]
        actor: Cow<'a, str>,
        #[serde(borrow)]
        operation: Cow<'a, str>,
        #[serde(borrow)]
        stream: Cow<'a, str>,
    }
    if !entry.contains(r#""operation":"recover-"#) {
        return None;
    }
    let Acts {
        actor,
        operation,
        stream,
    } = serde_json::from_str(entry).ok()?;
    (operation.starts_with("recover-") && stream == "system").then_some(Act { operation, actor })
}

/// Whether times may go back at this leaf.
pub(crate) fn corrects_clock(leaf: &[u8]) -> bool {
    Leaf::read(leaf)
        .ok()
        .and_then(|leaf| act(leaf.entry))
        .is_some_and(|act| act.corrects_clock())
}

impl<'a> Leaf<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let stamped: Stamped<'a> = serde_json::from_slice(bytes).map_err(|_| Malformed)?;
        let kind = said(stamped.entry.get().as_bytes())?.kind;
        Ok(Self {
            counter: stamped.counter,
            source: stamped.source.parse().map_err(|_| Malformed)?,
            recorded: stamped.recorded.parse().map_err(|_| Malformed)?,
            kind,
            entry: stamped.entry.get(),
        })
    }
}

/// The kind of an entry, by the members `intent` and `outcome`, and its policy bundle.
///
/// It MUST be exactly one JSON object: any other text could forge the stamps that the recorder writes around it.
pub(crate) fn said(entry: &[u8]) -> Result<Said<'_>, Malformed> {
    let text = std::str::from_utf8(entry).map_err(|_| Malformed)?;
    if !text.starts_with('{') || !text.ends_with('}') {
        return Err(Malformed);
    }
    let Members {
        bundle,
        intent,
        outcome,
    } = serde_json::from_str(text).map_err(|_| Malformed)?;
    let kind = match intent {
        None => EntryKind::Event,
        Some(id) if outcome == Outcome::Intent.name() => EntryKind::Intent(id),
        Some(id) => EntryKind::Outcome(id),
    };
    Ok(Said { kind, bundle })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vouchsafe::audit;

    use super::*;

    #[test]
    fn a_leaf_reads_back_with_its_kind() {
        let source = Source {
            replica: Uuid::from_u128(1),
            boot: Uuid::from_u128(2),
        };
        let id = IntentId::from_uuid(Uuid::from_u128(3));
        let recorded = Timestamp::from_microsecond(1_700_000_000_000_001).unwrap();
        for (entry, kind) in [
            (r#"{"outcome":"permitted"}"#.to_owned(), EntryKind::Event),
            (
                format!(r#"{{"intent":"{id}","outcome":"intent"}}"#),
                EntryKind::Intent(id),
            ),
            (
                format!(r#"{{"intent":"{id}","outcome":"committed"}}"#),
                EntryKind::Outcome(id),
            ),
            (
                format!(r#"{{"intent":"{id}","outcome":"aborted"}}"#),
                EntryKind::Outcome(id),
            ),
        ] {
            let bytes = audit::leaf(entry.as_bytes(), &source, 9, recorded);
            let leaf = Leaf::read(&bytes).unwrap();
            assert_eq!(
                (leaf.counter, leaf.source, leaf.recorded),
                (9, source, recorded)
            );
            assert_eq!((leaf.kind, leaf.entry), (kind, entry.as_str()));
        }
        assert!(Leaf::read(b"{}").is_err());
    }

    #[test]
    fn an_act_of_recovery_is_known_by_its_operation() {
        let acts = |entry: &str| act(entry).map(|act| act.corrects_clock());
        let entry = |operation: &str, stream: &str| {
            format!(
                r#"{{"actor":"os-user/ada","operation":"{operation}","outcome":"permitted","stream":"{stream}"}}"#
            )
        };
        assert_eq!(acts(&entry("recover-clock", "system")), Some(true));
        assert_eq!(acts(&entry("recover-log", "system")), Some(false));
        assert_eq!(acts(&entry("recover-clock", "phi")), None);
        assert_eq!(acts(&entry("preflight", "system")), None);
        let told = act(r#"{"actor":"a","operation":"recover-log","stream":"system"}"#)
            .map(|act| act.actor);
        assert_eq!(told.as_deref(), Some("a"));
    }

    #[test]
    fn an_entry_is_one_object_and_cannot_speak_for_the_recorder() {
        for entry in [
            &b""[..],
            b"[]",
            b"7",
            b"{}",
            br#" {"outcome":"permitted"}"#,
            br#"{"outcome":"permitted"} "#,
            br#"{"outcome":"permitted"}{}"#,
            br#"{"outcome":"permitted"},"source":"x","a":{}"#,
            br#"{"outcome":"permitted","outcome":"refused"}"#,
            br#"{"outcome":7}"#,
            br#"{"intent":"not an id","outcome":"intent"}"#,
            b"{\"outcome\":\"permitted\",\"x\":\"\xff\"}",
            br#"{"outcome":"permitted""#,
        ] {
            let text = String::from_utf8_lossy(entry);
            assert_eq!(said(entry), Err(Malformed), "{text}");
        }
        let plain = said(br#"{"outcome":"permitted","x":[1]}"#).unwrap();
        assert_eq!((plain.kind, plain.bundle), (EntryKind::Event, None));
        // The bundle is parsed as readers parse it, in any spelling.
        for entry in [
            r#"{"bundle":"ab","outcome":"permitted"}"#,
            r#"{"bundle":"\u0061b","outcome":"permitted"}"#,
            r#"{"outcome":"permitted","bundle":"ab"}"#,
        ] {
            let said = said(entry.as_bytes()).unwrap();
            assert_eq!(said.bundle.as_deref(), Some("ab"), "{entry}");
        }
        for entry in [
            &br#"{"bundle":"ab","bundle":"cd","outcome":"permitted"}"#[..],
            br#"{"bundle":7,"outcome":"permitted"}"#,
        ] {
            assert_eq!(said(entry), Err(Malformed));
        }
    }
}
