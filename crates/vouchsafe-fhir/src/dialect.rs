//! From an interaction and its request to the engine, and back.

pub(crate) mod writing;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{Caller, Engine, Idempotent, Released};

use crate::bundle::{self, MAX_BODY_BYTES, Run, parse_bundle};
use crate::headers::{
    self, OF_CHANGE, OF_CREATE, RECEIPT, Return, check_accept, check_form, check_json,
    check_preconditions, etag, http_date, none_match, preferences, receipt,
};
use crate::interaction::Interaction;
use crate::outcome::{FHIR_JSON, Problem};
use crate::query::{self, Params};
use crate::refusal::noted;
use crate::resource::{ServerSet, apart, id_of, type_of};
use crate::searchset;

/// What an address names below `[base]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The resource type.
    pub record_type: Option<&'a str>,
    /// The id.
    pub id: Option<&'a str>,
    /// The version.
    pub version: Option<&'a str>,
}

/// A request, of whatever HTTP server. Its address, query, headers and body may be PHI.
#[derive(Clone)]
pub struct FhirRequest<'a> {
    /// What the address names.
    pub subject: Subject<'a>,
    /// The query string, as it was sent.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for FhirRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// The FHIR R4 REST dialect over one engine.
#[derive(Clone)]
pub struct Dialect {
    engine: Arc<Engine>,
    base: String,
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialect")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// So often a write is tried when others come between: two of the same condition meet once, and
/// the second finds what the first has made.
const ATTEMPTS: usize = 4;

const fn too_long(text: &'static str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", text)
}

type Answer = Result<Response<Bytes>, Problem>;

impl Dialect {
    /// The dialect at this base URL (`https://host/fhir/R4`).
    #[must_use]
    pub fn new(engine: Arc<Engine>, mut base: String) -> Self {
        base.truncate(base.trim_end_matches('/').len());
        Self { engine, base }
    }

    /// What this server can do.
    #[must_use]
    pub fn capabilities(&self, now: jiff::Timestamp) -> Response<Bytes> {
        let statement = crate::capability_statement(self.engine.pack(), &self.base, now);
        json(StatusCode::OK, statement.to_string().into_bytes())
    }

    /// Answers an interaction. What it refuses is in the log before it is told.
    pub async fn handle(
        &self,
        interaction: Interaction,
        request: FhirRequest<'_>,
        caller: &Caller,
    ) -> Response<Bytes> {
        let answer = match self.checked(interaction, &request) {
            Ok(params) => self.answer(interaction, &request, params, caller).await,
            Err(problem) => Err(problem),
        };
        match answer {
            Ok(response) => response,
            Err(problem) => noted(&self.engine, caller, interaction.name(), problem, 1)
                .await
                .response(),
        }
    }

    /// Refuses a body that its host did not take in whole. As all refusals it is in the log before it is told.
    pub async fn too_large(&self, interaction: Interaction, caller: &Caller) -> Response<Bytes> {
        let problem = too_long("the body is too large, or was cut off");
        noted(&self.engine, caller, interaction.name(), problem, 1)
            .await
            .response()
    }

    /// What can be refused before anything is looked up; yields the query's parameters.
    fn checked(
        &self,
        interaction: Interaction,
        request: &FhirRequest<'_>,
    ) -> Result<Params, Problem> {
        let mut params = query::decode(request.query)?;
        let format = query::take_format(&mut params);
        check_accept(request.headers, format.as_deref())?;
        if request.body.len() > MAX_BODY_BYTES {
            return Err(too_long("a body has at most 16 MiB"));
        }
        let heeded: &[HeaderName] = match interaction {
            Interaction::Create => &OF_CREATE,
            Interaction::Update | Interaction::Delete => &OF_CHANGE,
            Interaction::Bundle => &[],
            Interaction::Capabilities
            | Interaction::Read
            | Interaction::VersionRead
            | Interaction::Search
            | Interaction::SearchByPost => return self.checked_look(interaction, request, params),
        };
        check_preconditions(request.headers, heeded)?;
        if interaction != Interaction::Delete {
            check_json(request.headers)?;
        }
        // The query of a create is its condition.
        if interaction != Interaction::Create {
            without_parameters(&params)?;
        }
        Ok(params)
    }

    fn checked_look(
        &self,
        interaction: Interaction,
        request: &FhirRequest<'_>,
        mut params: Params,
    ) -> Result<Params, Problem> {
        match interaction {
            Interaction::SearchByPost if !request.body.is_empty() => {
                check_form(request.headers)?;
                let form = std::str::from_utf8(&request.body)
                    .map_err(|_| Problem::bad("value", "the form is not UTF-8"))?;
                params.extend(query::decode(form)?);
                if let Some(format) = query::take_format(&mut params) {
                    check_accept(request.headers, Some(&format))?;
                }
            }
            Interaction::Read | Interaction::VersionRead
                if !preferences(request.headers).lenient =>
            {
                without_parameters(&params)?;
            }
            _ => {}
        }
        Ok(params)
    }

