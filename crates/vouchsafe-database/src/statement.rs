//! Statements that either database runs.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::connection::{Connection, Kind};
use crate::value::Array;
use crate::{DatabaseError, FromRow, Value};

/// A statement and its values. `R` is made of each row that it finds.
///
/// Values stand in the text as `$1`, `$2`, ... on both databases; on SQLite also as `?`.
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

/// A statement of which only the number of rows counts that it changes.
pub fn query<'a>(text: impl Into<Cow<'static, str>>) -> Statement<'a> {
    statement(text.into())
}

/// A statement that finds rows: tuples of their columns, the first column alone, or what [`from_row!`](crate::from_row) made.
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

/// A statement that is put together piece by piece.
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

    /// Adds text, never what a caller sent.
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

    /// Adds an array, which only PostgreSQL takes.
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

    /// Adds an array, which only PostgreSQL takes.
    pub fn bind_array(mut self, array: impl Array + 'a) -> Self {
        self.values.push(Value::Array(Box::new(array)));
        self
    }

    /// Runs it; gives back how many rows it changed.
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
                // It ran without a pause: others have their turn now and then.
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
    /// [`DatabaseError`]; [`DatabaseError::Schema`] when there is none.
    pub async fn fetch_one(self, on: &mut Connection) -> Result<R, DatabaseError> {
        self.fetch_optional(on).await?.ok_or(DatabaseError::Schema)
    }
}
