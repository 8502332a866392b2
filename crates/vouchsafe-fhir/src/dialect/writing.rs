//! Create, update and delete of one resource.

use bytes::Bytes;
use http::header::{CONTENT_LOCATION, ETAG, LAST_MODIFIED, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe_records::engine::{
    Ahead, Caller, Condition, Engine, Failure, Found, Idempotent, Met, Op, OpResult, WriteOptions,
};

use super::{
    ATTEMPTS, Answer, Dialect, FhirRequest, address, idempotent, json, resource, with_body,
};
use crate::headers::{
    RECEIPT, Return, etag, header, http_date, if_match, if_none_exist, preferences, receipt,
};
use crate::outcome::Problem;
use crate::query::{self, Params};
use crate::references::{Afterwards, Targets};
use crate::resource::{ServerSet, check_id, check_type, parse_apart, strip, type_of};

/// The body of `Prefer: return=OperationOutcome`.
const DONE: &str = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","diagnostics":"done"}]}"#;

impl Dialect {
    pub(super) async fn create(
        &self,
        request: &FhirRequest<'_>,
        params: Params,
        caller: &Caller,
    ) -> Answer {
        let record_type = type_of(request.subject.record_type.unwrap_or_default())?;
        let condition = condition(request, &record_type, params)?.map(|params| Condition {
            record_type: record_type.clone(),
            params,
        });
        let idempotent = idempotent(request, "POST")?;
        if let Some(key) = &idempotent {
            let repeated = self.engine.repeated(caller, key, "create").await;
            let first = repeated.map_err(|failure| Problem::from(&failure))?;
            if let Some(result) = first.and_then(|results| results.into_iter().next()) {
                return self.told(request, caller, result).await;
            }
        }
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            let (condition, idempotent) = (condition.as_ref(), idempotent.clone());
            let answer = self
                .create_once(request, &record_type, condition, idempotent, caller)
                .await;
            match answer {
                Err(problem) if problem.is_busy() && left > 0 => {}
                answer => return answer,
            }
        }
    }

    async fn create_once(
        &self,
        request: &FhirRequest<'_>,
        record_type: &RecordType,
        condition: Option<&Condition>,
        idempotent: Option<Idempotent>,
        caller: &Caller,
    ) -> Answer {
        let mut document = parse_apart(&request.body).await?;
        check_type(&document, record_type)?;
        strip(&mut document);
        let id = RecordId::random();
        let unless = match condition {
            None => None,
            Some(condition) => match self.find(condition.clone(), caller).await? {
                Met::By(found) => return self.matched(request, record_type, found, caller).await,
                Met::Not(unmet) => {
                    let ahead = Ahead {
                        record_type,
                        id,
                        document: &document,
                    };
                    meets_its_own(&self.engine, condition, ahead)?;
                    Some(unmet)
                }
            },
        };
        self.link(&mut document, record_type, caller).await?;
        let op = Op::Create {
            record_type: record_type.clone(),
            id,
            document,
            unless,
        };
        self.write(request, caller, op, ("create", idempotent))
            .await
    }

    pub(super) async fn update(&self, request: &FhirRequest<'_>, caller: &Caller) -> Answer {
        let (record_type, id) = address(&request.subject)?;
        let if_match = if_match(request.headers)?;
        let idempotent = idempotent(request, "PUT")?;
        let mut document = parse_apart(&request.body).await?;
        check_type(&document, &record_type)?;
        check_id(strip(&mut document).as_ref(), id)?;
        self.link(&mut document, &record_type, caller).await?;
        let op = Op::Update {
            record_type,
            id,
            document,
            if_match,
        };
        self.write(request, caller, op, ("update", idempotent))
            .await
    }

    pub(super) async fn delete(&self, request: &FhirRequest<'_>, caller: &Caller) -> Answer {
        let (record_type, id) = address(&request.subject)?;
        let idempotent = idempotent(request, "DELETE")?;
        let op = Op::Delete {
            record_type,
            id,
            if_match: if_match(request.headers)?,
        };
        self.write(request, caller, op, ("delete", idempotent))
            .await
    }

    /// Conditional references find what they stand for; others of a bundle are refused.
    async fn link(
        &self,
        document: &mut Document,
        record_type: &RecordType,
        caller: &Caller,
    ) -> Result<(), Problem> {
        let mut targets = Targets::new(&self.base);
        targets.collect(document);
        let afterwards = Afterwards::default();
        let resolved = targets.resolve(&self.engine, caller, &afterwards).await;
        resolved.map_err(|failure| Problem::from(&failure))?;
        let declared = self.engine.pack().record_type(record_type.as_str());
        targets.apply(document, declared.map(AsRef::as_ref), None)
    }

    async fn find(&self, condition: Condition, caller: &Caller) -> Result<Met, Problem> {
        let found = self.engine.find(caller, &[condition]).await;
        found
            .and_then(|found| found.into_iter().next().unwrap_or(Err(Failure::Damaged)))
            .map_err(|failure| Problem::from(&failure))
    }

    /// The record is there already: 200, with what the caller may see of it.
    async fn matched(
        &self,
        request: &FhirRequest<'_>,
        record_type: &RecordType,
        found: Found,
        caller: &Caller,
    ) -> Answer {
        let returns = preferences(request.headers)
            .returns
            .unwrap_or(Return::Representation);
        let read = match returns {
            Return::Representation => Some(
                self.engine
                    .read(caller, record_type, found.id, Some(found.version))
                    .await,
            ),
            Return::Minimal | Return::OperationOutcome => None,
        };
        let mut response = match read {
            Some(Ok(released)) => resource(released),
            Some(Err(Failure::Unavailable)) => return Err(Problem::from(&Failure::Unavailable)),
            // That it is there, the condition has told; no more of it may be seen.
            Some(Err(_)) | None => {
                let body = if returns == Return::OperationOutcome {
                    DONE
                } else {
                    ""
                };
                json(StatusCode::OK, body.as_bytes().to_vec())
            }
        };
        let location = self.location(record_type, found.id, found.version);
        let headers = response.headers_mut();
        headers.insert(ETAG, etag(found.version));
        headers.insert(LAST_MODIFIED, http_date(found.last_updated));
        headers.insert(CONTENT_LOCATION, location);
        Ok(response)
    }

    async fn write(
        &self,
        request: &FhirRequest<'_>,
        caller: &Caller,
        op: Op,
        (operation, idempotent): (&'static str, Option<Idempotent>),
    ) -> Answer {
        let options = WriteOptions {
            idempotent,
            operation,
        };
        let written = self.engine.write(caller, vec![op], &options).await;
        let results = written.map_err(|refused| Problem {
            logged: true,
            ..Problem::from(&refused.failure)
        })?;
        let result = results
            .into_iter()
            .next()
            .ok_or_else(|| Problem::from(&Failure::OutcomeUnknown))?;
        self.told(request, caller, result).await
    }

    /// The answer to a write, or to one that was done before under the same key.
    async fn told(
        &self,
        request: &FhirRequest<'_>,
        caller: &Caller,
        mut result: OpResult,
    ) -> Answer {
        let returns = preferences(request.headers)
            .returns
            .unwrap_or(Return::Representation);
        let repeated = result.proof.is_none() && !result.deleted;
        if repeated && returns == Return::Representation {
            // The first answer may have been lost; this one holds the same version.
            let (id, version) = (result.id, result.version);
            let read = self
                .engine
                .read(caller, &result.record_type, id, Some(version))
                .await;
            if let Ok(released) = read {
                result.proof = Some(released.proof);
                result.document = Some(released.document).filter(|_| !released.subsetted);
            }
        }
        Ok(self.written(result, returns))
    }

    fn written(&self, result: OpResult, returns: Return) -> Response<Bytes> {
        let location = self.location(&result.record_type, result.id, result.version);
        let status = match (result.created, result.deleted) {
            (true, _) => StatusCode::CREATED,
            (false, true) => StatusCode::NO_CONTENT,
            (false, false) => StatusCode::OK,
        };
        let mut body = Vec::new();
        match (returns, result.document) {
            (Return::Representation, Some(document)) => {
                let set = ServerSet {
                    id: result.id,
                    version: result.version,
                    last_updated: result.last_updated,
                    subsetted: result.subsetted,
                };
                set.write(document, &mut body);
            }
            (Return::OperationOutcome, _) if !result.deleted => {
                body.extend_from_slice(DONE.as_bytes());
            }
            _ => {}
        }
        let mut response = json(status, Vec::new());
        with_body(&mut response, body);
        let headers = response.headers_mut();
        headers.insert(ETAG, etag(result.version));
        headers.insert(LAST_MODIFIED, http_date(result.last_updated));
        if result.created {
            headers.insert(LOCATION, location);
        } else if !result.deleted {
            headers.insert(CONTENT_LOCATION, location);
        }
        if let Some(proof) = &result.proof {
            headers.insert(RECEIPT, receipt(proof));
        }
        response
    }

    fn location(&self, record_type: &RecordType, id: RecordId, version: Version) -> HeaderValue {
        header(&format!(
            "{}/{record_type}/{id}/_history/{version}",
            self.base
        ))
    }
}

/// `If-None-Exist`, or the query of `POST [type]?...`.
fn condition(
    request: &FhirRequest<'_>,
    record_type: &RecordType,
    params: Params,
) -> Result<Option<Params>, Problem> {
    match (if_none_exist(request.headers)?, params.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => Ok(Some(params)),
        (Some(text), true) => query::condition_on(record_type, text).map(Some),
        (Some(_), false) => Err(Problem::bad("invalid", "a condition must be said once")),
    }
}

/// Refuses a create that its own condition would not find: each try would make another.
fn meets_its_own(engine: &Engine, condition: &Condition, ahead: Ahead<'_>) -> Result<(), Problem> {
    match engine.meets(condition, ahead) {
        Ok(true) => Ok(()),
        Ok(false) => Err(not_its_own()),
        Err(failure) => Err(Problem::from(&failure)),
    }
}

/// What a create is refused for that its own condition would not find.
pub(crate) const fn not_its_own() -> Problem {
    Problem::unprocessable(
        "business-rule",
        "what would be created does not meet its own condition: in a value, a comma is written \\, and a plus sign %2B",
    )
}