    async fn answer(
        &self,
        interaction: Interaction,
        request: &FhirRequest<'_>,
        params: Params,
        caller: &Caller,
    ) -> Answer {
        match interaction {
            Interaction::Capabilities => Ok(self.capabilities(caller.now)),
            Interaction::Read | Interaction::VersionRead => self.read(request, caller).await,
            Interaction::Create => self.create(request, params, caller).await,
            Interaction::Update => self.update(request, caller).await,
            Interaction::Delete => self.delete(request, caller).await,
            Interaction::Search | Interaction::SearchByPost => {
                self.search(request, params, caller).await
            }
            Interaction::Bundle => self.bundle(request, caller).await,
        }
    }

    async fn read(&self, request: &FhirRequest<'_>, caller: &Caller) -> Answer {
        let (record_type, id) = address(&request.subject)?;
        let version = match request.subject.version {
            None => None,
            Some(text) => Some(headers::version(text).ok_or_else(Problem::not_found)?),
        };
        let read = self.engine.read(caller, &record_type, id, version).await;
        let released = read.map_err(|failure| Problem::from(&failure))?;
        // Only now: that it has not changed is told to those who may see it, and is in the log.
        if none_match(request.headers, released.version) {
            let mut response = json(StatusCode::NOT_MODIFIED, Vec::new());
            about(&mut response, &released);
            return Ok(response);
        }
        Ok(resource(released))
    }

    async fn search(&self, request: &FhirRequest<'_>, params: Params, caller: &Caller) -> Answer {
        let record_type = type_of(request.subject.record_type.unwrap_or_default())?;
        let lenient = preferences(request.headers).lenient;
        let mut asked = searchset::parse(record_type, params, lenient)?;
        asked.make_relative(&self.base, self.engine.pack());
        let page = self.engine.search(caller, &asked.search).await;
        let page = page.map_err(|failure| Problem::from(&failure))?;
        let proof = receipt(&page.proof);
        let body = asked.bundle(&self.base, self.engine.pack(), page, caller.now);
        let mut response = json(StatusCode::OK, body);
        response.headers_mut().insert(RECEIPT, proof);
        Ok(response)
    }

    async fn bundle(&self, request: &FhirRequest<'_>, caller: &Caller) -> Answer {
        let idempotent = idempotent(request, "POST")?;
        let run = Run {
            engine: &self.engine,
            caller,
            base: &self.base,
            idempotent,
            returns: preferences(request.headers)
                .returns
                .unwrap_or(Return::Minimal),
        };
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            let read = |body: &[u8]| parse_bundle(body).map_err(|refused| refused.problem);
            let bundle = apart(&request.body, read).await?;
            let kind = bundle.kind;
            match run.bundle(bundle).await {
                Ok(outcomes) => return Ok(bundle::response(kind, outcomes)),
                Err(refused) if refused.problem.is_busy() && left > 0 => {}
                Err(refused) => return Err(refused.problem),
            }
        }
    }
}

/// Refuses parameters where none has a meaning: one that is passed over would mislead.
fn without_parameters(params: &Params) -> Result<(), Problem> {
    if params.is_empty() {
        return Ok(());
    }
    Err(Problem::bad(
        "not-supported",
        "this interaction takes no such parameter; see metadata",
    ))
}

fn address(subject: &Subject<'_>) -> Result<(RecordType, RecordId), Problem> {
    Ok((
        type_of(subject.record_type.unwrap_or_default())?,
        id_of(subject.id.unwrap_or_default())?,
    ))
}

/// The caller's key with the digest of what is asked for.
fn idempotent(request: &FhirRequest<'_>, verb: &str) -> Result<Option<Idempotent>, Problem> {
    let Some(key) = headers::idempotency_key(request.headers)? else {
        return Ok(None);
    };
    let Subject {
        record_type,
        id,
        version: _,
    } = request.subject;
    let header = |name| {
        request
            .headers
            .get(name)
            .map_or(b"".as_slice(), HeaderValue::as_bytes)
    };
    Ok(Some(Idempotent::new(
        key,
        &[
            verb.as_bytes(),
            record_type.unwrap_or_default().as_bytes(),
            id.unwrap_or_default().as_bytes(),
            request.query.as_bytes(),
            header("if-match"),
            header("if-none-exist"),
            &request.body,
        ],
    )))
}

fn resource(released: Released) -> Response<Bytes> {
    let mut response = json(StatusCode::OK, Vec::new());
    about(&mut response, &released);
    let set = ServerSet::of(&released);
    let mut body = Vec::with_capacity(2048);
    set.write(released.document, &mut body);
    with_body(&mut response, body);
    response
}

/// The headers that say which version it is, and that the access was logged.
fn about(response: &mut Response<Bytes>, released: &Released) {
    let headers = response.headers_mut();
    headers.insert(ETAG, etag(released.version));
    headers.insert(LAST_MODIFIED, http_date(released.last_updated));
    headers.insert(RECEIPT, receipt(&released.proof));
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    with_body(&mut response, body);
    response
}

fn with_body(response: &mut Response<Bytes>, body: Vec<u8>) {
    if !body.is_empty() {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
        *response.body_mut() = Bytes::from(body);
    }
}
