//! Raw storage, searched for what a record holds: the values are read from the service, kept in memory, and told to nobody.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use anyhow::Context as _;
use serde_json::Value;
use vouchsafe_evidence::selftest::Storage;
use vouchsafe_server::service::Service;
use zeroize::Zeroizing;

use super::Args;
use super::leaks::files;
use crate::{door, token_file};

/// Shorter values stand anywhere by chance.
const SHORTEST: usize = 6;
/// So much of a file is read at a time.
const BLOCK: usize = 1 << 20;
/// Elements whose values are codes and names of systems, which stand in every file of the program.
const NO_VALUES: [&str; 8] = [
    "system",
    "url",
    "code",
    "resourceType",
    "id",
    "versionId",
    "lastUpdated",
    "profile",
];

pub(super) async fn search(args: &Args, service: &Service) -> anyhow::Result<Storage> {
    let (Some(canary), Some(token)) = (&args.canary, &args.token_file) else {
        anyhow::bail!("no --canary was given");
    };
    let values = values(args, canary, token).await?;
    let patterns = values.iter().flat_map(|value| spellings(value));
    let patterns: Vec<(usize, Zeroizing<Vec<u8>>)> = patterns.collect();
    let searcher = AhoCorasick::new(patterns.iter().map(|(_, pattern)| pattern.as_slice()))?;
    let root = service.folder.path();
    let mut storage = Storage {
        values: values.len() as u64,
        files: 0,
        bytes: 0,
        hits: BTreeMap::new(),
        elsewhere: None,
    };
    let in_postgres = service.settings.database.records.is_some();
    if in_postgres && args.dumps.is_empty() {
        storage.elsewhere =
            Some("the databases are in PostgreSQL, and no --dump of them was given".to_owned());
    }
    for path in files(&[root.to_owned()])?
        .into_iter()
        .chain(args.dumps.iter().cloned())
    {
        let name = path
            .strip_prefix(root)
            .map_or_else(|_| "dump".into(), Path::to_string_lossy);
        // The sockets and the file of a token are no storage; one that is gone meanwhile is none either.
        let Ok(file) = File::open(&path) else {
            continue;
        };
        let (bytes, found) = hits(&searcher, &patterns, file)
            .with_context(|| format!("cannot read {}", path.display()))?;
        storage.files += 1;
        storage.bytes += bytes;
        if found > 0 {
            *storage.hits.entry(name.into_owned()).or_default() += found;
        }
    }
    Ok(storage)
}

/// The values of a record that name or describe somebody, as the running service gives them.
async fn values(args: &Args, canary: &str, token: &Path) -> anyhow::Result<Vec<Zeroizing<String>>> {
    let settings = args.data.settings()?;
    let certificate = args.data.certificate(&settings);
    let client = door::client(Some(&certificate), Duration::from_secs(30))?;
    let token = token_file::read(token)?;
    let url = format!("{}/fhir/R4/{canary}", settings.base_url());
    let response = client.get(url).bearer_auth(token.as_str()).send().await;
    let response = response
        .map_err(|_| anyhow::anyhow!("the service does not answer: it must run for --canary"))?;
    let status = response.status();
    anyhow::ensure!(
        status.is_success(),
        "the record of --canary was not read: status {}",
        status.as_u16()
    );
    let body = response
        .bytes()
        .await
        .map_err(|_| anyhow::anyhow!("the answer was cut off"))?;
    let record: Value =
        serde_json::from_slice(&body).map_err(|_| anyhow::anyhow!("the answer is no JSON"))?;
    let mut values = Vec::new();
    collect(&record, "", &mut values);
    values.sort_unstable_by(|one, other| one.as_str().cmp(other));
    values.dedup();
    anyhow::ensure!(
        !values.is_empty(),
        "the record of --canary holds no value that is long enough to look for"
    );
    Ok(values)
}

