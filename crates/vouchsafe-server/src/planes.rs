//! What is served, and where: the table of listeners.

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
