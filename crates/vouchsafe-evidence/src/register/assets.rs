//! Assets, and the flows of data between them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::given::{days_over, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Criticality, Day, Phi, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/assets.toml`.
#[derive(Debug)]
pub(crate) struct Assets {
    pub(crate) assets: Vec<Row<Asset>>,
    pub(crate) flows: Vec<Row<Flow>>,
}

/// An asset.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    pub(crate) id: Text,
    pub(crate) kind: AssetKind,
    #[serde(rename = "what")]
    _what: Text,
    #[serde(rename = "owner")]
    _owner: Text,
    pub(crate) phi: Phi,
    /// How much depends on it; not decided yet, without it.
    #[serde(default)]
    pub(crate) criticality: Option<Criticality>,
    /// Hours until it works again after a loss, and hours of data that may be lost.
    #[serde(default)]
    pub(crate) rto_hours: Option<u32>,
    #[serde(default)]
    pub(crate) rpo_hours: Option<u32>,
    /// Who has it in hands, for devices and media.
    #[serde(default)]
    pub(crate) holder: Option<Text>,
    /// The day on which somebody last looked at this row.
    pub(crate) reviewed: Day,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AssetKind {
    Application,
    Database,
    Store,
    Queue,
    Network,
    Device,
    Media,
    Other,
}

impl AssetKind {
    /// Whether data lies there, so that it can be lost.
    pub(crate) const fn holds_data(self) -> bool {
        matches!(self, Self::Database | Self::Store | Self::Queue)
    }

    const fn is_carried(self) -> bool {
        matches!(self, Self::Device | Self::Media)
    }
}

/// A flow of data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    pub(crate) id: Text,
    /// Ids of assets or of destinations in `egress.toml`; `outside` for whoever calls.
    pub(crate) from: Text,
    pub(crate) to: Text,
    #[serde(rename = "what")]
    _what: Text,
    pub(crate) phi: Phi,
    #[serde(rename = "protection")]
    _protection: Text,
}

impl Register for Assets {
    fn read(reader: &mut Reader<'_>) -> Self {
        let assets: Vec<Row<Asset>> = reader.rows("asset");
        let flows: Vec<Row<Flow>> = reader.rows("flow");
        reader.unique("asset", &assets, |asset| &asset.id);
        reader.unique("flow", &flows, |flow| &flow.id);
        Self { assets, flows }
    }
}

impl Assets {
    pub(crate) fn ids(&self) -> BTreeSet<&str> {
        self.assets.iter().map(|asset| &*asset.id).collect()
    }
}

/// Each asset has a criticality; what matters has times to recover in; what is carried has a holder.
pub(crate) fn criticality(context: &Context<'_>) -> Result<Judgement, String> {
    let assets = register::<Assets>(context)?;
    let review_days: i64 = context.check.parameter("review_days")?;
    let day = today(context);
    let mut found = Vec::new();
    for asset in some::<Assets, _>(&assets.assets, "asset")? {
        found.extend(asset_found(context, asset, review_days, day));
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!("{} assets", assets.assets.len())))
}

fn asset_found(
    context: &Context<'_>,
    asset: &Row<Asset>,
    review_days: i64,
    day: Date,
) -> Vec<Deviation> {
    let say =
        |code, text: String| deviation(context, code, &*asset.id, text).at(Assets::place(asset));
    let mut found = Vec::new();
    match asset.criticality {
        None => found.push(say(
            "NO_CRITICALITY",
            "nobody has decided how much depends on it".to_owned(),
        )),
        Some(Criticality::High | Criticality::Critical)
            if asset.rto_hours.is_none() || asset.rpo_hours.is_none() =>
        {
            found.push(say(
                "NO_RECOVERY_TIMES",
                "it matters, and has no rto_hours and rpo_hours".to_owned(),
            ));
        }
        Some(_) => {}
    }
    if asset.kind.is_carried() && asset.holder.is_none() {
        found.push(say(
            "NO_HOLDER",
            "it is carried about, and nobody is named who has it".to_owned(),
        ));
    }
    let due = asset.reviewed.plus(review_days).unwrap_or(asset.reviewed);
    if let Some(over) = days_over(due, day) {
        let text = format!(
            "it was looked at on {}; the next look is overdue by {over} days",
            asset.reviewed
        );
        found.push(say("REVIEW_OVERDUE", text).lasting(due.end(), None));
    }
    found
}
