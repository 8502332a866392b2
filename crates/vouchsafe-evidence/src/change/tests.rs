//! Attacks on the judge of changes.
