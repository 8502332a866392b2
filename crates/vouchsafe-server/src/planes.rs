//! The table of listeners, with their routes.

mod auth;
mod data;
mod operations;

use std::sync::Arc;

use crate::listeners::Listener;
use crate::shared::Shared;

pub(crate) use data::NAME as DATA;
pub(crate) use operations::NAME as OPERATIONS;

/// Every listener of the service.
pub(crate) const LISTENERS: [Listener<Arc<Shared>>; 2] = [data::LISTENER, operations::LISTENER];
