//! Deciding writes, one after the other, on the state before.

use vouchsafe::access::{Facts, Verb};
use vouchsafe::audit::Draft;
use vouchsafe::class::ClassSet;
use vouchsafe::gate::{Request, Target, WriteClasses, WritePermit, Writes};
use vouchsafe::ids::SubjectId;

use super::plan::Planned;
use super::{Caller, Engine, Failure};
use crate::engine::subjects::Subjects;
use crate::engine::{ANY_PHI, OpResult, Proof, Standing};

/// What comes of a write that was decided.
pub(super) enum Decided {
    /// It is to be done.
    Write(Box<(Planned, WritePermit)>),
    /// What it would end has ended: that is told, and nothing is done.
    Ended(OpResult),
}

/// A refusal, and the write that is to blame.
type At = (Failure, Option<usize>);

impl Engine {
    /// Decides each write; the first that is refused refuses all, and is recorded.
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        planned: Vec<Planned>,
        subjects: &Subjects,
        writes: Writes,
        drafts: &mut Vec<Draft>,
    ) -> Result<Vec<Decided>, At> {
        // Of a subject that begins with this write, nothing is true yet.
        let mut known: Vec<SubjectId> = Vec::new();
        for planned in &planned {
            known.extend(planned.subject);
            known.extend(planned.moved.and_then(|moved| moved.to));
        }
        known.retain(|subject| !subjects.is_new(*subject));
        let standing = self.standing(caller, known).await;
        let standing = standing.map_err(|failure| (failure, None))?;
        self.admit_moves(request, &planned, &standing).await?;
        let mut hidden = self.about_hidden(request, &planned, &standing);
        let mut decided = Vec::with_capacity(planned.len());
        for (place, planned) in planned.into_iter().enumerate() {
            let facts = &standing.facts(planned.subject);
            let one = self.admit_one(caller, request, planned, (facts, writes), drafts);
            match one.await {
                Ok(one) => decided.push(one),
                Err(failure @ Failure::Unavailable) => return Err((failure, Some(place))),
                Err(failure) => {
                    // One that refers to nobody is told before all others, and so is one that refers to somebody hidden.
                    hidden.retain(|(other, _, _)| *other > place);
                    let Some((other, subject, unknown)) = hidden.into_iter().next() else {
                        return Err((failure, Some(place)));
                    };
                    let code = unknown.code();
                    let draft = self
                        .gate
                        .refused(request, None, Some(subject), "write", code);
                    let noted = self.note(draft).await;
                    return Err((noted.err().unwrap_or(unknown), Some(other)));
                }
            }
        }
        Ok(decided)
    }

    /// Refuses documents that name another subject of whom the caller may see nothing: as if there were none.
    async fn admit_moves(
        &self,
        request: &Request<'_>,
        planned: &[Planned],
        standing: &Standing<'_>,
    ) -> Result<(), At> {
        for (place, planned) in planned.iter().enumerate() {
            let Some(to) = planned.moved.and_then(|moved| moved.to) else {
                continue;
            };
            let Some(about) = planned.about.clone() else {
                continue;
            };
            let target = Target {
                subject: Some(to),
                ..planned.target()
            };
            let facts = &standing.facts(Some(to));
            if self
                .gate
                .sees(request, &target, ClassSet::ALL, facts)
                .is_empty()
            {
                let failure = Failure::UnknownReference(about);
                let failure = self.refused(request, planned, Some(to), failure).await;
                return Err((failure, Some(place)));
            }
        }
        Ok(())
    }

    /// The new records about subjects of whom the caller may see nothing: where, whom, and what is told of it.
    fn about_hidden(
        &self,
        request: &Request<'_>,
        planned: &[Planned],
        standing: &Standing<'_>,
    ) -> Vec<(usize, SubjectId, Failure)> {
        let one = |(place, planned): (usize, &Planned)| {
            let subject = planned.subject.filter(|_| planned.known_subject)?;
            let about = planned.about.clone()?;
            let fresh = planned.previous.is_none() && !planned.named;
            let facts = &standing.facts(Some(subject));
            let seen = self
                .gate
                .sees(request, &planned.target(), ClassSet::ALL, facts);
            let hidden = fresh && seen.is_empty();
            hidden.then_some((place, subject, Failure::UnknownReference(about)))
        };
        planned.iter().enumerate().filter_map(one).collect()
    }

    async fn admit_one(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        planned: Planned,
        (facts, writes): (&Facts, Writes),
        drafts: &mut Vec<Draft>,
    ) -> Result<Decided, Failure> {
        if planned.ended() {
            return self.admit_end(request, &planned, facts).await;
        }
        self.admit_sight(request, &planned, facts).await?;
        if !planned.new_relations().is_empty() {
            self.admit_relations(caller, request, &planned, facts)
                .await?;
        }
        let classes = WriteClasses {
            supplied: planned.supplied,
            before: planned.before(),
        };
        let verb = planned.kind.verb();
        let permit =
            self.gate
                .admit_write(request, &planned.target(), verb, classes, facts, writes);
        let (permit, draft) = match permit {
            Ok(admitted) => admitted,
            Err(refusal) => {
                let failure = self.seen_or_not(request, &planned, facts);
                return Err(self.refuse(refusal, failure).await);
            }
        };
        let moved = planned.moved.map(|_| Failure::SubjectChanged);
        if let Some(failure) = planned.conflict().or(moved) {
            let subject = planned.subject;
            return Err(self.refused(request, &planned, subject, failure).await);
        }
        drafts.push(draft);
        Ok(Decided::Write(Box::new((planned, permit))))
    }

    /// What has ended is told to those who are told so when they read it; to others it was never there.
    async fn admit_end(
        &self,
        request: &Request<'_>,
        planned: &Planned,
        facts: &Facts,
    ) -> Result<Decided, Failure> {
        let Some(previous) = &planned.previous else {
            return Err(Failure::NotFound);
        };
        let version = previous.record.version;
        let target = Target {
            version,
            ..planned.target()
        };
        let draft = match self.gate.admit_read(request, &target, ANY_PHI, facts) {
            Ok((_, draft)) => draft,
            Err(refusal) => return Err(self.refuse(refusal, Failure::NotFound).await),
        };
        let recorded = self.record(vec![draft]).await?;
        if let Some(failure) = planned.conflict() {
            let subject = planned.subject;
            return Err(self.refused(request, planned, subject, failure).await);
        }
        Ok(Decided::Ended(OpResult {
            record_type: planned.key.record_type.clone(),
            id: planned.key.id,
            version,
            last_updated: previous.last_updated,
            created: false,
            deleted: true,
            subsetted: false,
            document: None,
            proof: recorded.entries().first().map(Proof::from),
        }))
    }

    /// Tells a failure that is none of the policies', once its entry is durable.
    async fn refused(
        &self,
        request: &Request<'_>,
        planned: &Planned,
        subject: Option<SubjectId>,
        failure: Failure,
    ) -> Failure {
        let record_type = Some(&planned.key.record_type);
        let (name, code) = (planned.kind.name(), failure.code());
        let draft = self.gate.refused(request, record_type, subject, name, code);
        match self.note(draft).await {
            Ok(()) => failure,
            Err(unavailable) => unavailable,
        }
    }

    /// Callers who cannot see any part of a record must not be able to change it: a successful write would reveal that it
    /// exists.
    async fn admit_sight(
        &self,
        request: &Request<'_>,
        planned: &Planned,
        facts: &Facts,
    ) -> Result<(), Failure> {
        let Some(previous) = planned.previous.as_ref().filter(|stored| !stored.deleted) else {
            return Ok(());
        };
        let target = Target {
            version: previous.record.version,
            ..planned.target()
        };
        let present = previous.record.manifest.classes();
        match self.gate.must_see(request, &target, present, facts) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refuse(refusal, Failure::NotFound).await),
        }
    }

    /// Maps a refused write to its answer: forbidden if the caller can see the record, otherwise not found, or, of a subject
    /// of whom nothing may be seen, an unknown reference. So the refusal reveals nothing.
    fn seen_or_not(&self, request: &Request<'_>, planned: &Planned, facts: &Facts) -> Failure {
        let target = planned.target();
        let sees = |classes| !self.gate.sees(request, &target, classes, facts).is_empty();
        match &planned.previous {
            Some(previous) if sees(previous.record.manifest.classes()) => Failure::Forbidden,
            Some(_) => Failure::NotFound,
            None if planned.named => Failure::NotFound,
            None if sees(ClassSet::ALL) => Failure::Forbidden,
            // Nothing of this subject may be seen: it is told as if it were not there.
            None if planned.known_subject => match planned.about.clone() {
                Some(about) => Failure::UnknownReference(about),
                None => Failure::Forbidden,
            },
            None => Failure::Forbidden,
        }
    }

    /// Giving somebody care of a subject takes a right of its own, and nobody gives it themselves.
    async fn admit_relations(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        planned: &Planned,
        facts: &Facts,
    ) -> Result<(), Failure> {
        let staff = &caller.links.staff;
        let to_self = planned
            .new_relations()
            .iter()
            .any(|new| staff.contains(&new.beneficiary));
        let (record_type, subject) = (&planned.key.record_type, planned.subject);
        // The write has the entry of what is done.
        let may = self
            .gate
            .require(request, Verb::Relate, record_type, subject, facts);
        match may {
            Ok(()) if to_self => {
                let refused = self.gate.refused(
                    request,
                    Some(record_type),
                    subject,
                    Verb::Relate.name(),
                    Failure::SelfRelation.code(),
                );
                self.note(refused).await?;
                Err(Failure::SelfRelation)
            }
            Ok(()) => Ok(()),
            Err(refusal) => {
                let failure = self.seen_or_not(request, planned, facts);
                Err(self.refuse(refusal, failure).await)
            }
        }
    }
}
