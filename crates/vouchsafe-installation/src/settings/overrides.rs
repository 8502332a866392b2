//! Settings that environment variables override.

/// Other variables with our prefix: of the command line and of tests.
const OTHERS: [&str; 5] = ["DATA", "TOKEN", "BIN", "BLESS", "PG_BIN"];
/// Kubernetes gives every container such variables for a service with our name.
const FOREIGN: [&str; 3] = ["SERVICE_", "PORT", "TEST_"];

/// Keys that a variable may override: those of the settings.
const KEYS: [&str; 22] = [
    "data_listen",
    "operations_listen",
    "public_url",
    "host_names",
    "access_token_seconds",
    "body_limit_bytes",
    "request_timeout_seconds",
    "concurrency_limit",
    "proxies",
    "log_level",
    "database.records",
    "database.identity",
    "database.keys",
    "database.ca",
    "database.connections.records",
    "database.connections.identity",
    "database.connections.keys",
    "root_key.file",
    "root_key.passphrase_file",
    "tls.certificate",
    "tls.key",
    "tls.minimum",
];

/// Sets the value that a variable overrides, and returns whether the variable is ours; otherwise an error.
///
/// A variable that is nearly ours is refused: a mistyped variable of a database must not send records to another one.
pub(super) fn override_by(
    table: &mut toml::Table,
    name: &str,
    value: &str,
) -> Result<bool, String> {
    let Some(rest) = name.strip_prefix("VOUCHSAFE_") else {
        return Ok(false);
    };
    if OTHERS.contains(&rest) || FOREIGN.iter().any(|prefix| rest.starts_with(prefix)) {
        return Ok(false);
    }
    let key = rest.to_ascii_lowercase().replace("__", ".");
    if !KEYS.contains(&key.as_str()) {
        return Err(format!(
            "there is no such setting; there are {}",
            KEYS.join(", ")
        ));
    }
    let value = match key.as_str() {
        "host_names" | "proxies" => toml::Value::Array(
            value
                .split(',')
                .map(|part| toml::Value::String(part.trim().to_owned()))
                .collect(),
        ),
        "access_token_seconds"
        | "body_limit_bytes"
        | "request_timeout_seconds"
        | "concurrency_limit"
        | "database.connections.records"
        | "database.connections.identity"
        | "database.connections.keys" => {
            toml::Value::Integer(value.parse().map_err(|_| "not a number")?)
        }
        _ => toml::Value::String(value.to_owned()),
    };
    let mut place = table;
    let mut rest = key.as_str();
    while let Some((section, key)) = rest.split_once('.') {
        let inner = place
            .entry(section)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        match inner.as_table_mut() {
            Some(inner) => place = inner,
            // The file has another type there, which was refused when it was read.
            None => return Ok(true),
        }
        rest = key;
    }
    place.insert(rest.to_owned(), value);
    Ok(true)
}
