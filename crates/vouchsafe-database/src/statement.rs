//! Statements for both databases.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::connection::{Connection, Kind};
use crate::value::Array;
use crate::{DatabaseError, FromRow, Value};

/// A statement and its values. `R` is the type of a result row.
///
/// Parameters are written `$1`, `$2`, ... for both databases; for SQLite also `?`.
#[must_use = "a statement does nothing until it is run"]
pub struct Statement<'a, R = ()> {
    pub(crate) text: Cow<'static, str>,
    pub(crate) values: Vec<Value<'a>>,
    row: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Statement<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statement").field(&self.text).finish()
    }
}

/// A statement whose only result is the number of changed rows.
pub fn query<'a>(text: impl Into<Cow<'static, str>>) -> Statement<'a> {
    statement(text.into())
}

/// A statement with result rows: tuples of their columns, the first column alone, or a type of
/// [`from_row!`](crate::from_row).
pub fn query_as<'a, R: FromRow>(text: impl Into<Cow<'static, str>>) -> Statement<'a, R> {
    statement(text.into())
}

const fn statement<'a, R>(text: Cow<'static, str>) -> Statement<'a, R> {
    Statement {
        text,
        values: Vec::new(),
        row: PhantomData,
    }
}

/// A statement that is built piece by piece.
#[derive(Debug)]
pub struct Builder<'a> {
    text: String,
    values: Vec<Value<'a>>,
}

impl<'a> Builder<'a> {
    /// Begins with a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// Adds text. It MUST NOT come from a caller.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub fn push_bind(&mut self, value: impl Into<Value<'a>>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Adds an array, for PostgreSQL only.
    pub fn push_array(&mut self, array: impl Array + 'a) -> &mut Self {
        self.push_bind(Value::Array(Box::new(array)))
    }

    /// The statement.
    pub fn build<R>(self) -> Statement<'a, R> {
        let Self { text, values } = self;
        let mut statement = statement(text.into());
        statement.values = values;
        statement
    }
}

impl<'a, R> Statement<'a, R> {
    /// Adds the next value.
    pub fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds an array, for PostgreSQL only.
    pub fn bind_array(mut self, array: impl Array + 'a) -> Self {
        self.values.push(Value::Array(Box::new(array)));
        self
    }

    /// Runs it; returns the number of changed rows.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn execute(self, on: &mut Connection) -> Result<u64, DatabaseError> {
        match &mut on.0 {
            Kind::Sqlite(on) => {
                let done = on.execute(&self.text, &self.values);
                tokio::task::coop::consume_budget().await;
                done
            }
            Kind::Postgres(on) => on.execute(&self.text, &self.values).await,
            Kind::Gone => Err(DatabaseError::Failed),
        }
    }
}

impl<R: FromRow> Statement<'_, R> {
    /// All rows.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn fetch_all(self, on: &mut Connection) -> Result<Vec<R>, DatabaseError> {
        self.fetch(on, usize::MAX).await
    }

    async fn fetch(self, on: &mut Connection, most: usize) -> Result<Vec<R>, DatabaseError> {
        match &mut on.0 {
            Kind::Sqlite(on) => {
                let found = on.rows(&self.text, &self.values, most);
                // It ran without yielding: other tasks get their turn here.
                tokio::task::coop::consume_budget().await;
                found
            }
            Kind::Postgres(on) => on.rows(&self.text, &self.values).await,
            Kind::Gone => Err(DatabaseError::Failed),
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn fetch_optional(self, on: &mut Connection) -> Result<Option<R>, DatabaseError> {
        Ok(self.fetch(on, 1).await?.into_iter().next())
    }

    /// The first row.
    ///
    /// # Errors
    /// [`DatabaseError`]; [`DatabaseError::Schema`] if there is no row.
    pub async fn fetch_one(self, on: &mut Connection) -> Result<R, DatabaseError> {
        self.fetch_optional(on).await?.ok_or(DatabaseError::Schema)
    }
}
