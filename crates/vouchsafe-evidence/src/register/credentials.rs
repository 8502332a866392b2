//! Keys, tokens and secrets of programs: whose each is, who uses it, and when it ends.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::given::{Staff, days_over, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/credentials.toml`. It names credentials, and holds none.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) credentials: Vec<Row<Credential>>,
}

/// A credential.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) id: Text,
    #[serde(rename = "kind")]
    _kind: CredentialKind,
    /// Where it is kept and what it opens, as that place names it: the name of a secret, the title of a deploy key.
    pub(crate) place: Text,
    #[serde(rename = "purpose")]
    _purpose: Text,
    pub(crate) owner: Text,
    /// Ids of the people who can read or use it. A secret that only a program reads has none.
    pub(crate) used_by: Vec<Text>,
    pub(crate) created: Day,
    /// The day on which it stops working, or is replaced.
    pub(crate) ends: Day,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CredentialKind {
    DeployKey,
    Token,
    Secret,
    AppKey,
    ServiceAccount,
    SigningKey,
    Certificate,
}

impl Register for Credentials {
    fn read(reader: &mut Reader<'_>) -> Self {
        let credentials: Vec<Row<Credential>> = reader.rows("credential");
        reader.unique("credential", &credentials, |credential| &credential.id);
        for credential in &credentials {
            reader.in_order(
                credential.line,
                "credential.ends",
                &credential.created,
                Some(&credential.ends),
            );
        }
        Self { credentials }
    }
}

/// No credential is used by two people, is without an owner at work, or has no near end.
pub(crate) fn shared(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Credentials>(context)?;
    let staff = Staff::of(context)?;
    let longest_days: i64 = context.check.parameter("longest_days")?;
    let mut found = Vec::new();
    let mut places: BTreeMap<&str, &Row<Credential>> = BTreeMap::new();
    for credential in some::<Credentials, _>(&register.credentials, "credential")? {
        found.extend(of(context, credential, &staff, longest_days));
        if let Some(other) = places.insert(&credential.place, credential) {
            let text = format!("{} stands at the same place", other.id);
            found.push(
                deviation(context, "PLACE_TWICE", &*credential.id, text)
                    .at(Credentials::place(credential)),
            );
        }
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!(
        "{} credentials, by what the register says of them",
        register.credentials.len()
    )))
}

fn of(
    context: &Context<'_>,
    credential: &Row<Credential>,
    staff: &Staff,
    longest_days: i64,
) -> Vec<Deviation> {
    let day = today(context);
    let say = |code, text: String| {
        deviation(context, code, &*credential.id, text).at(Credentials::place(credential))
    };
    let mut found = Vec::new();
    if credential.used_by.len() > 1 {
        found.push(say(
            "SHARED",
            format!("{} people use it", credential.used_by.len()),
        ));
    }
    if let Err(why) = staff.at_work(&credential.owner, day) {
        found.push(say("OWNER_UNKNOWN", why));
    }
    for user in &credential.used_by {
        if let Err(why) = staff.at_work(user, day) {
            found.push(say(
                "USER_GONE",
                format!("{why}, and can use it: replace it"),
            ));
        }
    }
    let days = credential.created.until(credential.ends.0);
    if days > longest_days {
        found.push(say(
            "TOO_LONG",
            format!("it lasts {days} days; {longest_days} are the most"),
        ));
    }
    if let Some(over) = days_over(credential.ends, day) {
        let text = format!(
            "its end was {}, {over} days ago: replace it, or remove the row when it is gone",
            credential.ends
        );
        found.push(say("ENDED", text).lasting(credential.ends.end(), None));
    }
    found
}
