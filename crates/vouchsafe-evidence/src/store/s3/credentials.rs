//! The credentials that calls are signed with: variables and files of the AWS SDKs.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use rusty_s3::Credentials;
use zeroize::Zeroizing;

use super::access::{AccessError, Variable};

/// From the environment, else from the file of profiles.
pub(super) fn credentials(set: Variable<'_>) -> Result<Credentials, AccessError> {
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(key), Some(secret)) => {
            return Ok(made(key, secret, set("AWS_SESSION_TOKEN")));
        }
        (None, None) => {}
        _ => return Err(AccessError::HalfCredentials),
    }
    let path = set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    let path = path
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".aws/credentials")))
        .unwrap_or_else(|| PathBuf::from("~/.aws/credentials"));
    let none = || AccessError::NoCredentials(path.clone());
    let fault = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => none(),
        _ => AccessError::File {
            path: path.clone(),
            error,
        },
    };
    if fs::metadata(&path).map_err(fault)?.mode() & 0o077 != 0 {
        return Err(AccessError::Open(path));
    }
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(fault)?);
    let profile = set("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let of = |name| value(&text, &profile, name);
    match (of("aws_access_key_id"), of("aws_secret_access_key")) {
        (Some(key), Some(secret)) => Ok(made(key, secret, of("aws_session_token"))),
        _ => Err(none()),
    }
}

fn made(key: String, secret: String, token: Option<String>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}

/// A value of a profile: the last one that is given.
fn value(text: &str, profile: &str, name: &str) -> Option<String> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = section.trim() == profile;
        } else if let Some((key, value)) = line.split_once('=')
            && inside
            && key.trim() == name
            && !value.trim().is_empty()
        {
            found = Some(value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn open(variables: &[(&str, &str)]) -> Result<Credentials, AccessError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        credentials(&|name: &str| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn credentials_come_from_a_profile_that_only_its_owner_can_read_and_are_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        fs::write(&path, "[default]\naws_access_key_id = A\n[ci]\n# x\naws_access_key_id=B\naws_secret_access_key = canary-secret\n").unwrap();
        let name = path.to_str().unwrap();
        let variables = [
            ("AWS_REGION", "x"),
            ("AWS_SHARED_CREDENTIALS_FILE", name),
            ("AWS_PROFILE", "ci"),
        ];
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(open(&variables), Err(AccessError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let access = open(&variables).ok().unwrap();
        assert_eq!((access.key(), access.secret()), ("B", "canary-secret"));
        assert!(!format!("{:?}", access).contains("canary"));
        assert!(matches!(
            open(&variables[..2]),
            Err(AccessError::NoCredentials(_))
        ));
        assert!(matches!(
            open(&[("AWS_SECRET_ACCESS_KEY", "canary-secret")]),
            Err(AccessError::HalfCredentials)
        ));
    }
}
