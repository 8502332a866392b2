//! Areas of the catalogue: each brings evidence types, collectors, checks and their evaluators.

use crate::check::Evaluator;
use crate::collect::Collector;

/// One area.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    /// Its evidence types.
    pub(crate) types: &'static [EvidenceType],
    /// Its collectors, in the order in which they run.
    pub(crate) collectors: &'static [&'static dyn Collector],
    /// Its checks, as TOML.
    pub(crate) checks: &'static [&'static str],
    /// Its evaluators, by the name that checks use.
    pub(crate) evaluators: &'static [(&'static str, Evaluator)],
}

/// A type of evidence: stands between sources and checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EvidenceType {
    /// Its name and version: `git.commits/1`.
    pub(crate) name: &'static str,
    /// What it is, for people.
    pub(crate) title: &'static str,
    /// What it may hold.
    pub(crate) people: People,
}

/// Which people's data a type of evidence may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum People {
    /// Nobody's: whatever looks like an identifier of a person is refused.
    Nobody,
    /// Invented ones: a text of this program itself, which holds no data of anybody.
    Anybody,
    /// Names, mail addresses and accounts of the workforce, whom it is about; other identifiers are refused.
    Workforce,
}

/// All areas.
pub(crate) const AREAS: &[Area] = &[
    crate::project::AREA,
    crate::change::AREA,
    crate::exposure::AREA,
    crate::register::AREA,
    crate::kubernetes::AREA,
    crate::alerts::AREA,
    crate::pipeline::AREA,
    crate::imported::AREA,
    crate::probe::AREA,
    crate::selftest::AREA,
    crate::own::AREA,
    crate::witness::AREA,
];

/// The type of that name.
pub(crate) fn evidence_type(name: &str) -> Option<&'static EvidenceType> {
    let mut types = AREAS.iter().flat_map(|area| area.types);
    types.find(|known| known.name == name)
}

/// The evaluator of that name.
pub(crate) fn evaluator(name: &str) -> Option<Evaluator> {
    let mut known = AREAS.iter().flat_map(|area| area.evaluators);
    known
        .find(|(known, _)| *known == name)
        .map(|(_, evaluator)| *evaluator)
}
