//! Whether registers can be read, and are what was committed.

use std::sync::Arc;

use super::documents::{DOCUMENTS, Documents, STATE, State};
use super::given::{ABSENT, deviation};
use super::kinds::ALL;
use crate::inputs::Context;
use crate::judgement::Judgement;

/// Each register is well formed.
pub(crate) fn valid(context: &Context<'_>) -> Result<Judgement, String> {
    let mut found = Vec::new();
    let mut read = 0_usize;
    let mut absent = Vec::new();
    for kind in ALL {
        let Some(known) = context.last(kind.schema) else {
            return Err(format!("nothing was collected about {}", kind.file));
        };
        match known.evidence.failed.as_deref() {
            Some(ABSENT) => absent.push(kind.file),
            Some(why) => found.push(deviation(context, "NOT_COLLECTED", kind.file, why)),
            None => {
                read += 1;
                let faults = (kind.faults)(&context.content(known)?);
                found.extend(faults.into_iter().map(|fault| {
                    let text = if fault.field.is_empty() {
                        fault.problem
                    } else {
                        format!("{}: {}", fault.field, fault.problem)
                    };
                    deviation(context, "FAULT", kind.file, text)
                        .at(format!("{}:{}", fault.file, fault.line))
                }));
            }
        }
    }
    if read == 0 && found.is_empty() {
        return Err(
            "no evidence: there is no register (`vouchsafe evidence init` writes templates)"
                .to_owned(),
        );
    }
    let mut judgement = Judgement::of(found, Vec::new()).noting(format!("{read} registers"));
    if !absent.is_empty() {
        judgement = judgement.noting(format!("absent: {}", absent.join(", ")));
    }
    Ok(judgement)
}

/// Registers, and documents that they name, are what stands at the commit: whatever was reviewed is there.
pub(crate) fn committed(context: &Context<'_>) -> Result<Judgement, String> {
    let known = context.latest(STATE)?;
    let state: Arc<State> = context.parsed(known, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    })?;
    let known = context.latest(DOCUMENTS)?;
    let documents: Arc<Documents> = context.parsed(known, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    })?;
    if state.files.is_empty() {
        return Err(
            "no evidence: there is no register (`vouchsafe evidence init` writes templates)"
                .to_owned(),
        );
    }
    let files = state
        .files
        .iter()
        .map(|file| (&file.path, Some(file.sha256), file.committed));
    let named = documents
        .documents
        .iter()
        .filter(|found| found.sha256.is_some());
    let named = named.map(|found| (&found.path, found.sha256, found.committed));
    let mut found = Vec::new();
    for (path, present, committed) in files.chain(named) {
        match committed {
            None => found.push(deviation(
                context,
                "NOT_COMMITTED",
                path.as_str(),
                "it is in no commit: nobody can have reviewed it",
            )),
            Some(committed) if Some(committed) != present => {
                found.push(deviation(
                    context,
                    "CHANGED",
                    path.as_str(),
                    "it is not what stands at the commit",
                ));
            }
            Some(_) => {}
        }
    }
    Ok(Judgement::of(found, Vec::new())
        .noting(format!("{} registers and snapshots", state.files.len())))
}
