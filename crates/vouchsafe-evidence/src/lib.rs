//! Evidence that SOC 2 and HIPAA controls held, over a whole period, from any git repository.

mod area;
mod catalogue;
mod change;
mod check;
mod collect;
pub mod command;
mod digest;
mod engine;
mod entry;
mod exposure;
mod finding;
mod git;
mod github;
mod inputs;
mod judgement;
mod project;
mod register;
mod store;
mod window;
