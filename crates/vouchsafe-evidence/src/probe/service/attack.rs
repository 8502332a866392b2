//! The attacks, one after another.

mod credentials;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::client::{Client, Request};
use super::route::{self, METHODS, Route};
use super::settings::ServiceTarget;
use super::{Answer, Attack, GivenToken, Group, Managed, NotTried, Reach, ServiceProbe, SignIns};
use crate::forge::Token;
use crate::probe::dial::{PATIENCE, Target, without_user};
use crate::probe::token::{self, TokenProbe};

/// So many requests at most.
const MOST: usize = 20_000;
/// So long at most: a service that answers each request late would hold a run for days.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// After so many requests without an answer the service is taken for gone.
const SILENT: u32 = 5;
/// A credential that is none.
const NOTHING: &str = "not-a-token-of-anybody";
/// Paths that management often has.
const MANAGEMENT: [&str; 14] = [
    "/admin",
    "/admin/v1",
    "/metrics",
    "/actuator",
    "/actuator/env",
    "/actuator/heapdump",
    "/debug/pprof/",
    "/debug/vars",
    "/server-status",
    "/console",
    "/.env",
    "/.git/config",
    "/swagger/index.html",
    "/phpinfo.php",
];
/// Where FHIR services say what they can do, below the host.
const STATEMENTS: [&str; 2] = ["/fhir/R4/metadata", "/fhir/metadata"];

/// What a probe gives: itself, and what the token says of itself.
pub(crate) struct Probed {
    pub(crate) service: ServiceProbe,
    pub(crate) token: Option<TokenProbe>,
}

/// Attacks a service.
///
/// # Errors
/// In words, when it cannot be reached, stops answering, or what the settings name cannot be read.
pub(crate) fn probe(target: &ServiceTarget, root: &Path, now: Timestamp) -> Result<Probed, String> {
    let at = |path: &PathBuf| root.join(path);
    let client = Client::new(&target.url, target.ca.as_ref().map(at).as_deref())?;
    let secret = |path: &PathBuf| Token::read_bearer(&at(path)).map_err(|error| error.to_string());
    let token = target.token_file.as_ref().map(secret).transpose()?;
    let mut bad = Vec::new();
    for one in &target.bad_tokens {
        bad.push((one.fault.name(), secret(&one.file)?));
    }
    let places = target.management.iter().flatten();
    let mut hosts = places.filter(|place| !place.starts_with('/'));
    if let Some(wrong) = hosts.find(|place| Target::parse(place).is_none()) {
        return Err(format!(
            "{:?} in `management` is neither HOST:PORT nor a path",
            without_user(wrong)
        ));
    }
    let mut run = Run::new(target, client);
    run.reach()?;
    run.learn();
    if run.routes.is_empty() {
        return Err(
            "no routes: the service has no CapabilityStatement, and the settings name none"
                .to_owned(),
        );
    }
    run.without_credentials()?;
    run.management_paths()?;
    run.malformed()?;
    let given = match &token {
        Some(token) => run.with_token(token.expose(), &bad, now)?,
        None => {
            run.not_tried(Attack::Control, "the valid token", "no token was given");
            run.not_tried(
                Attack::Forged,
                "all",
                "no token was given to make others of",
            );
            None
        }
    };
    let sign_in = target
        .sign_in
        .as_ref()
        .map(|one| run.sign_ins(one))
        .transpose()?;
    let token = token
        .as_ref()
        .filter(|_| given.as_ref().is_some_and(|given| given.jwt));
    let token = token.and_then(|token| token::read(token.expose(), &target.name(), now).ok());
    Ok(Probed {
        service: run.finish(given, sign_in, now),
        token,
    })
}

struct Run<'s> {
    target: &'s ServiceTarget,
    client: Client,
    routes: Vec<Route>,
    public: Vec<Route>,
    control: Option<Route>,
    routes_from: Vec<String>,
    answers: BTreeMap<(Attack, Answer), Vec<String>>,
    not_tried: Vec<NotTried>,
    sent: usize,
    silent: u32,
    begun: Instant,
    longest: Duration,
}

