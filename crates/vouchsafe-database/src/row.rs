//! Rows of either database, converted to our types.

use rusqlite::types::FromSql;
use uuid::Uuid;
use vouchsafe_postgres::tokio_postgres;
use vouchsafe_postgres::tokio_postgres::types::FromSqlOwned;

use crate::DatabaseError;

/// A row of a result.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl std::fmt::Debug for Row<'_> {
    /// Without the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row")
    }
}

impl Row<'_> {
    /// The value of a column, counted from 0.
    ///
    /// # Errors
    /// [`DatabaseError::Schema`] if there is no such column, or its type is another one.
    pub fn get<T: Column>(&self, at: usize) -> Result<T, DatabaseError> {
        T::read(self, at)
    }
}

/// A type that a column can have.
pub trait Column: Sized {
    /// The value of a column.
    ///
    /// # Errors
    /// [`DatabaseError::Schema`].
    fn read(row: &Row<'_>, at: usize) -> Result<Self, DatabaseError>;
}

/// A column that both drivers read as the same type.
fn same<T: FromSql + FromSqlOwned>(row: &Row<'_>, at: usize) -> Result<T, DatabaseError> {
    match row {
        Row::Sqlite(row) => row.get(at).map_err(|_| DatabaseError::Schema),
        Row::Postgres(row) => row.try_get(at).map_err(|_| DatabaseError::Schema),
    }
}

macro_rules! columns {
    ($($column:ty),*) => {
        $(
            impl Column for $column {
                fn read(row: &Row<'_>, at: usize) -> Result<Self, DatabaseError> {
                    same(row, at)
                }
            }

            impl Column for Option<$column> {
                fn read(row: &Row<'_>, at: usize) -> Result<Self, DatabaseError> {
                    same(row, at)
                }
            }
        )*
    };
}

columns!(bool, i16, i32, i64, String, Vec<u8>);

impl Column for Option<Uuid> {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, DatabaseError> {
        match row {
            Row::Sqlite(row) => row
                .get::<_, Option<[u8; 16]>>(at)
                .map(|id| id.map(Uuid::from_bytes))
                .map_err(|_| DatabaseError::Schema),
            Row::Postgres(row) => row.try_get(at).map_err(|_| DatabaseError::Schema),
        }
    }
}

impl Column for Uuid {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, DatabaseError> {
        row.get::<Option<Self>>(at)?.ok_or(DatabaseError::Schema)
    }
}

/// A value made from the columns of a row, in order.
pub trait FromRow: Sized + Send {
    /// The value.
    ///
    /// # Errors
    /// [`DatabaseError::Schema`] if the row has other columns.
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError>;
}

macro_rules! scalars {
    ($($column:ty),*) => {
        $(impl FromRow for $column {
            fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
                row.get(0)
            }
        })*
    };
}

scalars!(
    bool,
    i16,
    i32,
    i64,
    String,
    Vec<u8>,
    Uuid,
    Option<bool>,
    Option<i64>,
    Option<String>,
    Option<Vec<u8>>,
    Option<Uuid>
);

macro_rules! tuples {
    ($($($column:ident $at:tt),+;)*) => {
        $(impl<$($column: Column + Send),+> FromRow for ($($column,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
                Ok(($(row.get::<$column>($at)?,)+))
            }
        })*
    };
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

/// Makes a struct from the columns of a row: `from_row!(Line { id, text })` reads the first column as `id`, the second
/// as `text`.
#[macro_export]
macro_rules! from_row {
    ($row:ident { $($column:ident),+ $(,)? }) => {
        impl $crate::FromRow for $row {
            fn from_row(row: &$crate::Row<'_>) -> Result<Self, $crate::DatabaseError> {
                let mut at = 0..;
                Ok(Self {
                    $($column: row.get(at.next().unwrap_or(usize::MAX))?,)+
                })
            }
        }
    };
}
