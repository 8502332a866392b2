//! Names of types, slots, indexes and kinds, as the small numbers that rows have.

use std::collections::HashMap;

use super::StoreError;

/// The names of a database.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, i32>,
    names: HashMap<i32, Box<str>>,
}

impl Names {
    pub(super) fn new(rows: Vec<(i32, String)>) -> Self {
        let rows: Vec<(i32, Box<str>)> = rows.into_iter().map(|(no, n)| (no, n.into())).collect();
        Self {
            numbers: rows.iter().map(|(no, name)| (name.clone(), *no)).collect(),
            names: rows.into_iter().collect(),
        }
    }

    /// The number of a name, for a query: nothing has a name that is not known.
    pub(super) fn find(&self, name: &str) -> Option<i32> {
        self.numbers.get(name).copied()
    }

    /// The number of a name that is to be written.
    pub(super) fn number(&self, name: &str) -> Result<i32, StoreError> {
        self.find(name).ok_or(StoreError::Damaged)
    }

    pub(super) fn name(&self, number: i32) -> Option<&str> {
        self.names.get(&number).map(|name| &**name)
    }
}