impl<'s> Run<'s> {
    fn new(target: &'s ServiceTarget, client: Client) -> Self {
        Self {
            target,
            client,
            routes: target.routes.clone(),
            public: target.public.clone(),
            control: target.control.clone(),
            routes_from: Vec::new(),
            answers: BTreeMap::new(),
            not_tried: Vec::new(),
            sent: 0,
            silent: 0,
            begun: Instant::now(),
            longest: LONGEST,
        }
    }

    /// Whether anybody answers there.
    fn reach(&self) -> Result<(), String> {
        let path = format!("{}/", self.client.base());
        let answer = self.client.send(get(&path, None));
        match answer.status {
            Some(_) => Ok(()),
            None => Err("no answer over HTTPS: the host is unknown, does not listen, or its certificate is not trusted".to_owned()),
        }
    }

    /// Reads what the service says of its routes.
    fn learn(&mut self) {
        if !self.routes.is_empty() {
            self.routes_from.push("settings".to_owned());
        }
        let own = format!("{}/metadata", self.client.base());
        let candidates = [own.as_str()].into_iter().chain(STATEMENTS);
        for path in candidates {
            let (answer, body) = self.client.send_and_read(get(path, None));
            if answer.status != Some(200) {
                continue;
            }
            let base = path.strip_suffix("/metadata").unwrap_or_default();
            let statement = serde_json::from_slice::<Value>(&body).ok();
            let declared = statement.and_then(|one| route::declared(&one, base));
            let Some(declared) = declared else { continue };
            self.routes_from.push(path.to_owned());
            self.routes.extend(declared.routes);
            self.public.extend(declared.public);
            self.control = self.control.take().or(declared.control);
            break;
        }
        for list in [&mut self.routes, &mut self.public] {
            list.sort();
            list.dedup();
        }
    }

    /// Every route without a credential and with one that is none; every other method of every path.
    fn without_credentials(&mut self) -> Result<(), String> {
        let routes = self.routes.clone();
        let public = self.public.clone();
        for route in routes.iter().chain(&public) {
            self.ask(Attack::NoCredential, route, None)?;
        }
        for route in routes.iter().filter(|route| !public.contains(route)) {
            self.ask(Attack::AnyCredential, route, Some(NOTHING))?;
        }
        for other in other_methods(&routes, &public) {
            self.ask(Attack::OtherMethod, &other, None)?;
        }
        Ok(())
    }

    fn management_paths(&mut self) -> Result<(), String> {
        let named = self.target.management.iter().flatten();
        let named = named
            .filter(|place| place.starts_with('/'))
            .map(String::as_str);
        let paths: Vec<&str> = named.chain(MANAGEMENT).collect();
        for path in paths {
            let route = Route::new("GET", path);
            if !self.routes.contains(&route) && !self.public.contains(&route) {
                self.ask(Attack::ManagementPath, &route, None)?;
            }
        }
        Ok(())
    }

    /// What is no JSON, at a few routes that take a body, and an id that is none at a few that take one.
    fn malformed(&mut self) -> Result<(), String> {
        let takes = |route: &&Route| matches!(route.method, "POST" | "PUT");
        let public = self.public.clone();
        let bodies: Vec<Route> = public.iter().filter(takes).take(4).cloned().collect();
        let more: Vec<Route> = self.routes.iter().filter(takes).take(4).cloned().collect();
        for route in bodies.into_iter().chain(more) {
            let path = route.filled(&self.target.values);
            let request = Request {
                method: route.method,
                path: &path,
                bearer: None,
                body: Some("{\"vouchsafe-probe\": \u{0}"),
            };
            self.take(Attack::Malformed, route.to_string(), request)?;
        }
        let ids = self
            .routes
            .iter()
            .filter(|route| route.method == "GET" && route.path.contains('{'));
        let ids: Vec<Route> = ids.take(4).cloned().collect();
        for route in ids {
            let path = route.filled(&BTreeMap::new());
            let path = format!("{path}%00'%22%3C%5C");
            self.take(
                Attack::Malformed,
                format!("{route} (an id that is none)"),
                get(&path, None),
            )?;
        }
        Ok(())
    }

    fn ask(&mut self, attack: Attack, route: &Route, bearer: Option<&str>) -> Result<(), String> {
        let path = route.filled(&self.target.values);
        let body = matches!(route.method, "POST" | "PUT" | "PATCH").then_some("{}");
        let request = Request {
            method: route.method,
            path: &path,
            bearer,
            body,
        };
        self.take(attack, route.to_string(), request)
    }

