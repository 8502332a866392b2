//! The spellings of a value in a file.

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::SHORTEST;

/// A value as text, in UTF-16, in hex, in base64.
pub(super) fn spellings(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex = HEXLOWER.encode(value.as_bytes()).into_bytes();
    let plain = value.as_bytes().to_vec();
    let all = [plain, utf16, hex].into_iter();
    all.chain(base64(value.as_bytes()))
        .map(Zeroizing::new)
        .collect()
}

/// The part of a value's base64 text that is the same wherever in a longer text the value begins.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let shifted = (0..3_usize).filter_map(|shift| {
        let padded = [vec![0; shift], value.to_vec()].concat();
        let text = STANDARD_NO_PAD.encode(padded);
        // Letters at both ends contain bits of the neighbouring bytes.
        let from = (shift * 8).div_ceil(6);
        let until = ((shift + value.len()) * 8) / 6;
        text.as_bytes().get(from..until).map(<[u8]>::to_vec)
    });
    shifted.filter(|text| text.len() >= SHORTEST + 2).collect()
}
