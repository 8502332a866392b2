//! Evidence that SOC 2 and HIPAA controls held, over a whole period, from any git repository.

mod answer;
mod alerts;
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
mod files;
mod finding;
mod git;
mod imported;
mod github;
mod inputs;
mod judgement;
mod key;
mod logged;
mod pack;
mod place;
mod kubernetes;
mod pipeline;
mod project;
mod register;
mod report;
mod store;
#[cfg(test)]
mod trial;
mod window;
mod yaml;
