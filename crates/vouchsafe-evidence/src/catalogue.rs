//! The catalogue of controls: HIPAA and SOC 2, as data.

use serde::{Deserialize, Serialize};

use crate::check::Check;

/// The catalogue that this program brings.
pub(crate) const TEXT: &str = include_str!("../data/controls.toml");

/// A control.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Control {
    /// Its id in its framework: `164.312(a)(1)`, `CC8.1`.
    pub(crate) id: String,
    /// Its framework.
    pub(crate) framework: Framework,
    /// What it is called, in our words.
    pub(crate) title: String,
    /// What it asks, in our words.
    pub(crate) asks: String,
    /// What an auditor is shown.
    #[serde(default)]
    pub(crate) artefact: String,
    /// Whether it is required or addressable (HIPAA specifications).
    #[serde(default)]
    pub(crate) rule: Rule,
    /// The checks that are for it.
    pub(crate) checks: Vec<String>,
    /// Whether records are all that can be looked at: "examined, not tested".
    #[serde(default)]
    pub(crate) examined: bool,
}

/// Where a control comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framework {
    /// 45 CFR 164.
    Hipaa,
    /// The Trust Services Criteria of 2017, points of focus of 2022.
    Soc2,
}

/// Required or addressable, 45 CFR 164.306(d).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    /// A standard or criterion.
    #[default]
    Standard,
    /// A required implementation specification.
    Required,
    /// An addressable implementation specification: implemented, or a decision record says why not.
    Addressable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    control: Vec<Control>,
}

/// Reads the catalogue.
///
/// # Errors
/// When it is not one, with line and field.
pub(crate) fn controls() -> Result<Vec<Control>, toml::de::Error> {
    parse(TEXT)
}

/// Reads a catalogue.
///
/// # Errors
/// When it is not one, with line and field.
pub(crate) fn parse(text: &str) -> Result<Vec<Control>, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.control)
}

/// A check that a control has, or should have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CheckOf<'a> {
    /// It is there.
    Loaded(&'a Check),
    /// The catalogue names it, and nobody has written it: "no check yet", a gap.
    NotYet(&'a str),
}

impl Control {
    /// The checks that are for it: those that the catalogue names, and others that say so themselves.
    pub(crate) fn checks_among<'a>(&'a self, loaded: &'a [Check]) -> Vec<CheckOf<'a>> {
        let named = self.checks.iter().map(|id| {
            let found = loaded.iter().find(|check| check.id == *id);
            found.map_or(CheckOf::NotYet(id), CheckOf::Loaded)
        });
        let others = loaded
            .iter()
            .filter(|check| check.controls.contains(&self.id) && !self.checks.contains(&check.id));
        named.chain(others.map(CheckOf::Loaded)).collect()
    }
}

/// Controls that a check says it is for, and that the catalogue does not have: a slip in one of the two.
#[cfg(test)]
pub(crate) fn unknown_controls<'a>(
    controls: &[Control],
    loaded: &'a [Check],
) -> Vec<(&'a str, &'a str)> {
    let named = loaded.iter().flat_map(|check| {
        check
            .controls
            .iter()
            .map(|id| (check.id.as_str(), id.as_str()))
    });
    named
        .filter(|(_, id)| !controls.iter().any(|control| control.id == *id))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_has_each_control_once_and_says_what_it_asks() {
        let controls = controls().unwrap();
        let ids: BTreeSet<_> = controls.iter().map(|control| &control.id).collect();
        assert_eq!(ids.len(), controls.len());
        for control in &controls {
            assert!(
                control.asks.ends_with('.') && control.title.len() > 3,
                "{}",
                control.id
            );
            let shown = !control.checks.is_empty() || control.examined;
            assert!(shown, "{} has neither checks nor records", control.id);
        }
    }

    #[test]
    fn the_technical_safeguards_are_there_whole() {
        let controls = controls().unwrap();
        let ids: Vec<_> = controls
            .iter()
            .map(|control| control.id.as_str())
            .filter(|id| id.starts_with("164.312"))
            .collect();
        let all = [
            "(a)(1)",
            "(a)(2)(i)",
            "(a)(2)(ii)",
            "(a)(2)(iii)",
            "(a)(2)(iv)",
            "(b)",
            "(c)(1)",
            "(c)(2)",
            "(d)",
            "(e)(1)",
            "(e)(2)(i)",
            "(e)(2)(ii)",
        ];
        assert_eq!(ids, all.map(|id| format!("164.312{id}")));
    }

    #[test]
    fn each_check_is_for_controls_that_there_are() {
        let checks = Check::all().unwrap();
        assert_eq!(unknown_controls(&controls().unwrap(), &checks), []);
        assert!(checks.iter().all(|check| !check.controls.is_empty()));
    }

    #[test]
    fn a_control_that_a_check_names_by_mistake_is_found() {
        let checks = Check::all().unwrap();
        assert!(!unknown_controls(&[], &checks).is_empty());
    }

    #[test]
    fn a_check_that_nobody_has_written_is_a_gap() {
        let checks = Check::all().unwrap();
        let control = Control {
            checks: vec!["no.such-check".to_owned()],
            ..controls().unwrap().remove(0)
        };
        assert!(matches!(
            control.checks_among(&checks)[0],
            CheckOf::NotYet("no.such-check")
        ));
    }

    #[test]
    fn decisions_are_asked_for_on_exactly_the_addressable_specifications() {
        let addressable: BTreeSet<_> = controls()
            .unwrap()
            .into_iter()
            .filter(|control| control.rule == Rule::Addressable)
            .map(|control| control.id)
            .collect();
        let checks = Check::all().unwrap();
        let check = checks
            .iter()
            .find(|check| check.id == "addressable.decisions")
            .unwrap();
        let asked: BTreeSet<String> = check.parameter("specifications").unwrap();
        assert_eq!(asked, addressable);
    }
}
