//! Changes to people and rights: their events are in the audit log before they take effect.

use jiff::Timestamp;
use serde_json::{Value, json};
use vouchsafe::audit::{AppendError, AuditKeys, Context, Draft, Event, Outcome, Stream};
use vouchsafe::keys::KeyError;
use vouchsafe_identity::{AdminError, NotDone, Occurrence, Prepared};

use crate::service::{Service, now};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It was refused, or could not be prepared.
    #[error(transparent)]
    Refused(#[from] AdminError),
    /// It could not be written down, so it was not made.
    #[error("the audit log is not available, so nothing was changed: {0}")]
    NotLogged(#[from] AppendError),
    /// The keys of the log.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// It was written down and did not happen.
    #[error(transparent)]
    NotDone(#[from] NotDone),
}

impl Service {
    /// Writes a prepared change down, makes it, and writes down if it failed.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change<T>(
        &self,
        prepared: Prepared<'_, T>,
        context: &Context,
    ) -> Result<T, ChangeError> {
        let keys = self.audit_keys().await?;
        let events = prepared.events().to_vec();
        let drafts: Vec<Draft> = events
            .iter()
            .map(|event| draft(event, &keys, context, now()))
            .collect();
        self.append(&drafts).await?;
        match prepared.confirm().await {
            Ok(done) => Ok(done),
            Err(error) => {
                let drafts: Vec<Draft> = events
                    .iter()
                    .map(|event| draft_as(event, Outcome::Aborted, &keys, context, now()))
                    .collect();
                self.append(&drafts).await?;
                Err(error.into())
            }
        }
    }
}

/// The entry of an event of people and rights.
pub fn draft(
    event: &vouchsafe_identity::Event,
    keys: &AuditKeys,
    context: &Context,
    now: Timestamp,
) -> Draft {
    let outcome = match event.refusal() {
        Some(_) => Outcome::Refused,
        None => Outcome::Permitted,
    };
    draft_as(event, outcome, keys, context, now)
}

fn draft_as(
    event: &vouchsafe_identity::Event,
    outcome: Outcome,
    keys: &AuditKeys,
    context: &Context,
    now: Timestamp,
) -> Draft {
    let detail = detail(&event.what).to_string();
    let context = Context {
        network: event
            .network
            .map(|network| keys.token("network", network.to_string().as_bytes()))
            .or_else(|| context.network.clone()),
        request: context.request,
    };
    Event {
        reason: event.refusal(),
        actor: event.actor.as_ref().map(vouchsafe_identity::Actor::label),
        session_id: event.session,
        tenant: event.tenant,
        detail: Some((keys, detail.as_bytes())),
        ..Event::new(Stream::Identity, event.operation(), outcome, &context)
    }
    .draft(now)
}

/// What happened, to be sealed: free texts are people's own words.
fn detail(what: &Occurrence) -> Value {
    match what {
        Occurrence::SignedIn {
            principal,
            assurance,
        } => json!({"principal": principal.label(), "assurance": assurance.name()}),
        Occurrence::SignInRefused(refusal) => json!({"reason": refusal.code()}),
        Occurrence::SignedOut => json!({}),
        Occurrence::PersonAdded(person)
        | Occurrence::EnrolmentLinkMade(person)
        | Occurrence::Enrolled(person) => json!({"person": person}),
        Occurrence::PersonDisabled(person, reason) => json!({"person": person, "reason": reason}),
        Occurrence::RightGiven {
            right,
            holder,
            role,
            from,
            until,
            requested_by,
            reason,
        } => json!({
            "right": right,
            "holder": holder.label(),
            "role": role.as_str(),
            "from": from.to_string(),
            "until": until.to_string(),
            "requested_by": requested_by.label(),
            "reason": reason,
        }),
        Occurrence::RightEnded(right, reason) => json!({"right": right, "reason": reason}),
        Occurrence::RecordLinked(person, record_type, id)
        | Occurrence::RecordUnlinked(person, record_type, id) => {
            json!({"person": person, "record": format!("{record_type}/{id}")})
        }
        Occurrence::ServiceAdded(service) => json!({"service": service}),
        Occurrence::ServiceDisabled(service, reason) => {
            json!({"service": service, "reason": reason})
        }
        Occurrence::SigningKeyMade(key) => json!({"key": key}),
    }
}
