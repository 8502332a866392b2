//! What most commands begin with.

use std::path::Path;

use jiff::Timestamp;
use vouchsafe_tlog::NoteVerifier;

use super::{Stopped, output};
use crate::finding::{Findings, Populations, Scope, findings};
use crate::inputs::Index;
use crate::logged;
use crate::place::{Place, keys};
use crate::project::Project;
use crate::store::{Log, Writer};
use crate::window::Window;
use crate::witness::{Heads, ask};

/// How often a run begins again behind one that was quicker.
const TRIES: u32 = 4;

/// An open project with its log.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) project: Project,
    pub(super) place: Place,
    pub(super) key: NoteVerifier,
    pub(super) witnesses: Vec<NoteVerifier>,
}

/// What was appended to a log, before others see it.
#[derive(Debug)]
pub(super) struct Appended<T> {
    pub(super) writer: Writer,
    /// What a commit of it is called.
    pub(super) message: String,
    pub(super) what: T,
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

    /// Does what appends to the log, and publishes it. When another run was quicker, nothing of this one counts, and it
    /// is done again behind that.
    pub(super) fn publishing<T>(
        folder: &Path,
        mut append: impl FnMut(&Self, &Heads) -> Result<Appended<T>, Stopped>,
    ) -> Result<(Self, Appended<T>), Stopped> {
        for attempt in 1.. {
            let mut opened = Self::at(folder)?;
            let heads = ask(&opened.project.settings.witnesses, &opened.log()?);
            let appended = append(&opened, &heads)?;
            match opened.place.publish(&appended.message) {
                Ok(()) => {
                    opened.witnessed(&appended.writer)?;
                    return Ok((opened, appended));
                }
                Err(error) if error.is_moved() && attempt < TRIES => {
                    output::complain("another run was quicker; beginning again behind it");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Stopped("other runs were quicker each time".to_owned()))
    }

    /// Asks for cosignatures of a head that others see, and keeps those on the checkpoint. A witness that gives none is
    /// told, and asked again by the next run.
    fn witnessed(&mut self, writer: &Writer) -> Result<(), Stopped> {
        let heads = ask(&self.project.settings.witnesses, &self.log()?);
        for (name, why) in &heads.refused {
            output::complain(&format!(
                "the witness {name} did not cosign the head of the log: {why}; the next run asks again"
            ));
        }
        let Some(note) = heads.note.filter(|_| heads.gained > 0) else {
            return Ok(());
        };
        writer.cosign(&note)?;
        match self.place.publish("Cosignatures of witnesses") {
            // The cosignatures were of a head that is part of the log all the same.
            Err(error) if error.is_moved() => {
                output::complain("another run went on before the cosignatures were kept");
                Ok(())
            }
            published => Ok(published?),
        }
    }

    pub(super) fn log(&self) -> Result<Log, Stopped> {
        Ok(Log::open(self.place.files(), &self.key, &self.witnesses)?)
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
