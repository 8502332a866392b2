//! The two keys of a recorder: one signs checkpoints for the public, one acknowledgements for the services.

use std::fmt;
use std::path::Path;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use vouchsafe_tlog::{KeyName, NoteSigner, NoteVerifier};
use zeroize::Zeroizing;

use crate::disk::{self, Disk};
use crate::error::{At, RecorderError};
use crate::layout::Layout;

/// Signs the acknowledgement of each batch.
pub(crate) struct AcknowledgementKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl AcknowledgementKey {
    fn from_seed(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair, public })
    }

    pub(crate) const fn public(&self) -> [u8; 32] {
        self.public
    }

    /// `Sign(statement)` with Ed25519 (RFC 8032).
    pub(crate) fn sign(&self, statement: &[u8]) -> Result<[u8; 64], RecorderError> {
        let signature = self
            .pair
            .try_sign(statement)
            .map_err(|_| RecorderError::Internal)?;
        signature
            .as_ref()
            .try_into()
            .map_err(|_| RecorderError::Internal)
    }
}

impl fmt::Debug for AcknowledgementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Both keys and the origin.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) origin: String,
    pub(crate) log: NoteSigner,
    pub(crate) acknowledgement: AcknowledgementKey,
}

/// Creates both keys if there are none, and writes their public halves into the log.
///
/// An interrupted first start leaves keys without a log; they are used then, since they have signed nothing yet.
pub(crate) fn create(
    disk: &dyn Disk,
    layout: &Layout,
    origin: &str,
) -> Result<Keys, RecorderError> {
    let name = KeyName::new(origin).map_err(|_| RecorderError::Origin)?;
    disk.make_dir(&layout.keys()).at("make", &layout.keys())?;
    let path = layout.log_key();
    if disk::read_if_there(disk, &path)
        .at("read", &path)?
        .is_none()
    {
        let signer = NoteSigner::generate(name).map_err(|_| RecorderError::Internal)?;
        let line = Zeroizing::new(format!("{}\n", *signer.to_skey()));
        disk::replace(disk, &path, line.as_bytes()).at("write", &path)?;
    }
    let path = layout.acknowledgement_key();
    if disk::read_if_there(disk, &path)
        .at("read", &path)?
        .is_none()
    {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed).map_err(|_| RecorderError::Internal)?;
        let line = Zeroizing::new(format!("{}\n", BASE64_STANDARD.encode(*seed)));
        disk::replace(disk, &path, line.as_bytes()).at("write", &path)?;
    }
    disk.sync_dir(&layout.keys()).at("sync", &layout.keys())?;
    let keys = read_private(disk, layout)?;
    if keys.origin != origin {
        return Err(wrong(
            &layout.log_key(),
            "it belongs to a log of another name",
        ));
    }
    let (vkey, public) = (layout.vkey(), layout.acknowledgement_public());
    disk::replace(disk, &vkey, format!("{}\n", keys.log.verifier()).as_bytes())
        .at("write", &vkey)?;
    let text = format!(
        "{}\n",
        BASE64_STANDARD.encode(keys.acknowledgement.public())
    );
    disk::replace(disk, &public, text.as_bytes()).at("write", &public)?;
    disk.sync_dir(&layout.log()).at("sync", &layout.log())?;
    Ok(keys)
}

/// Reads both keys and compares them with their public halves.
pub(crate) fn open(disk: &dyn Disk, layout: &Layout) -> Result<Keys, RecorderError> {
    let keys = read_private(disk, layout)?;
    let public = read_public(disk, layout)?;
    if *keys.log.verifier() != public.log {
        return Err(wrong(
            &layout.log_key(),
            "its public half is not the one in log/vkey",
        ));
    }
    if keys.acknowledgement.public() != public.acknowledgement {
        let what = "its public half is not the one in log/acknowledgement.pub";
        return Err(wrong(&layout.acknowledgement_key(), what));
    }
    Ok(keys)
}

/// The public halves, from the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PublicKeys {
    pub(crate) log: NoteVerifier,
    pub(crate) acknowledgement: [u8; 32],
}

pub(crate) fn read_public(disk: &dyn Disk, layout: &Layout) -> Result<PublicKeys, RecorderError> {
    let path = layout.vkey();
    let log = line(disk, &path)?
        .parse()
        .map_err(|_| wrong(&path, "it is not a vkey"))?;
    let path = layout.acknowledgement_public();
    let bytes = BASE64_STANDARD.decode(line(disk, &path)?.as_bytes()).ok();
    let acknowledgement = bytes.and_then(|bytes| bytes.try_into().ok());
    let acknowledgement =
        acknowledgement.ok_or_else(|| wrong(&path, "it is not 32 bytes in base64"))?;
    Ok(PublicKeys {
        log,
        acknowledgement,
    })
}

fn read_private(disk: &dyn Disk, layout: &Layout) -> Result<Keys, RecorderError> {
    let path = layout.log_key();
    let log = NoteSigner::from_skey(&line(disk, &path)?)
        .map_err(|_| wrong(&path, "it is not a signing key"))?;
    let origin = log.verifier().name().as_str().to_owned();
    let path = layout.acknowledgement_key();
    let seed = BASE64_STANDARD
        .decode(line(disk, &path)?.as_bytes())
        .map(Zeroizing::new)
        .ok();
    let acknowledgement = seed.and_then(|seed| AcknowledgementKey::from_seed(&seed));
    let acknowledgement = acknowledgement.ok_or_else(|| wrong(&path, "it is not a key"))?;
    Ok(Keys {
        origin,
        log,
        acknowledgement,
    })
}

fn line(disk: &dyn Disk, path: &Path) -> Result<Zeroizing<String>, RecorderError> {
    let bytes = Zeroizing::new(disk.read(path).at("read", path)?);
    let text = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.strip_suffix('\n'));
    let text = text.ok_or_else(|| wrong(path, "it is not one line of text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn wrong(path: &Path, what: &'static str) -> RecorderError {
    RecorderError::Key {
        path: path.to_owned(),
        what,
    }
}
