//! Registers: what people write down, as TOML files in `evidence/`.
//!
//! Each register is a type of evidence, `register.NAME/1`, read by one typed schema. What it does not know is refused,
//! with file, line, field and the nearest known name. An absent or empty register proves nothing: the checks that need it
//! are neither passed nor failed, and a gap opens.

mod access;
mod assets;
mod baa;
mod baa_command;
mod backups;
mod breach;
mod collecting;
mod credentials;
mod decisions;
mod dependencies;
mod documents;
mod drills;
mod egress;
mod exceptions;
mod given;
mod incidents;
mod insurance;
mod kinds;
mod libraries;
mod locks;
mod nearest;
mod pentests;
mod people;
mod policies;
mod reading;
mod reviews;
mod risks;
mod state;
mod training;
mod value;
mod vendors;

pub use baa_command::BaaArgs;
pub(crate) use baa_command::run as run_baa;
pub(crate) use exceptions::{except, unused_exceptions};
pub(crate) use given::ABSENT;
#[cfg(fuzzing)]
pub(crate) use kinds::ALL;
pub(crate) use kinds::TEMPLATES;
pub(crate) use nearest::nearest;
pub(crate) use value::Day;

use crate::area::Area;

/// The type of evidence that `evidence/exceptions.toml` is. Every check is given it.
pub(crate) const EXCEPTIONS: &str = "register.exceptions/1";
/// The type of evidence that `evidence/people.toml` is. Every check is given it: an exception is approved by somebody.
pub(crate) const PEOPLE: &str = "register.people/1";

macro_rules! checks {
    ($($name:literal,)*) => {
        &[$(include_str!(concat!("../data/checks/register-", $name, ".toml"))),*]
    };
}

pub(crate) const AREA: Area = Area {
    types: kinds::TYPES,
    collectors: &[&collecting::Registers, &libraries::Locks],
    checks: checks![
        "access-review",
        "action-items-sla",
        "addressable-decisions",
        "asset-criticality",
        "audit-reviewed",
        "az-loss-drill",
        "baa-covers-service",
        "backup-fresh",
        "breach-clock",
        "breakglass-drill",
        "credentials-shared",
        "deps-phi-egress",
        "deps-vetted",
        "docs-present",
        "docs-review",
        "drill-cadence",
        "egress-register",
        "evaluation-run",
        "exceptions-sound",
        "incident-records",
        "inherit-provider",
        "insurance",
        "joiner-leaver",
        "pentest-annual",
        "registers-committed",
        "registers-valid",
        "restore-drill",
        "risk-register",
        "roles-named",
        "training-records",
        "vendor-assessment",
    ],
    evaluators: &[
        ("register.access-review", reviews::access),
        ("register.actions", drills::actions),
        ("register.addressable", decisions::addressable),
        ("register.criticality", assets::criticality),
        ("register.activity-review", reviews::activity),
        ("register.drills", drills::cadence),
        ("register.baa", baa::covers_service),
        ("register.backups", backups::fresh),
        ("register.breach-clock", breach::clock),
        ("register.credentials", credentials::shared),
        ("register.phi-egress", libraries::phi_egress),
        ("register.dependencies", dependencies::vetted),
        ("register.policies", policies::present),
        ("register.policy-review", policies::reviewed),
        ("register.egress", egress::register_is_sound),
        ("register.evaluation", reviews::evaluation),
        ("register.exceptions", exceptions::sound),
        ("register.incidents", incidents::records),
        ("register.premises", vendors::premises),
        ("register.insurance", insurance::in_force),
        ("register.leavers", access::leavers),
        ("register.pentests", pentests::annual),
        ("register.committed", state::committed),
        ("register.valid", state::valid),
        ("register.risks", risks::analysed),
        ("register.officials", people::officials),
        ("register.training", training::records),
        ("register.vendors", vendors::assessment),
    ],
};

#[cfg(test)]
mod tests;
