//! Values of statements.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use bytes::{BufMut as _, BytesMut};
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use uuid::Uuid;
use vouchsafe_postgres::tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A column of rows that are sent to PostgreSQL together.
pub trait Array: ToSql + Send + Sync {}

impl<T: ToSql + Send + Sync> Array for T {}

/// A value of a statement.
pub enum Value<'a> {
    /// None.
    Null,
    /// An integer.
    Integer(i64),
    /// A boolean.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// An id: 16 bytes on SQLite.
    Uuid(Uuid),
    /// An array, for PostgreSQL only.
    Array(Box<dyn Array + 'a>),
}

impl fmt::Debug for Value<'_> {
    /// Without the value: it may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}

macro_rules! from {
    ($($from:ty => $value:ident => $to:expr;)*) => {
        $(impl<'a> From<$from> for Value<'a> {
            fn from($value: $from) -> Self {
                $to
            }
        })*
    };
}

from! {
    bool => value => Self::Bool(value);
    i16 => value => Self::Integer(value.into());
    i32 => value => Self::Integer(value.into());
    i64 => value => Self::Integer(value);
    &'a str => value => Self::Text(Cow::Borrowed(value));
    String => value => Self::Text(Cow::Owned(value));
    &'a String => value => Self::Text(Cow::Borrowed(value));
    &'a [u8] => value => Self::Bytes(Cow::Borrowed(value));
    &'a Vec<u8> => value => Self::Bytes(Cow::Borrowed(value));
    Vec<u8> => value => Self::Bytes(Cow::Owned(value));
    Uuid => value => Self::Uuid(value);
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => return Null.to_sql(),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Uuid(value) => ValueRef::Blob(value.as_bytes()),
            Self::Array(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure(
                    "SQLite has no arrays".into(),
                ));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(value) if *ty == Type::INT8 => out.put_i64(*value),
            Self::Integer(value) if *ty == Type::INT4 => out.put_i32((*value).try_into()?),
            Self::Integer(value) if *ty == Type::INT2 => out.put_i16((*value).try_into()?),
            Self::Bool(value) => return value.to_sql_checked(ty, out),
            Self::Text(value) => return value.to_sql_checked(ty, out),
            Self::Bytes(value) => return value.as_ref().to_sql_checked(ty, out),
            Self::Uuid(value) => return value.to_sql_checked(ty, out),
            Self::Array(value) => return value.to_sql_checked(ty, out),
            Self::Integer(_) => return Err("no number is wanted there".into()),
        }
        Ok(IsNull::No)
    }

    /// Accepts any type: [`ToSql::to_sql`] refuses a value that does not fit.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
