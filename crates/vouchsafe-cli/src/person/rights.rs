//! `vouchsafe person give` and `end`: a role for a person, with a reason and an end.

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::RoleName;
use vouchsafe::ids::RightId;
use vouchsafe::session::Principal;
use vouchsafe_identity::{Approval, RightSpec};
use vouchsafe_installation::{Installation, now};

use super::{change, find, with};
use crate::installation::DataFolder;
use crate::output;
use crate::principal::actor;

/// The rights to grant: all for the same time and reason.
#[derive(Debug, clap::Args)]
pub(super) struct Rights {
    /// A role; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<RoleName>,
    #[command(flatten)]
    time: Time,
    /// Reason for the rights
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Time {
    /// End of the rights: a day (to its end, in UTC) or a moment such as 2027-06-30T17:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = parse_until)]
    until: Option<Timestamp>,
    /// Number of days from now, at most 366
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=366))]
    days: Option<u16>,
}

impl Rights {
    /// The specified rights, after a check that the policies know their roles.
    pub(super) fn specs(
        &self,
        installation: &Installation,
        now: Timestamp,
    ) -> anyhow::Result<Vec<RightSpec>> {
        let until = self.time.end(now)?;
        let spec = |role: &RoleName| {
            if !installation.bundle().roles().any(|known| known == role) {
                let known: Vec<&str> = installation
                    .bundle()
                    .roles()
                    .map(RoleName::as_str)
                    .collect();
                anyhow::bail!(
                    "there is no role {role}; the roles are {}",
                    known.join(", ")
                );
            }
            Ok(RightSpec {
                role: role.clone(),
                from: now,
                until,
                reason: self.reason.clone(),
            })
        };
        self.roles.iter().map(spec).collect()
    }
}

impl Time {
    fn end(&self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match (self.until, self.days) {
            (Some(until), _) => Ok(until),
            (None, days) => now
                .checked_add(SignedDuration::from_hours(
                    24 * i64::from(days.unwrap_or(1)),
                ))
                .context("that is beyond all calendars"),
        }
    }
}

fn parse_until(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let end_of = |day: Date| {
        let next = day.tomorrow().ok()?.at(0, 0, 0, 0);
        TimeZone::UTC.to_timestamp(next).ok()
    };
    text.parse().ok().and_then(end_of).ok_or_else(|| {
        "give a day such as 2027-06-30, or a moment such as 2027-06-30T17:00:00Z".to_owned()
    })
}

const GIVE_EXAMPLES: &str = "\
Examples:
  vouchsafe person give ada@example.org --role privacy-officer --days 30 --reason 'stands in'";

/// Give a person rights, for a time and a reason
#[derive(Debug, clap::Args)]
#[command(after_help = GIVE_EXAMPLES)]
pub(crate) struct GiveArgs {
    /// The person, by e-mail address or id
    person: String,
    #[command(flatten)]
    rights: Rights,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn give(args: GiveArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let (now, approval) = (now(), Approval::by(actor()));
        let holder = Principal::Person(find(installation, &args.person).await?);
        let mut given = Vec::new();
        for spec in args.rights.specs(installation, now)? {
            let identity = installation.identity();
            let prepared = identity
                .give_right(installation.tenant(), holder, &spec, &approval, now)
                .await;
            let right = change(installation, prepared).await?;
            if !args.json {
                output::say(format_args!(
                    "{} is {} until {:.0} (right {right})",
                    args.person, spec.role, spec.until
                ))?;
            }
            given.push(serde_json::json!({
                "right": right, "role": spec.role.as_str(), "until": spec.until.to_string(),
            }));
        }
        match args.json {
            true => output::say_json(&serde_json::json!({"rights": given})),
            false => Ok(()),
        }
    })
    .await
}

const END_EXAMPLES: &str = "\
Examples:
  vouchsafe person show ada@example.org          lists the rights with their ids
  vouchsafe person end 0b2f0c1e-7a0e-4e0e-9d1c-1f4a5f0f9a11 --reason 'moved to billing'";

/// Revoke a right at once
#[derive(Debug, clap::Args)]
#[command(after_help = END_EXAMPLES)]
pub(crate) struct EndArgs {
    /// The right's id
    right: RightId,
    /// Reason for the end
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    data: DataFolder,
}

pub(super) async fn end(args: EndArgs) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let (tenant, identity) = (installation.tenant(), installation.identity());
        let prepared = identity
            .end_right(tenant, args.right, &args.reason, actor(), now())
            .await;
        change(installation, prepared).await?;
        output::say("The right has ended.")
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_to_its_end() {
        let until = |text: &str| parse_until(text).map(|until| until.to_string());
        assert_eq!(until("2027-06-30").unwrap(), "2027-07-01T00:00:00Z");
        assert_eq!(
            until("2027-06-30T17:00:00Z").unwrap(),
            "2027-06-30T17:00:00Z"
        );
        assert!(until("in June").is_err());
        assert!(until("").is_err());
    }
}
