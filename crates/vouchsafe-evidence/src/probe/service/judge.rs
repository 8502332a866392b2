//! What a probe of a service comes to.

mod answers;
mod deny;
mod management;
mod throttle;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Answer, Attack, SERVICE, ServiceProbe, ServiceTarget};
use crate::inputs::Context;
use crate::judgement::Unobservable;
use crate::probe::judge::newest;

pub(crate) use answers::judge as answers;
pub(crate) use deny::judge as deny;
pub(crate) use management::judge as management;
pub(crate) use throttle::judge as throttle;
pub(crate) use tokens::judge as tokens;

/// The newest probe of each service, and what is missing of them.
type Probes = (BTreeMap<String, Arc<ServiceProbe>>, Vec<Unobservable>);

const NOT_CONFIGURED: &str = "evidence.toml has no [[probe.service]], and no probe was saved";

fn probes(context: &Context<'_>) -> Result<Probes, String> {
    let settings = context.settings().ok();
    let wanted = settings.iter().flat_map(|settings| &settings.probe.service);
    let wanted: Vec<_> = wanted.map(ServiceTarget::name).collect();
    let probes = newest(context, SERVICE, wanted.iter(), |probe: &ServiceProbe| {
        (probe.url.clone(), probe.at)
    })?;
    Ok((probes.newest, probes.unobservable))
}

impl ServiceProbe {
    /// Each request of an attack with its answer.
    fn of(&self, attack: Attack) -> impl Iterator<Item = (&str, &Answer)> {
        let groups = self
            .answers
            .iter()
            .filter(move |group| group.attack == attack);
        groups.flat_map(|group| group.of.iter().map(|of| (of.as_str(), &group.answer)))
    }

    /// Why its refusals prove nothing: the valid token was not let in. None when it was, or none was given.
    fn control_failed(&self) -> Option<String> {
        let token = self.token.as_ref()?;
        let mut controls = 0_u32;
        for (when, answer) in self.of(Attack::Control) {
            controls += 1;
            if !answer.is_success() {
                return Some(format!(
                    "the valid token was not accepted at {} ({when}: {}), so other refusals prove nothing",
                    token.control,
                    answer.said()
                ));
            }
        }
        (controls == 0).then(|| "the valid token was not tried".to_owned())
    }

    /// Whether it is seen that the service lets anybody in at all: by the valid token, or by a public route.
    fn lets_in(&self) -> bool {
        let public = |(of, answer): (&str, &Answer)| {
            self.public.iter().any(|one| one == of) && answer.is_success()
        };
        self.token.is_some() || self.of(Attack::NoCredential).any(public)
    }

    fn missing(&self, what: impl Into<String>) -> Unobservable {
        Unobservable {
            item: self.url.clone(),
            what: what.into(),
        }
    }

    /// What of an attack was not tried.
    fn untried(&self, attack: Attack) -> impl Iterator<Item = Unobservable> {
        let of = self
            .not_tried
            .iter()
            .filter(move |one| one.attack == attack);
        of.map(|one| self.missing(format!("{}: {}", one.what, one.why)))
    }
}

impl Answer {
    fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the caller was refused for who they are not.
    fn is_refusal(&self) -> bool {
        matches!(self.status, Some(401 | 403))
    }

    fn said(&self) -> String {
        self.status.map_or_else(
            || "no answer".to_owned(),
            |status| format!("status {status}"),
        )
    }
}
