//! Backups, and when each last succeeded.

use serde::Deserialize;

use super::assets::Assets;
use super::given::{deviation, optional, register, some};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Moment, Text, hours_between};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/backups.toml`.
#[derive(Debug)]
pub(crate) struct Backups {
    pub(crate) backups: Vec<Row<Backup>>,
}

/// A backup of an asset. A job that makes it may write `last_success`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    pub(crate) id: Text,
    pub(crate) asset: Text,
    pub(crate) every_hours: u32,
    pub(crate) last_success: Moment,
    #[serde(default)]
    pub(crate) last_failure: Option<Moment>,
    pub(crate) encrypted: bool,
    /// Whether a copy lies elsewhere than the asset.
    pub(crate) offsite: bool,
    /// Days for which nobody, not even an administrator, can delete it.
    pub(crate) locked_days: u32,
}

impl Register for Backups {
    fn read(reader: &mut Reader<'_>) -> Self {
        let backups: Vec<Row<Backup>> = reader.rows("backup");
        reader.unique("backup", &backups, |backup| &backup.id);
        Self { backups }
    }
}

/// Each backup succeeded lately, is encrypted and lies elsewhere; each store of PHI has one.
pub(crate) fn fresh(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Backups>(context)?;
    let assets = optional::<Assets>(context)?;
    let grace_hours: i64 = context.check.parameter("grace_hours")?;
    let mut found = Vec::new();
    for backup in some::<Backups, _>(&register.backups, "backup")? {
        found.extend(of(context, backup, grace_hours));
    }
    for asset in assets.iter().flat_map(|assets| &assets.assets) {
        let needed = asset.kind.holds_data() && asset.phi.concerns();
        let has = register
            .backups
            .iter()
            .any(|backup| backup.asset == asset.id);
        if needed && !has {
            let text = "PHI lies there, and no backup of it is on record";
            found.push(deviation(context, "NO_BACKUP", &*asset.id, text).at(Assets::place(asset)));
        }
    }
    for backup in &register.backups {
        let known = assets
            .as_ref()
            .is_none_or(|assets| assets.ids().contains(&*backup.asset));
        if !known {
            let text = format!("there is no asset {} in {}", backup.asset, Assets::FILE);
            found.push(
                deviation(context, "ASSET_UNKNOWN", &*backup.id, text).at(Backups::place(backup)),
            );
        }
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!(
        "{} backups, by what the register says of them",
        register.backups.len()
    )))
}

fn of(context: &Context<'_>, backup: &Row<Backup>, grace_hours: i64) -> Vec<Deviation> {
    let say =
        |code, text: String| deviation(context, code, &*backup.id, text).at(Backups::place(backup));
    let mut found = Vec::new();
    let last = backup.last_success.0;
    let allowed = i64::from(backup.every_hours).saturating_add(grace_hours);
    let age = hours_between(last, context.at);
    if last > context.at {
        found.push(say(
            "IN_FUTURE",
            format!("the last success is dated {last}, which is to come"),
        ));
    }
    if age > allowed {
        let since = last
            .checked_add(jiff::SignedDuration::from_hours(allowed))
            .ok();
        let text = format!(
            "the last success is {age} h ago; one is due every {} h",
            backup.every_hours
        );
        found.push(say("STALE", text).lasting(since, None));
    }
    if let Some(failure) = backup
        .last_failure
        .filter(|failure| *failure > backup.last_success)
    {
        found.push(
            say(
                "LAST_RUN_FAILED",
                format!("the last run, of {failure}, failed"),
            )
            .lasting(Some(failure.0), None),
        );
    }
    if !backup.encrypted {
        found.push(say("NOT_ENCRYPTED", "it is not encrypted".to_owned()));
    }
    if !backup.offsite {
        found.push(say("NOT_OFFSITE", "no copy lies elsewhere".to_owned()));
    }
    if backup.locked_days == 0 {
        found.push(say(
            "NOT_LOCKED",
            "whoever takes over the system can delete it".to_owned(),
        ));
    }
    found
}
