//! The policies' answers to a sight, for every class at once.

use cedar_policy::{AuthorizationError, Authorizer, Decision, Response};

use super::load::Loaded;
use super::sight::{NotAsked, Sight};
use super::{Denied, RoleName, Verb};
use crate::class::{ClassSet, DataClass};

/// INVARIANT (no-lone-operational): of a record that has a subject, `operational` is allowed only beside another class:
/// seeing only that much would reveal that the subject has such a record. A record that holds nothing else is visible
/// only to callers who could see more of such a record.
const OPERATIONAL: ClassSet = ClassSet::of(DataClass::Operational);

/// The policies' answers to a [`Sight`]; [`Answers::to`] derives the answer to a request.
#[derive(Debug)]
pub(super) enum Answers {
    /// Answers for a per-class verb.
    PerClass {
        /// One answer for each class.
        answers: Vec<(DataClass, Answer)>,
        /// The classes that some policy permits and none forbids.
        permitted: ClassSet,
        /// The same, but empty if that is `operational` alone of a record that has a subject.
        allowed: ClassSet,
        /// Whether the record has a subject.
        about_somebody: bool,
    },
    /// The answer for a verb that is not decided per class.
    Single(Answer),
    /// These policies failed.
    Failed(Vec<String>),
}

/// Cedar's answer to one request.
#[derive(Debug)]
pub(super) struct Answer {
    allowed: bool,
    /// The permits that allowed, or the forbids that refused.
    determining: Vec<String>,
}

impl Answers {
    /// Evaluates the policies.
    pub(super) fn new(sight: &Sight, loaded: &Loaded, roles: &[RoleName]) -> Self {
        Self::ask(sight, loaded, roles).unwrap_or_else(|Failure(policies)| Self::Failed(policies))
    }

    fn ask(sight: &Sight, loaded: &Loaded, roles: &[RoleName]) -> Result<Self, Failure> {
        let Loaded {
            words,
            schema,
            actions,
            policies,
            ..
        } = loaded;
        let entities = sight.entities(words, schema, actions, roles)?;
        let answer = |class: DataClass| {
            let request = sight.request(words, schema, class)?;
            Answer::new(&Authorizer::new().is_authorized(&request, policies, &entities))
        };
        if !sight.verb().is_per_class() {
            // The class is ignored here.
            return Ok(Self::Single(answer(DataClass::Operational)?));
        }
        // All classes are evaluated, also those that were not requested: `operational` depends on them, and if a policy
        // fails for one of them, the answers for the others cannot be trusted.
        let mut answers = Vec::with_capacity(DataClass::ALL.len());
        for class in DataClass::ALL {
            answers.push((class, answer(class)?));
        }
        let permitted: ClassSet = answers
            .iter()
            .filter(|(_, answer)| answer.allowed)
            .map(|(class, _)| *class)
            .collect();
        let about_somebody = sight.is_about_somebody();
        let allowed = if about_somebody && permitted == OPERATIONAL {
            ClassSet::NONE
        } else {
            permitted
        };
        Ok(Self::PerClass {
            answers,
            permitted,
            allowed,
            about_somebody,
        })
    }

    /// The answer to a request for these classes, and the ids, by name, of the policies that determined it.
    pub(super) fn to(
        &self,
        verb: Verb,
        asked: ClassSet,
    ) -> (Result<ClassSet, Denied>, Vec<String>) {
        match self {
            Self::Failed(policies) => (Err(Denied::Failed), policies.clone()),
            Self::Single(answer) if answer.allowed => {
                (Ok(ClassSet::NONE), names([&answer.determining]))
            }
            Self::Single(answer) => refused(names([&answer.determining])),
            Self::PerClass {
                answers,
                permitted,
                allowed,
                about_somebody,
            } => {
                let granted = allowed.intersection(asked);
                let lone = *about_somebody && granted == OPERATIONAL;
                let enough = match verb {
                    Verb::Read => granted == asked || !(granted.is_empty() || lone),
                    _ => granted == asked,
                };
                let of = |classes: ClassSet| {
                    let counting = answers
                        .iter()
                        .filter(move |(class, _)| classes.contains(*class));
                    counting.map(|(_, answer)| &answer.determining)
                };
                let refusing = asked.without(*permitted);
                if enough {
                    (Ok(granted), names(of(granted)))
                } else if verb == Verb::Read
                    && (refusing != asked || of(refusing).any(Vec::is_empty))
                {
                    // Some requested class is not forbidden, only not permitted. So a forbid of other classes is not
                    // the reason.
                    refused(Vec::new())
                } else {
                    refused(names(of(refusing)))
                }
            }
        }
    }
}

impl Answer {
    fn new(response: &Response) -> Result<Self, Failure> {
        let diagnostics = response.diagnostics();
        let failed: Vec<String> = diagnostics
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string())
            .collect();
        if !failed.is_empty() {
            return Err(Failure(names([&failed])));
        }
        Ok(Self {
            allowed: response.decision() == Decision::Allow,
            determining: diagnostics.reason().map(ToString::to_string).collect(),
        })
    }
}

/// Policies that failed; Cedar skips them, we do not. Empty: the request could not be made, which loading a bundle
/// rules out.
struct Failure(Vec<String>);

impl From<NotAsked> for Failure {
    fn from(NotAsked: NotAsked) -> Self {
        Self(Vec::new())
    }
}

/// A refusal by the policies: a forbid if any is named, else no permit.
fn refused(policies: Vec<String>) -> (Result<ClassSet, Denied>, Vec<String>) {
    let why = if policies.is_empty() {
        Denied::NoPermit
    } else {
        Denied::Forbidden
    };
    (Err(why), policies)
}

/// The ids by name, without duplicates.
fn names<'a>(lists: impl IntoIterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut all: Vec<&String> = Vec::new();
    for id in lists.into_iter().flatten() {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all.sort_unstable();
    all.into_iter().cloned().collect()
}
