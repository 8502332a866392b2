//! What the fuzz targets have in common.

/// Takes the front of a byte string off, up to a separator; all of it when there is none.
pub fn until<'a>(bytes: &mut &'a [u8], separator: u8) -> &'a [u8] {
    let end = bytes.iter().position(|byte| *byte == separator);
    let (front, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    *bytes = rest.get(1..).unwrap_or_default();
    front
}

/// Takes one byte off the front; zero when there is none.
pub fn byte(bytes: &mut &[u8]) -> u8 {
    match bytes.split_first() {
        Some((first, rest)) => {
            *bytes = rest;
            *first
        }
        None => 0,
    }
}

/// Takes an integer of two bytes off the front, as far as there are bytes.
pub fn short(bytes: &mut &[u8]) -> u16 {
    u16::from_be_bytes([byte(bytes), byte(bytes)])
}

/// The bytes as an attacker hands them on: each step of four bytes of the script flips bits of one,
/// cuts there, adds one, takes one out, or puts a byte in the place of all that follow.
pub fn edited(original: &[u8], script: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for step in script.chunks_exact(4) {
        let [what, high, low, value] = *step else {
            continue;
        };
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        match what % 5 {
            0 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= value),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, value),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            3 => {}
            _ => bytes.iter_mut().skip(at).for_each(|byte| *byte = value),
        }
    }
    bytes
}

/// Stands in an input for a value that must not be told again.
const MARK: &str = "@@";
/// The value; long and odd enough that no text of ours has it.
const VALUE: &str = "Zq7-canary";

/// The input with the value in it.
pub fn marked(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes)
        .replace(MARK, VALUE)
        .into_bytes()
}

/// Nothing of the value is in what is told, printed or logged.
pub fn no_echo(text: &str) {
    assert!(!text.contains(VALUE), "a submitted value is told again");
}
