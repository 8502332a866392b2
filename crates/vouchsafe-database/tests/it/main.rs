//! The floor on real databases: one behaviour on both, and what only one of them can do.

mod both;
mod fixture;
mod servers;
