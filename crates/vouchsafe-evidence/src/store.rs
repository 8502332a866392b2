//! The evidence log: entries in C2SP tiles, a signed checkpoint, and large contents as objects by digest.
//!
//! ```text
//! checkpoint                 the signed head (C2SP tlog-checkpoint)
//! tile/0/..., tile/entries/  C2SP tlog-tiles; an entry is a leaf
//! objects/ab/abcd....gz      content of more than 4096 bytes, gzip, by the SHA-256 of what it holds
//! ```

mod branch;
mod folder;
mod log;
mod remote;
pub(crate) mod s3;
mod seen;
pub(crate) mod staged;
mod writer;

pub(crate) use branch::{Branch, BranchError};
pub(crate) use folder::{Files, Folder};
pub(crate) use log::{Log, LogError};
pub(crate) use remote::{Remote, RemoteError};
pub(crate) use seen::{Seen, SeenError};
pub(crate) use writer::{WriteError, Writer};

use crate::digest::Digest;

/// The path of an object, relative to the log's.
pub(crate) fn object_path(content: &Digest) -> String {
    let name = content.to_string();
    let (first, _) = name.split_at_checked(2).unwrap_or((&name, ""));
    format!("objects/{first}/{name}.gz")
}

#[cfg(test)]
mod tests;
