//! Numbers in database files, all of them big-endian.

/// A number of two bytes.
pub(super) fn short(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_be_bytes(*bytes)))
}

/// A number of four bytes.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

/// A number of one to nine bytes, with seven bits in each but the ninth, and what follows it.
pub(super) fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(8).enumerate() {
        number = number << 7 | u64::from(byte & 0x7f);
        if *byte < 0x80 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    let (last, rest) = bytes.get(8..)?.split_first()?;
    Some((number << 8 | u64::from(*last), rest))
}

/// A signed number of up to eight bytes.
pub(super) fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let start = if negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_numbers_have_one_to_nine_bytes() {
        let number = |bytes: &[u8]| variable(bytes).map(|(number, rest)| (number, rest.len()));
        assert_eq!(number(&[0x7f, 1]), Some((127, 1)));
        assert_eq!(number(&[0x81, 0x00]), Some((128, 0)));
        assert_eq!(number(&[0xff; 9]), Some((u64::MAX, 0)));
        assert_eq!(number(&[0xff; 8]), None);
        assert_eq!(number(&[]), None);
    }

    #[test]
    fn signed_numbers_keep_their_sign() {
        assert_eq!(signed(&[0xff, 0xfe]), -2);
        assert_eq!(signed(&[0x7f, 0xff, 0xff]), 8_388_607);
        assert_eq!(signed(&i64::MIN.to_be_bytes()), i64::MIN);
    }
}
