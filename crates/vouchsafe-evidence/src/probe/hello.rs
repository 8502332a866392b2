//! The first message of TLS, by hand: no library of today offers the old versions, so the bytes are written here.
//!
//! Nothing is encrypted and no handshake is finished: the server's first message says what it chose.

use super::suites::Version;

/// Groups and signatures that are offered: those of today and those of old servers.
const GROUPS: &[u16] = &[0x001D, 0x0017, 0x0018, 0x0019, 0x0100];
const SIGNATURES: &[u16] = &[
    0x0804, 0x0805, 0x0806, 0x0403, 0x0503, 0x0603, 0x0807, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
];
const X25519: u16 = 0x001D;

/// A `ClientHello` (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2) in a record.
///
/// `random` is sent as the random of the client, and as its share of a key that nobody has: every 32 bytes are a
/// public key of X25519.
pub(super) fn client_hello(
    version: Version,
    suites: &[u16],
    name: Option<&str>,
    random: [u8; 32],
) -> Vec<u8> {
    let mut hello = Vec::new();
    put16(&mut hello, version.wire().min(Version::Tls12.wire()));
    hello.extend(random);
    // TLS 1.3 in the clothes of 1.2 carries a session id (RFC 8446, appendix D.4).
    let session: &[u8] = if version == Version::Tls13 {
        &random
    } else {
        &[]
    };
    sized8(&mut hello, session);
    let mut list = Vec::new();
    suites.iter().for_each(|suite| put16(&mut list, *suite));
    if version != Version::Tls13 {
        // Renegotiation is signalled, which some servers insist on (RFC 5746).
        put16(&mut list, 0x00FF);
    }
    sized16(&mut hello, &list);
    sized8(&mut hello, &[0]);
    if version != Version::Ssl30 {
        sized16(&mut hello, &extensions(version, name, &random));
    }
    let mut message = vec![1, 0];
    put16(&mut message, u16::try_from(hello.len()).unwrap_or(u16::MAX));
    message.extend(hello);
    // The first record is of the oldest version that may be spoken.
    let mut record = vec![22];
    put16(&mut record, version.wire().min(Version::Tls10.wire()));
    sized16(&mut record, &message);
    record
}

fn extensions(version: Version, name: Option<&str>, share: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut extension = |kind: u16, content: &[u8]| {
        put16(&mut out, kind);
        sized16(&mut out, content);
    };
    if let Some(name) = name {
        let mut host = vec![0];
        sized16(&mut host, name.as_bytes());
        extension(0, &within16(&host));
    }
    extension(10, &within16(&wide(GROUPS)));
    extension(11, &[1, 0]);
    if version >= Version::Tls12 {
        extension(13, &within16(&wide(SIGNATURES)));
    }
    if version == Version::Tls13 {
        extension(43, &[2, 3, 4]);
        let mut entry = wide(&[X25519]);
        sized16(&mut entry, share);
        extension(51, &within16(&entry));
    }
    out
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

fn sized8(out: &mut Vec<u8>, content: &[u8]) {
    out.push(u8::try_from(content.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(content);
}

fn sized16(out: &mut Vec<u8>, content: &[u8]) {
    put16(out, u16::try_from(content.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(content);
}

fn within16(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sized16(&mut out, content);
    out
}

fn wide(numbers: &[u16]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}