    /// Sends a request and takes its answer down.
    fn take(&mut self, attack: Attack, of: String, request: Request<'_>) -> Result<(), String> {
        self.sent += 1;
        if self.sent > MOST {
            return Err(format!(
                "the service has too many routes for {MOST} requests"
            ));
        }
        self.in_time()?;
        let answer = self.client.send(request);
        self.silent = if answer.status.is_none() {
            self.silent + 1
        } else {
            0
        };
        if self.silent >= SILENT {
            return Err("the service stopped answering during the probe".to_owned());
        }
        self.answers.entry((attack, answer)).or_default().push(of);
        Ok(())
    }

    /// Whether there is time for another request.
    fn in_time(&self) -> Result<(), String> {
        match self.begun.elapsed() < self.longest {
            true => Ok(()),
            false => Err(format!(
                "the probe took longer than {} minutes",
                self.longest.as_secs() / 60
            )),
        }
    }

    fn not_tried(&mut self, attack: Attack, what: &str, why: &str) {
        self.not_tried.push(NotTried {
            attack,
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    fn finish(
        self,
        token: Option<GivenToken>,
        sign_in: Option<SignIns>,
        now: Timestamp,
    ) -> ServiceProbe {
        let answers = self.answers.into_iter().map(|((attack, answer), mut of)| {
            of.sort();
            of.dedup();
            Group { attack, answer, of }
        });
        let places = self.target.management.as_ref().map(|places| {
            let hosts = places.iter().filter(|place| !place.starts_with('/'));
            hosts.map(|place| managed(place)).collect()
        });
        ServiceProbe {
            v: 1,
            url: self.target.name(),
            at: now,
            routes_from: self.routes_from,
            public: self.public.iter().map(ToString::to_string).collect(),
            token,
            answers: answers.collect(),
            not_tried: self.not_tried,
            sign_in,
            management: places,
        }
    }
}

/// The methods of each path that nobody declared, each once.
fn other_methods(routes: &[Route], public: &[Route]) -> Vec<Route> {
    let paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
    let known: BTreeSet<&Route> = routes.iter().chain(public).collect();
    let all = paths
        .into_iter()
        .flat_map(|path| METHODS.map(|method| Route::new(method, path)));
    all.filter(|route| !known.contains(route)).collect()
}

fn managed(place: &str) -> Managed {
    let connected = Target::parse(place).map(|target| target.connect(PATIENCE));
    let seen = match connected {
        Some(Ok(_)) => Reach::Reached,
        Some(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Reach::Refused,
        Some(Err(error)) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Reach::Silent
        }
        Some(Err(_)) | None => Reach::Unknown,
    };
    Managed {
        at: place.to_owned(),
        seen,
    }
}

const fn get<'r>(path: &'r str, bearer: Option<&'r str>) -> Request<'r> {
    Request {
        method: "GET",
        path,
        bearer,
        body: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> ServiceTarget {
        ServiceTarget {
            url: "https://127.0.0.1:1".to_owned(),
            ..ServiceTarget::default()
        }
    }

    #[test]
    fn each_method_that_nobody_declared_is_tried_once_at_each_path() {
        let of = |texts: &[&str]| -> Vec<Route> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        // Sorted as a probe sorts them, so that one path stands in several places.
        let routes = of(&["GET /a", "GET /b", "POST /a"]);
        let others = other_methods(&routes, &of(&["PUT /b"]));
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        assert_eq!(
            others,
            [
                "PUT /a",
                "PATCH /a",
                "DELETE /a",
                "POST /b",
                "PATCH /b",
                "DELETE /b"
            ]
        );
    }

    #[test]
    fn a_probe_sends_nothing_when_its_time_is_over() {
        let target = target();
        let client = Client::new(&target.url, None).unwrap();
        let mut run = Run::new(&target, client);
        run.longest = Duration::ZERO;
        let why = run.ask(Attack::NoCredential, &Route::new("GET", "/a"), None);
        assert!(why.unwrap_err().contains("longer"));
        let sign_in = toml::from_str("path = \"/auth/sign-in\"").unwrap();
        assert!(run.sign_ins(&sign_in).unwrap_err().contains("longer"));
        assert!(run.answers.is_empty());
    }
}
