//! References between records.

use std::fmt;

use uuid::Uuid;
use vouchsafe::ids::{RecordId, RecordType, Version};

/// What a reference names.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Reference {
    /// A record of this server.
    Local {
        /// Its type.
        record_type: RecordType,
        /// Its id.
        id: RecordId,
        /// One version of it.
        version: Option<Version>,
    },
    /// The record that a part of the same write makes, by the name that it has there.
    Placeholder(Uuid),
    /// The one record that a query finds.
    Conditional {
        /// Its type.
        record_type: RecordType,
        /// The query, as it was written. PHI.
        query: Box<str>,
    },
    /// A record that is contained in this one.
    Contained,
    /// Anything else: another server's, or an id that this one does not give.
    Foreign,
}

impl Reference {
    /// The record, whichever version of it was named.
    pub(super) fn of_any_version(self) -> Self {
        match self {
            Self::Local {
                record_type, id, ..
            } => Self::Local {
                record_type,
                id,
                version: None,
            },
            other => other,
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local {
                record_type, id, ..
            } => write!(f, "{record_type}/{id}"),
            Self::Placeholder(uuid) => write!(f, "placeholder {uuid}"),
            Self::Conditional { record_type, .. } => write!(f, "{record_type}?[PHI]"),
            Self::Contained => f.write_str("contained"),
            Self::Foreign => f.write_str("foreign"),
        }
    }
}
