//! What a probe of a service will do, before it does it.

use super::settings::ServiceTarget;
use crate::collect::Call;

/// Each kind of call, and the permission that it takes.
pub(crate) fn plan(target: &ServiceTarget) -> Vec<Call> {
    let url = &target.name();
    let nobody = "none: no credential is sent";
    let mut calls = vec![
        Call::new(
            format!(
                "GET {url}: its CapabilityStatement (/metadata), and which methods each path takes"
            ),
            nobody,
        ),
        Call::new(
            format!(
                "{url}: GET, POST, PUT, PATCH and DELETE at each of its routes and of {} in the settings, with the body {{}} and \
                 ids that nobody has, without a credential and with one that is none; a route that is open would take them",
                target.routes.len()
            ),
            nobody,
        ),
        Call::new(
            format!("GET {url}: paths that management often has; POST bodies that are no JSON"),
            nobody,
        ),
    ];
    match &target.token_file {
        Some(file) => calls.push(Call::new(
            format!(
                "GET {url}: with the token in {}, then with some 40 tokens that are forged of it, and {} of the settings",
                file.display(),
                target.bad_tokens.len()
            ),
            "to read that file; the token may do no more than the control route needs",
        )),
        None => calls.push(Call::new(
            format!("{url}: no `token_file`, so forged tokens stay UNOBSERVABLE, and whether the service lets anybody in"),
            "none",
        )),
    }
    for place in target.management.iter().flatten() {
        calls.push(Call::new(
            format!("{url}: try to reach {place} of the management"),
            nobody,
        ));
    }
    match &target.sign_in {
        Some(sign_in) => calls.push(Call::new(
            format!(
                "POST {url}{}: {} failed sign-ins under a made-up name; they make noise in its log and its alerts",
                sign_in.path, sign_in.attempts
            ),
            "none: allowed by `sign_in` in the settings",
        )),
        None => calls.push(Call::new(
            format!("{url}: no `sign_in`, so whether failed sign-ins are throttled stays UNOBSERVABLE"),
            "none",
        )),
    }
    calls
}
