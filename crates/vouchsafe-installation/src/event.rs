//! Events of people and rights, as entries of the audit log.

use jiff::Timestamp;
use serde_json::{Value, json};
use vouchsafe::audit::{AuditKeys, Context, Draft, Event, Outcome, Stream};
use vouchsafe_identity::Occurrence;

/// The entry of an event of people and rights.
pub(crate) fn draft(
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

/// The same, with an outcome that the event does not contain.
pub(crate) fn draft_as(
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

/// Details of the event, to be sealed: free texts are people's own words.
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
