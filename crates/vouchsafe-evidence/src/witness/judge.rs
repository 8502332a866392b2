//! The check `log.witnessed`: each witness cosigned a head of the log lately, and none saw another log.

use jiff::{SignedDuration, Timestamp};
use vouchsafe_tlog::{Checkpoint, NoteVerifier};

use super::{ANSWER, CONFLICT, HEAD, Witness};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let settings = context.settings()?;
    if settings.witnesses.is_empty() {
        return Ok(Judgement::not_applicable(
            "no [[witness]] is configured: nobody outside keeps the heads of this log but an auditor who was given one",
        ));
    }
    let hours: i64 = context.check.parameter("max_hours")?;
    let key = settings.log.key.parse();
    let key: NoteVerifier = key.map_err(|_| "log.key is no public key".to_owned())?;
    let (mut deviations, mut unobservable) = (Vec::new(), Vec::new());
    for witness in &settings.witnesses {
        let last = last_cosigned(context, &key, witness)?;
        if let Some(why) = conflict(context, witness, last.map(|(index, _)| index)) {
            let text = format!("the witness did not cosign: {why}");
            deviations.push(
                Deviation::new("WITNESS_CONFLICT", &witness.name, text)
                    .severity(Severity::Critical),
            );
            continue;
        }
        let unseen = |what: String| Unobservable {
            item: witness.name.clone(),
            what,
        };
        match last {
            None => unobservable.push(unseen(
                "no head of the log bears its cosignature".to_owned(),
            )),
            Some((_, at)) if context.at.duration_since(at) > SignedDuration::from_hours(hours) => {
                unobservable.push(unseen(format!("its last cosignature is of {at}")));
            }
            Some(_) => {}
        }
    }
    Ok(Judgement::of(deviations, unobservable))
}

/// What the witness said when it saw another log, unless it cosigned a head after that.
fn conflict(context: &Context<'_>, witness: &Witness, cosigned: Option<u64>) -> Option<String> {
    let answers = context.all(ANSWER).filter(|known| {
        known.evidence.source == witness.name && cosigned.is_none_or(|head| known.index > head)
    });
    let reasons = answers.filter_map(|known| known.evidence.failed.clone());
    reasons.filter(|why| why.starts_with(CONFLICT)).last()
}

/// The entry of the last head that the witness cosigned, and when it did, by its own clock.
fn last_cosigned(
    context: &Context<'_>,
    key: &NoteVerifier,
    witness: &Witness,
) -> Result<Option<(u64, Timestamp)>, String> {
    let by = [witness.verifier().map_err(|error| error.to_string())?];
    let heads: Vec<_> = context.all(HEAD).collect();
    for head in heads.into_iter().rev() {
        let note = context.content(head)?;
        let opened = Checkpoint::open(&note, key.name().as_str(), key, &by)
            .map_err(|error| format!("the head of entry {}: {error}", head.index))?;
        let at = opened.cosigned.first().and_then(|by| by.at);
        if let Some(at) = at.and_then(|at| Timestamp::from_second(at.seconds().cast_signed()).ok())
        {
            // By the witness's own clock, and not later than it was stored: one that is ahead would be late for nobody.
            return Ok(Some((head.index, at.min(head.at))));
        }
    }
    Ok(None)
}
