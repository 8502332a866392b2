//! What most commands begin with.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::NoteVerifier;

use super::Stopped;
use crate::finding::{Findings, Populations, Scope, findings};
use crate::inputs::Index;
use crate::logged;
use crate::place::{Place, keys};
use crate::project::Project;
use crate::store::Log;
use crate::window::Window;

/// An open project with its log.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) project: Project,
    pub(super) place: Place,
    pub(super) key: NoteVerifier,
    pub(super) witnesses: Vec<NoteVerifier>,
}

impl Opened {
    pub(super) fn at(folder: &Path) -> Result<Self, Stopped> {
        let project = Project::open(folder, Timestamp::now())?;
        let (key, witnesses) = keys(&project)?;
        let place = Place::open(&project)?;
        Ok(Self {
            project,
            place,
            key,
            witnesses,
        })
    }

    pub(super) fn log(&self) -> Result<Log, Stopped> {
        let files = Arc::new(self.place.folder().clone());
        Ok(Log::open(files, &self.key, &self.witnesses)?)
    }

    /// The findings of a window, as the log gives them now.
    pub(super) fn findings(&self, window: Window) -> Result<(Findings, Populations), Stopped> {
        let log = self.log()?;
        let index = Index::of(&log)?;
        let (definitions, faults) = logged::definitions(&log, &index);
        if let Some(fault) = faults.into_iter().next() {
            return Err(Stopped(fault));
        }
        let scope = Scope {
            window,
            as_of: self.project.now,
            before: log.size(),
        };
        let checks = logged::last(&index, &definitions, scope.before);
        let (_, controls) = logged::catalogue(&log, &index, scope.before).map_err(|_| {
            Stopped("the log has no run yet: `vouchsafe evidence run` first".to_owned())
        })?;
        Ok(findings(&log, &index, &controls, &checks, scope)?)
    }
}
