//! Evidence that SOC 2 and HIPAA controls held, over a whole period, from any git repository.

mod alerts;
mod answer;
mod area;
mod bounded;
mod catalogue;
mod change;
mod check;
mod collect;
pub mod command;
mod digest;
mod engine;
mod entry;
mod exposure;
mod files;
mod finding;
mod forge;
mod format;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod git;
mod github;
mod gitlab;
mod imported;
mod inputs;
mod judgement;
mod key;
mod kubernetes;
mod logged;
mod own;
mod pack;
mod parallel;
mod pipeline;
mod place;
mod probe;
mod project;
mod refetch;
mod register;
mod report;
pub mod selftest;
mod store;
#[cfg(test)]
mod trial;
mod window;
mod witness;
mod yaml;
#[cfg(test)]
mod year;
