//! Attacks that take a credential: tokens that are forged of a valid one, and sign-ins that fail.

use aws_lc_rs::rand;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Map, Value};

use super::{Run, get};
use crate::digest::hex;
use crate::forge::Token;
use crate::probe::service::client::Request;
use crate::probe::service::forge::Parts;
use crate::probe::service::route::Route;
use crate::probe::service::settings::SignIn;
use crate::probe::service::{Attack, GivenToken, SignIns};

/// Where issuers publish their keys.
const KEYS: &str = "/.well-known/jwks.json";

impl Run<'_> {
    /// The valid token, others that are made of it, and the valid one again.
    pub(super) fn with_token(
        &mut self,
        token: &str,
        bad: &[(&str, Token)],
        now: Timestamp,
    ) -> Result<Option<GivenToken>, String> {
        let control = self.control.clone().or_else(|| self.guess_control());
        let Some(control) = control else {
            self.not_tried(
                Attack::Control,
                "the valid token",
                "no route is known to let it in: name one by `control`, a GET",
            );
            return Ok(None);
        };
        let path = control.filled(&self.target.values);
        self.take(
            Attack::Control,
            "before".to_owned(),
            get(&path, Some(token)),
        )?;
        let parts = Parts::of(token);
        if let Some(parts) = &parts {
            let mut forged = parts.forge(now)?;
            match self.keys(parts) {
                Some(keys) => forged.extend(parts.confused(&keys)),
                None => self.not_tried(
                    Attack::Forged,
                    "hs256-public-key",
                    "the public keys of the issuer are not at /.well-known/jwks.json of the service",
                ),
            }
            for one in forged {
                self.take(Attack::Forged, one.name, get(&path, Some(&one.token)))?;
            }
        } else {
            self.not_tried(
                Attack::Forged,
                "all",
                "the token is no JWT: what it stands for is with its issuer",
            );
        }
        for (name, token) in bad {
            self.take(
                Attack::BadToken,
                (*name).to_owned(),
                get(&path, Some(token.expose())),
            )?;
        }
        self.take(Attack::Control, "after".to_owned(), get(&path, Some(token)))?;
        Ok(Some(GivenToken {
            jwt: parts.is_some(),
            control: control.to_string(),
        }))
    }

    /// A GET without a parameter that is not public.
    fn guess_control(&self) -> Option<Route> {
        let mut routes = self.routes.iter();
        let plain = |route: &&Route| {
            route.method == "GET" && !route.path.contains('{') && !self.public.contains(route)
        };
        routes.find(plain).cloned()
    }

    /// The issuer's public keys, where the service itself publishes them: no other host is called.
    fn keys(&self, parts: &Parts<'_>) -> Option<Value> {
        let issuer = parts.issuer().and_then(|issuer| issuer.parse::<Url>().ok());
        let below = issuer.filter(|issuer| self.client.is_origin_of(issuer));
        let below = below.map(|issuer| format!("{}{KEYS}", issuer.path().trim_end_matches('/')));
        let places = below.iter().map(String::as_str).chain([KEYS]);
        for path in places {
            let (answer, body) = self.client.send_and_read(get(path, None));
            let keys: Option<Value> = serde_json::from_slice(&body).ok();
            let keys = keys.filter(|keys| keys.get("keys").is_some_and(Value::is_array));
            if answer.status == Some(200) && keys.is_some() {
                return keys;
            }
        }
        None
    }

    pub(super) fn sign_ins(&mut self, sign_in: &SignIn) -> Result<SignIns, String> {
        let mut random = [0; 12];
        rand::fill(&mut random).map_err(|_| "no random numbers")?;
        let made_up = hex(&random);
        let mut body = Map::new();
        let login = format!("vouchsafe-probe-{made_up}@example.invalid");
        body.insert(sign_in.login.clone(), Value::String(login));
        for field in &sign_in.secrets {
            body.insert(field.clone(), Value::String(made_up.clone()));
        }
        let body = Value::Object(body).to_string();
        let mut statuses = Vec::new();
        let mut retry_after = false;
        for _ in 0..sign_in.attempts.min(100) {
            self.in_time()?;
            let answer = self.client.send(Request {
                method: "POST",
                path: &sign_in.path,
                bearer: None,
                body: Some(&body),
            });
            retry_after |= answer.status == Some(429) && answer.headers.contains_key("retry-after");
            statuses.push(answer.status.unwrap_or(0));
        }
        Ok(SignIns {
            route: format!("POST {}", sign_in.path),
            statuses,
            retry_after,
        })
    }
}
