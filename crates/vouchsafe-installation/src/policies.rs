//! The policy bundle in the data folder: its files, its signature, the pinned key.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use vouchsafe::access::{Bundle, BundleFiles};
use vouchsafe::trusted;

use crate::files;
use crate::folder::{Folder, FolderError};
use crate::opening::OpenError;

const SIGNATURE: &str = "bundle.sig";
const SIGNING_KEY: &str = "signing.key";

/// Writes the default bundle, signed by a new key; returns the public key, to be pinned.
pub(crate) fn write_default(folder: &Folder) -> Result<String, OpenError> {
    let place = folder.at("policies");
    let seed_path = place.join(SIGNING_KEY);
    let seed = match std::fs::read_to_string(&seed_path) {
        Ok(text) => from_hex(&text).ok_or_else(|| OpenError::PolicyFile(seed_path.clone()))?,
        Err(_) => {
            let mut seed = [0; 32];
            rand::fill(&mut seed).map_err(|_| OpenError::PolicyFile(seed_path.clone()))?;
            write(&seed_path, HEXLOWER.encode(&seed).as_bytes(), true)?;
            seed
        }
    };
    let bundle = Bundle::default_files();
    let signature = trusted::sign_bundle(&bundle, &seed)?;
    for (name, content) in bundle.iter() {
        write(&place.join(name), content, false)?;
    }
    write(
        &place.join(SIGNATURE),
        HEXLOWER.encode(&signature).as_bytes(),
        false,
    )?;
    let pair =
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| OpenError::PolicyFile(seed_path))?;
    Ok(HEXLOWER.encode(pair.public_key().as_ref()))
}

/// Opens the bundle, which MUST be signed by the pinned key.
pub(crate) fn open(folder: &Folder, pinned: &str) -> Result<Arc<Bundle>, OpenError> {
    let place = folder.at("policies");
    let mut bundle = BundleFiles::default();
    let listing = std::fs::read_dir(&place).map_err(|_| OpenError::PolicyFile(place.clone()))?;
    for entry in listing.flatten() {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name == SIGNATURE || name == SIGNING_KEY {
            continue;
        }
        let content = std::fs::read(&path).map_err(|_| OpenError::PolicyFile(path.clone()))?;
        bundle.insert(name, content);
    }
    let path = place.join(SIGNATURE);
    let malformed = || OpenError::PolicyFile(path.clone());
    let text = std::fs::read_to_string(&path).map_err(|_| malformed())?;
    let signature: [u8; 64] = from_hex(&text).ok_or_else(malformed)?;
    let key: [u8; 32] = from_hex(pinned).ok_or_else(malformed)?;
    Ok(Arc::new(trusted::bundle(&bundle, &signature, &key)?))
}

fn write(path: &Path, content: &[u8], secret: bool) -> Result<(), OpenError> {
    let written = match secret {
        true => files::write_secret(path, content),
        false => std::fs::write(path, content),
    };
    written.map_err(|error| {
        OpenError::Folder(FolderError::Unwritable {
            path: path.to_owned(),
            kind: error.kind(),
        })
    })
}

/// The bytes of hexadecimal digits in either case, if their number is exactly right.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
    bytes.try_into().ok()
}
