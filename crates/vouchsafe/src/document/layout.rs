//! Layouts: the assignment of a record's elements to slots.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Node, Object};
use crate::class::DataClass;
use crate::ids::RecordType;

/// The assignment of a record type's elements to slots; compiled from a pack.
///
/// The class of a place must depend only on the record type and the arguments, or a merged document would differ from
/// the split one.
pub trait Layout: Send + Sync {
    /// The record type of the layout.
    fn record_type(&self) -> &RecordType;

    /// The place of the root.
    fn root(&self, document: &Node) -> Place;

    /// The place of a member; the object is an argument because its members decide between alternatives.
    fn member(&self, at: Place, object: &Object, name: &str) -> Place;

    /// The place of an item of the array at `at`.
    fn item(&self, at: Place, item: &Node) -> Place;

    /// The slot of leaves at this place.
    fn slot(&self, at: Place) -> &Slot;

    /// Whether everything below belongs to this place's slot.
    fn uniform(&self, at: Place) -> bool;
}

/// A row of a [`Layout`]'s table.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place(pub u32);

/// The content of one envelope: a data class, or an element of it that has an envelope of its own.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot {
    class: DataClass,
    /// `class+own`; absent for the class itself.
    name: Option<Arc<str>>,
}

/// A name that is not valid for a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such slot")]
pub struct InvalidSlot;

impl Slot {
    /// Maximum length of the name of an own envelope, in bytes.
    pub const MAX_OWN: usize = 32;

    /// The slot of a class.
    #[must_use]
    pub const fn new(class: DataClass) -> Self {
        Self { class, name: None }
    }

    /// The slot of elements of a class that have an envelope of their own.
    ///
    /// # Errors
    /// [`InvalidSlot`] unless the name is 1 to 32 ASCII lower-case letters, digits and hyphens.
    pub fn own(class: DataClass, own: &str) -> Result<Self, InvalidSlot> {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if own.is_empty() || own.len() > Self::MAX_OWN || !own.bytes().all(known) {
            return Err(InvalidSlot);
        }
        let name = Some(format!("{class}+{own}").into());
        Ok(Self { class, name })
    }

    /// The class of its content.
    #[must_use]
    pub const fn class(&self) -> DataClass {
        self.class
    }

    /// The name: `clinical`, or `identifier+ssn`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.class.name())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({})", self.name())
    }
}

impl From<DataClass> for Slot {
    fn from(class: DataClass) -> Self {
        Self::new(class)
    }
}

impl FromStr for Slot {
    type Err = InvalidSlot;

    fn from_str(text: &str) -> Result<Self, InvalidSlot> {
        let (class, own) = match text.split_once('+') {
            Some((class, own)) => (class, Some(own)),
            None => (text, None),
        };
        let class = class.parse().map_err(|_| InvalidSlot)?;
        own.map_or(Ok(Self::new(class)), |own| Self::own(class, own))
    }
}
