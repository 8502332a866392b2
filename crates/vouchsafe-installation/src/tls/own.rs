//! The certificate that an installation creates if none is configured.

use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};

use super::error::{TlsError, read};
use crate::files;

/// Its validity: the most that browsers accept from an authority of the public web.
const DAYS: i32 = 397;

/// Certificate and key in `folder`, created by the first start. A certificate that was removed is created again with
/// the existing key: this renews it.
pub(super) fn own(
    folder: &Path,
    names: &[String],
    now: Timestamp,
) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    match (certificate.exists(), key.exists()) {
        (true, true) => return Ok((certificate, key)),
        (true, false) => return Err(TlsError::KeyLost { key, certificate }),
        (false, _) => {}
    }
    let pair = match key.exists() {
        true => {
            let pem = String::from_utf8(read(&key)?).unwrap_or_default();
            KeyPair::from_pem(&pem).map_err(|_| TlsError::NotPem {
                path: key.clone(),
                what: "a private key",
            })?
        }
        false => {
            let pair = KeyPair::generate().map_err(|_| TlsError::CannotMake)?;
            files::write_secret(&key, pair.serialize_pem().as_bytes())
                .map_err(|error| unwritable(&key, &error))?;
            pair
        }
    };
    let made = params(names, now)
        .and_then(|params| params.self_signed(&pair).ok())
        .ok_or(TlsError::CannotMake)?;
    // Under another name first: an interrupted start leaves no half of it.
    let next = folder.join("certificate.pem.new");
    std::fs::write(&next, made.pem())
        .and_then(|()| std::fs::rename(&next, &certificate))
        .map_err(|error| unwritable(&certificate, &error))?;
    Ok((certificate, key))
}

fn unwritable(path: &Path, error: &io::Error) -> TlsError {
    TlsError::Unwritable {
        path: path.to_owned(),
        kind: error.kind(),
    }
}

fn params(names: &[String], now: Timestamp) -> Option<CertificateParams> {
    // Valid from yesterday: clients' clocks may be behind.
    let from = TimeZone::UTC.to_datetime(now).date().yesterday().ok()?;
    let until = from.checked_add(DAYS.days()).ok()?;
    let mut params = CertificateParams::new(names.to_vec()).ok()?;
    // Midnight (UTC) of a day, in the library's type.
    let midnight = |day: Date| {
        let (month, of_month) = (u8::try_from(day.month()), u8::try_from(day.day()));
        Some(rcgen::date_time_ymd(
            i32::from(day.year()),
            month.ok()?,
            of_month.ok()?,
        ))
    };
    params.not_before = midnight(from)?;
    params.not_after = midnight(until)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Vouchsafe");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Some(params)
}
