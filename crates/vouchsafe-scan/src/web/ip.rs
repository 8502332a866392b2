//! Addresses of machines: IP, and the hardware of network interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::bytes::{at, before, is_word, part, run_end};
use crate::digits;

/// The IP address that begins at a place: where it ends, and whether it can be a person's.
pub(crate) fn ip(text: &[u8], start: usize) -> Option<(usize, bool)> {
    ip4(text, start).or_else(|| ip6(text, start))
}

/// A dotted quad.
pub(crate) fn ip4(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let end = run_end(text, start, |byte| byte.is_ascii_digit() || byte == b'.');
    let end = if before(text, end) == b'.' && end > start {
        end - 1
    } else {
        end
    };
    let quad = part(text, start, end);
    if quad.len() > 15 || quad.iter().filter(|byte| **byte == b'.').count() != 3 {
        return None;
    }
    digits::read();
    let address: Ipv4Addr = std::str::from_utf8(quad).ok()?.parse().ok()?;
    let [a, b, ..] = address.octets();
    let own = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b));
    Some((end, !own))
}

/// An address of eight groups, or fewer with `::`.
pub(crate) fn ip6(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let end = run_end(text, start, |byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
    });
    let mut group = part(text, start, end);
    while matches!(group.last(), Some(b'.'))
        || (group.last() == Some(&b':') && !group.ends_with(b"::"))
    {
        group = part(group, 0, group.len() - 1);
    }
    let colons = group.iter().filter(|byte| **byte == b':').count();
    if !(3..=45).contains(&group.len()) || colons < 2 {
        return None;
    }
    // Eight groups have seven colons, or six where the last two are written as a dotted quad. Times have fewer.
    if colons < 6 && !group.windows(2).any(|two| two == b"::") {
        return None;
    }
    digits::read();
    let address: Ipv6Addr = std::str::from_utf8(group).ok()?.parse().ok()?;
    let public = match address.to_ipv4_mapped() {
        Some(inner) => ip4(inner.to_string().as_bytes(), 0).is_some_and(|(_, public)| public),
        None => matches!(address.segments().first(), Some(0x2000..=0x3fff)),
    };
    Some((start + group.len(), public))
}

/// Where the hardware address of a network interface that begins at a place ends.
pub(crate) fn mac(text: &[u8], start: usize) -> Option<usize> {
    let mark = at(text, start + 2);
    if !matches!(mark, b':' | b'-') {
        return None;
    }
    for pair in 0..6 {
        let place = start + pair * 3;
        let pair_sound =
            at(text, place).is_ascii_hexdigit() && at(text, place + 1).is_ascii_hexdigit();
        if !pair_sound || (pair < 5 && at(text, place + 2) != mark) {
            return None;
        }
    }
    let end = start + 17;
    let whole = part(text, start, end);
    digits::read();
    let dull = whole
        .iter()
        .filter(|byte| **byte != mark)
        .all(|byte| matches!(byte, b'0'))
        || whole
            .iter()
            .filter(|byte| **byte != mark)
            .all(|byte| matches!(byte, b'f' | b'F'));
    let bound = !is_word(at(text, end))
        && at(text, end) != mark
        && !is_word(before(text, start))
        && before(text, start) != mark;
    (bound && !dull).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_can_be_a_persons_are_public() {
        assert_eq!(ip(b"203.0.113.7:80", 0), Some((11, true)));
        assert_eq!(ip(b"10.1.2.3", 0), Some((8, false)));
        assert_eq!(ip(b"2001:db8::7 x", 0), Some((11, true)));
        assert_eq!(ip(b"fe80::1", 0), Some((7, false)));
        for text in ["1.2.3", "300.1.1.1", "12:30:45", "::", "1.2.3.4.5"] {
            assert!(
                ip(text.as_bytes(), 0).is_none_or(|(_, public)| !public),
                "{text}"
            );
        }
    }

    #[test]
    fn hardware_addresses_are_six_pairs() {
        assert_eq!(mac(b"3c:22:fb:4a:9e:01", 0), Some(17));
        assert_eq!(mac(b"00:00:00:00:00:00", 0), None);
        assert_eq!(mac(b"12:30:45", 0), None);
    }
}