fn collect(value: &Value, name: &str, values: &mut Vec<Zeroizing<String>>) {
    match value {
        Value::String(text) => {
            let plain =
                text.len() >= SHORTEST && !text.contains("://") && !text.starts_with("urn:");
            // A reference is an id, and ids are in clear.
            if plain && !NO_VALUES.contains(&name) && name != "reference" && !is_code(text) {
                values.push(Zeroizing::new(text.clone()));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, values)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| collect(value, name, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Words of FHIR's own: `official`, `final`, `female`.
fn is_code(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A value as it may stand in a file: as text, in UTF-16, in hex, in base64; each with the place of the value.
fn spellings(value: &str) -> Vec<(usize, Zeroizing<Vec<u8>>)> {
    let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex = super::access::hex(value.as_bytes()).into_bytes();
    let plain = value.as_bytes().to_vec();
    let all = [plain, utf16, hex]
        .into_iter()
        .chain(base64(value.as_bytes()));
    all.map(|bytes| (value.len(), Zeroizing::new(bytes)))
        .collect()
}

/// What all of base64 has of a value, wherever in a longer text it begins.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let shifted = (0..3_usize).filter_map(|shift| {
        let padded = [vec![0; shift], value.to_vec()].concat();
        let text = STANDARD_NO_PAD.encode(padded);
        // Letters at both ends hold bits of what stands beside the value.
        let from = (shift * 8).div_ceil(6);
        let until = ((shift + value.len()) * 8) / 6;
        text.as_bytes().get(from..until).map(<[u8]>::to_vec)
    });
    shifted.filter(|text| text.len() >= SHORTEST + 2).collect()
}

/// Bytes of a file, and how many different patterns it has.
fn hits(
    searcher: &AhoCorasick,
    patterns: &[(usize, Zeroizing<Vec<u8>>)],
    mut file: File,
) -> anyhow::Result<(u64, u64)> {
    let overlap = patterns
        .iter()
        .map(|(_, pattern)| pattern.len())
        .max()
        .unwrap_or(0);
    let mut found = std::collections::BTreeSet::new();
    let mut window: Vec<u8> = Vec::with_capacity(BLOCK + overlap);
    let mut bytes = 0;
    loop {
        let read = file.by_ref().take(BLOCK as u64).read_to_end(&mut window)?;
        bytes += read as u64;
        if read == 0 {
            return Ok((bytes, found.len() as u64));
        }
        let hits = searcher.find_overlapping_iter(&window);
        found.extend(hits.map(|hit| hit.pattern().as_usize()));
        // What stands across two blocks is seen with the next.
        let keep = window.len().saturating_sub(overlap);
        window.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    fn count(value: &str, text: &[u8]) -> u64 {
        let patterns = spellings(value);
        let searcher =
            AhoCorasick::new(patterns.iter().map(|(_, pattern)| pattern.as_slice())).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file.rewind().unwrap();
        hits(&searcher, &patterns, file).unwrap().1
    }

    #[test]
    fn a_value_is_found_in_each_spelling_and_across_blocks() {
        use base64::Engine as _;
        let value = "Canary-Family";
        assert_eq!(count(value, b"nothing of it"), 0);
        assert_eq!(count(value, b"{\"family\":\"Canary-Family\"}"), 1);
        let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(count(value, &utf16), 1);
        assert_eq!(
            count(
                value,
                super::super::access::hex(value.as_bytes()).as_bytes()
            ),
            1
        );
        for before in ["", "x", "xy", "xyz"] {
            let text = base64::engine::general_purpose::STANDARD
                .encode(format!("{before}{value} and more"));
            assert_eq!(count(value, text.as_bytes()), 1, "{before:?}");
        }
        let mut long = vec![b'.'; BLOCK - 5];
        long.extend(value.as_bytes());
        assert_eq!(count(value, &long), 1);
    }

    #[test]
    fn values_of_a_record_are_those_that_say_something_of_somebody() {
        let record = serde_json::json!({"resourceType": "Patient", "id": "6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11",
            "gender": "female", "name": [{"use": "official", "family": "Canary-Family", "given": ["Ada"]}],
            "identifier": [{"system": "urn:oid:1", "value": "MRN-12345"}], "managingOrganization": {"reference": "Organization/x"}});
        let mut values = Vec::new();
        collect(&record, "", &mut values);
        let mut values: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
        values.sort_unstable();
        assert_eq!(values, ["Canary-Family", "MRN-12345"]);
    }
}
