//! Data classes: the unit of minimum necessary (45 CFR 164.502(b)).

use std::fmt;
use std::str::FromStr;

/// The kind of data in an element; it determines key, index, access and logging.
///
/// Exhaustive on purpose, and ordered from least to most strict.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DataClass {
    /// Not PHI: status codes of the system, public data of practitioners and organisations.
    Operational,
    /// Times and participants of appointments.
    Scheduling,
    /// Demographic data.
    Demographic,
    /// Addresses and telephone numbers.
    Contact,
    /// Identifying numbers.
    Identifier,
    /// Claims, coverage, accounts.
    Financial,
    /// Anything about health, also by inference.
    Clinical,
    /// Needs more than a role; also every path without a class.
    Restricted,
}

impl DataClass {
    /// All classes, least strict first.
    pub const ALL: [Self; 8] = [
        Self::Operational,
        Self::Scheduling,
        Self::Demographic,
        Self::Contact,
        Self::Identifier,
        Self::Financial,
        Self::Clinical,
        Self::Restricted,
    ];

    /// The name in packs, policies and the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Scheduling => "scheduling",
            Self::Demographic => "demographic",
            Self::Contact => "contact",
            Self::Identifier => "identifier",
            Self::Financial => "financial",
            Self::Clinical => "clinical",
            Self::Restricted => "restricted",
        }
    }

    const fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

impl fmt::Display for DataClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not a data class.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such data class")]
pub struct UnknownClass;

impl FromStr for DataClass {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        Self::ALL
            .into_iter()
            .find(|class| class.name() == text)
            .ok_or(UnknownClass)
    }
}

/// A set of data classes.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct ClassSet(u8);

impl ClassSet {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class, `restricted` included.
    pub const ALL: Self = Self(u8::MAX);

    /// The set of only this class.
    #[must_use]
    pub const fn of(class: DataClass) -> Self {
        Self(class.bit())
    }

    /// This set with one more class.
    #[must_use]
    pub const fn with(self, class: DataClass) -> Self {
        Self(self.0 | class.bit())
    }

    /// Whether the class is in the set.
    #[must_use]
    pub const fn contains(self, class: DataClass) -> bool {
        self.0 & class.bit() != 0
    }

    /// Whether every class of `other` is in this set.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The classes in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The classes in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The classes in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no class is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The classes, least strict first.
    pub fn iter(self) -> impl Iterator<Item = DataClass> {
        DataClass::ALL
            .into_iter()
            .filter(move |class| self.contains(*class))
    }
}

impl FromIterator<DataClass> for ClassSet {
    fn from_iter<I: IntoIterator<Item = DataClass>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for ClassSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(DataClass::name))
            .finish()
    }
}
