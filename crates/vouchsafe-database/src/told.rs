//! Reports causes to the operator once. A caller learns only that the database is not available. The log gets the code
//! that the database returned, and no text of it, which could quote values.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::DatabaseError;

/// The interval after which the same cause is reported again, with its number of occurrences.
const QUIET: Duration = Duration::from_secs(10);
/// Maximum number of distinct causes.
const MAX_CAUSES: usize = 64;

/// A result code of SQLite, or a SQLSTATE.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    Sqlite(i32),
    /// PostgreSQL, appendix A: five of `0-9` and `A-Z`.
    State([u8; 5]),
    /// A fault without a code, such as a broken connection.
    None,
}

impl Code {
    /// The SQLSTATE in a text; `None` for any other text.
    pub(crate) fn state(text: &str) -> Self {
        let whole = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        match <[u8; 5]>::try_from(text.as_bytes()) {
            Ok(bytes) if bytes.iter().all(whole) => Self::State(bytes),
            _ => Self::None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Sqlite(code) => format!("sqlite {code}"),
            Self::State(bytes) => format!("SQLSTATE {}", String::from_utf8_lossy(&bytes)),
            Self::None => "none".to_owned(),
        }
    }
}

/// The last report of a cause, and the occurrences since.
#[derive(Debug)]
struct Told {
    code: Code,
    meaning: DatabaseError,
    at: Instant,
    since: u64,
}

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

/// Reports why a database operation failed. An existing row or an interfering transaction is an answer and not a fault.
pub(crate) fn tell(code: Code, meaning: DatabaseError) {
    if matches!(
        meaning,
        DatabaseError::Duplicate | DatabaseError::Serialization
    ) {
        return;
    }
    if let Some(times) = due(code, meaning, Instant::now()) {
        let (code, class) = (code.text(), format!("{meaning:?}"));
        tracing::warn!(target: "vouchsafe", %code, %class, times, "a database did not do what it was asked");
    }
}

/// The number of occurrences since the last report, including this one, if a report is due.
fn due(code: Code, meaning: DatabaseError, now: Instant) -> Option<u64> {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |told: &&mut Told| told.code == code && told.meaning == meaning;
    if let Some(known) = told.iter_mut().find(same) {
        known.since = known.since.saturating_add(1);
        if now.saturating_duration_since(known.at) < QUIET {
            return None;
        }
        known.at = now;
        return Some(std::mem::take(&mut known.since));
    }
    if told.len() >= MAX_CAUSES {
        told.retain(|told| now.saturating_duration_since(told.at) < QUIET);
    }
    if told.len() < MAX_CAUSES {
        told.push(Told {
            code,
            meaning,
            at: now,
            since: 0,
        });
    }
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once_and_again_with_how_often_it_came() {
        let (code, meaning) = (Code::Sqlite(99_001), DatabaseError::Failed);
        let now = Instant::now();
        assert_eq!(due(code, meaning, now), Some(1));
        for _ in 0..5 {
            assert_eq!(due(code, meaning, now + Duration::from_secs(9)), None);
        }
        assert_eq!(due(code, meaning, now + QUIET), Some(6));
        // Another code is another cause.
        assert_eq!(due(Code::Sqlite(99_002), meaning, now), Some(1));
        assert_eq!(due(code, DatabaseError::Busy, now), Some(1));
    }

    #[test]
    fn a_code_is_a_code_and_no_text_of_the_server() {
        assert_eq!(Code::state("57P01").text(), "SQLSTATE 57P01");
        for text in ["", "57p01", "57P012", "Smith", "12 34", "Ünïcö"] {
            assert_eq!(Code::state(text), Code::None, "{text}");
        }
    }

    #[test]
    fn answers_are_no_faults() {
        // The test is only that it returns: the table of causes has no such entry.
        tell(Code::Sqlite(2067), DatabaseError::Duplicate);
        let told = TOLD.lock().unwrap();
        assert!(
            told.iter()
                .all(|told| told.meaning != DatabaseError::Duplicate)
        );
    }
}
