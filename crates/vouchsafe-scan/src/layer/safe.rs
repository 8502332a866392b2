//! Values that may be logged, by their type.

use std::time::Duration;

use tracing::Value;

use crate::class::{Class, Confidence};

/// A type whose values never hold what a caller sent, or what a record holds.
///
/// Implemented for words of the program (`&'static str`), for yes and no, for numbers that are too small to name a
/// person, for durations and for [`Count`]. Not for `String`, and not for large numbers: those can be identifiers.
///
/// An enum of one's own that has no fields gets it in three lines:
///
/// ```
/// # use vouchsafe_scan::layer::LogSafe;
/// # enum Outcome { Stored, Refused }
/// # impl Outcome { fn name(&self) -> &'static str { "stored" } }
/// impl LogSafe for Outcome {
///     fn log_value(&self) -> impl tracing::Value {
///         self.name()
///     }
/// }
/// ```
pub trait LogSafe {
    /// What is logged.
    fn log_value(&self) -> impl Value;
}

/// How many of something there are. It MUST NOT be a number that names something.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Count(
    /// The count.
    pub u64,
);

impl LogSafe for Count {
    fn log_value(&self) -> impl Value {
        self.0
    }
}

impl LogSafe for Duration {
    /// In milliseconds.
    fn log_value(&self) -> impl Value {
        self.as_secs_f64() * 1000.0
    }
}

impl LogSafe for Class {
    fn log_value(&self) -> impl Value {
        self.name()
    }
}

impl LogSafe for Confidence {
    fn log_value(&self) -> impl Value {
        self.name()
    }
}

macro_rules! as_they_are {
    ($($type:ty),*) => {
        $(impl LogSafe for $type {
            fn log_value(&self) -> impl Value {
                *self
            }
        })*
    };
}

as_they_are!(&'static str, bool, u8, u16, i8, i16);

/// Logs an event whose message is a literal and whose fields are [`LogSafe`](crate::layer::LogSafe); anything else does
/// not compile.
///
/// ```
/// use vouchsafe_scan::layer::Count;
///
/// vouchsafe_scan::log!(INFO, "stored", status = 201_u16, records = Count(3));
/// ```
///
/// A text that came from somewhere is refused:
///
/// ```compile_fail
/// let body = String::from("219-09-9999");
/// vouchsafe_scan::log!(INFO, "stored", body = body);
/// ```
///
/// So is one that is borrowed, or written into the message:
///
/// ```compile_fail
/// fn log(body: &str) {
///     vouchsafe_scan::log!(INFO, "stored", body = body);
/// }
/// ```
///
/// ```compile_fail
/// let body = String::from("219-09-9999");
/// vouchsafe_scan::log!(INFO, "stored {}", body);
/// ```
#[macro_export]
macro_rules! log {
    ($level:ident, $message:literal $(, $field:ident = $value:expr)* $(,)?) => {
        $crate::layer::__tracing::event!(
            $crate::layer::__tracing::Level::$level,
            message = $message
            $(, $field = $crate::layer::LogSafe::log_value(&$value))*
        )
    };
}
