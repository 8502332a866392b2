//! Registers: what people write down, as TOML files in `evidence/`.

use crate::area::{Area, EvidenceType, People};
use crate::inputs::Context;
use crate::judgement::Judgement;

/// The type of evidence that `evidence/exceptions.toml` is. Every check is given it.
pub(crate) const EXCEPTIONS: &str = "register.exceptions/1";

pub(crate) const AREA: Area = Area {
    types: &[EvidenceType {
        name: EXCEPTIONS,
        title: "evidence/exceptions.toml: deviations that are accepted for a time",
        people: People::Workforce,
    }],
    collectors: &[],
    checks: &[],
    evaluators: &[],
};

/// Takes out of a judgement what live exceptions cover.
pub(crate) fn except(_: &Context<'_>, judgement: Judgement) -> Judgement {
    judgement
}

/// The commented registers that a new project begins with: file name and text.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[];
