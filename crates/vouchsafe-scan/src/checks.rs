//! Checksums and forms of numbers.

use crate::digits as values;

/// The digits, without what separates them.
fn digits(text: &[u8]) -> impl DoubleEndedIterator<Item = u32> + '_ {
    values::read();
    text.iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| u32::from(byte - b'0'))
}

/// Luhn's sum (ISO/IEC 7812-1): payment cards, IMEI.
pub(crate) fn luhn(text: &[u8]) -> bool {
    luhn_sum(text, 0).is_multiple_of(10)
}

/// The number of a mobile device by its form: Luhn, and a type allocation code that was given out.
pub(crate) fn imei(text: &[u8]) -> bool {
    text.len() == 15 && {
        values::read();
        matches!(text.get(..2), Some(b"35" | b"86" | b"01")) && luhn(text)
    }
}

/// The check digit of a National Provider Identifier: Luhn over `80840` and the number (45 CFR 162.406).
pub(crate) fn npi(text: &[u8]) -> bool {
    text.len() == 10 && {
        values::read();
        matches!(text.first(), Some(b'1' | b'2')) && luhn_sum(text, 24).is_multiple_of(10)
    }
}

fn luhn_sum(text: &[u8], start: u32) -> u32 {
    digits(text)
        .rev()
        .enumerate()
        .fold(start, |sum, (place, digit)| {
            let weighted = if place % 2 == 1 { digit * 2 } else { digit };
            sum + weighted / 10 + weighted % 10
        })
}

/// Whether the first digits are those of an issuer of payment cards, for that length.
pub(crate) fn is_card(text: &[u8]) -> bool {
    let numbers: Vec<u32> = digits(text).collect();
    let lead = |count: usize| {
        numbers
            .iter()
            .take(count)
            .fold(0, |sum, digit| sum * 10 + digit)
    };
    let length = numbers.len();
    let issuer = match (lead(1), lead(2), lead(4)) {
        (4, _, _) => matches!(length, 13 | 16 | 19),
        (_, 51..=55, _) | (_, _, 2221..=2720) => length == 16,
        (_, 34 | 37, _) => length == 15,
        (_, 36 | 38 | 39, _) | (_, 30, _) => length == 14,
        (_, 65, _) | (_, 64, _) | (_, _, 6011 | 3528..=3589) => length == 16,
        (_, 62, _) => (16..=19).contains(&length),
        _ => false,
    };
    let first = numbers.first();
    issuer && numbers.iter().any(|digit| Some(digit) != first) && luhn(text)
}

/// An ABA routing transit number: nine digits with weights 3, 7, 1.
pub(crate) fn aba(text: &[u8]) -> bool {
    let sum: u32 = digits(text)
        .zip([3, 7, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    text.len() == 9 && sum > 0 && sum.is_multiple_of(10)
}

/// A social security number that can have been issued, or a taxpayer number in its form.
pub(crate) fn ssn(area: &[u8], group: &[u8], serial: &[u8]) -> bool {
    let is = |part: &[u8], length| part.len() == length && part.iter().all(u8::is_ascii_digit);
    is(area, 3) && is(group, 2) && is(serial, 4) && {
        values::read();
        area != b"000" && area != b"666" && group != b"00" && serial != b"0000"
    }
}

/// A Medicare Beneficiary Identifier by its form: eleven places, some of them letters without S, L, O, I, B, Z.
pub(crate) fn mbi(text: &[u8]) -> bool {
    let letter = |byte: u8| {
        byte.is_ascii_uppercase() && !matches!(byte, b'S' | b'L' | b'O' | b'I' | b'B' | b'Z')
    };
    let digit = |byte: u8| byte.is_ascii_digit();
    let places: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'-').collect();
    let &[a, b, c, d, e, f, g, h, i, j, k] = places.as_slice() else {
        return false;
    };
    digit(a)
        && letter(b)
        && (letter(c) || digit(c))
        && digit(d)
        && letter(e)
        && (letter(f) || digit(f))
        && digit(g)
        && letter(h)
        && letter(i)
        && digit(j)
        && digit(k)
        && {
            values::read();
            a != b'0'
        }
}

/// A vehicle identification number with its check digit (49 CFR 565.15).
pub(crate) fn vin(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    if text.len() != 17 {
        return false;
    }
    values::read();
    let mut sum = 0;
    for (&byte, weight) in text.iter().zip(WEIGHTS) {
        let Some(value) = vin_value(byte) else {
            return false;
        };
        sum += value * weight;
    }
    let check = match sum % 11 {
        10 => b'X',
        digit => b'0' + u8::try_from(digit).unwrap_or(0),
    };
    let letters = text
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    (2..=14).contains(&letters) && text.get(8) == Some(&check)
}

const fn vin_value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => (byte - b'0') as u32,
        b'A' | b'J' => 1,
        b'B' | b'K' | b'S' => 2,
        b'C' | b'L' | b'T' => 3,
        b'D' | b'M' | b'U' => 4,
        b'E' | b'N' | b'V' => 5,
        b'F' | b'W' => 6,
        b'G' | b'P' | b'X' => 7,
        b'H' | b'Y' => 8,
        b'R' | b'Z' => 9,
        _ => return None,
    })
}

/// Countries that have IBANs.
const IBAN_COUNTRIES: [&[u8]; 80] = [
    b"AD", b"AE", b"AL", b"AT", b"AZ", b"BA", b"BE", b"BG", b"BH", b"BI", b"BR", b"BY", b"CH",
    b"CR", b"CY", b"CZ", b"DE", b"DJ", b"DK", b"DO", b"EE", b"EG", b"ES", b"FI", b"FK", b"FO",
    b"FR", b"GB", b"GE", b"GI", b"GL", b"GR", b"GT", b"HR", b"HU", b"IE", b"IL", b"IQ", b"IS",
    b"IT", b"JO", b"KW", b"KZ", b"LB", b"LC", b"LI", b"LT", b"LU", b"LV", b"LY", b"MC", b"MD",
    b"ME", b"MK", b"MN", b"MR", b"MT", b"MU", b"NI", b"NL", b"NO", b"OM", b"PK", b"PL", b"PS",
    b"PT", b"QA", b"RO", b"RS", b"RU", b"SA", b"SC", b"SE", b"SI", b"SK", b"SM", b"TN", b"TR",
    b"UA", b"XK",
];

/// An International Bank Account Number: ISO 13616, the remainder by 97 is 1.
pub(crate) fn iban(text: &[u8]) -> bool {
    let [a, b, c, d, ..] = text else {
        return false;
    };
    let lead = a.is_ascii_uppercase() && b.is_ascii_uppercase();
    if !(lead && c.is_ascii_digit() && d.is_ascii_digit()) {
        return false;
    }
    values::read();
    let places: Vec<u8> = text.iter().copied().filter(|byte| *byte != b' ').collect();
    if !(15..=34).contains(&places.len()) {
        return false;
    }
    let (front, rest) = places.split_at(4);
    let country = front
        .get(..2)
        .is_some_and(|country| IBAN_COUNTRIES.contains(&country));
    let form = country
        && front.iter().take(2).all(u8::is_ascii_uppercase)
        && front.iter().skip(2).all(u8::is_ascii_digit);
    let mut remainder = 0_u32;
    for &byte in rest.iter().chain(front) {
        remainder = match byte {
            b'0'..=b'9' => remainder * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => remainder * 100 + u32::from(byte - b'A') + 10,
            _ => return false,
        } % 97;
    }
    form && remainder == 1
}

/// A registration number of the Drug Enforcement Administration: two letters, seven digits, the last a check.
pub(crate) fn dea(text: &[u8]) -> bool {
    let &[first, second, a, b, c, d, e, f, check] = text else {
        return false;
    };
    let numbers = [a, b, c, d, e, f, check];
    if first.is_ascii_uppercase() && second.is_ascii_digit() {
        values::read();
    }
    if !first.is_ascii_uppercase()
        || !(second.is_ascii_uppercase() || second == b'9')
        || !numbers.iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    values::read();
    let value = |byte: u8| u32::from(byte - b'0');
    let sum = value(a) + value(c) + value(e) + 2 * (value(b) + value(d) + value(f));
    sum % 10 == value(check)
}

/// A month, day and year that are possible; a year of two digits is one.
pub(crate) const fn date(year: u64, month: u64, day: u64) -> bool {
    month >= 1
        && month <= 12
        && day >= 1
        && day <= 31
        && (year < 100 || (year >= 1850 && year <= 2120))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_their_check_are_accepted_and_any_other_last_digit_is_not() {
        assert!(is_card(b"4111 1111 1111 1111") && !is_card(b"4111 1111 1111 1112"));
        assert!(is_card(b"378282246310005") && is_card(b"5555-5555-5555-4444"));
        assert!(!is_card(b"0000000000000000") && !is_card(b"1234567890123456"));
        assert!(npi(b"1234567893") && !npi(b"1234567890"));
        assert!(aba(b"021000021") && !aba(b"021000022") && !aba(b"000000000"));
        assert!(vin(b"1HGCM82633A004352") && !vin(b"1HGCM82633A004353"));
        assert!(iban(b"GB82 WEST 1234 5698 7654 32") && !iban(b"GB82 WEST 1234 5698 7654 33"));
        assert!(dea(b"AB1234563") && !dea(b"AB1234564"));
        assert!(mbi(b"1EG4-TE5-MK73") && mbi(b"1EG4TE5MK73") && !mbi(b"1SG4TE5MK73"));
    }

    #[test]
    fn areas_groups_and_serials_that_are_never_issued_are_no_social_security_number() {
        assert!(ssn(b"123", b"45", b"6789"));
        for (area, group, serial) in [
            (b"000", b"45", b"6789"),
            (b"666", b"45", b"6789"),
            (b"123", b"00", b"6789"),
            (b"123", b"45", b"0000"),
        ] {
            assert!(!ssn(area, group, serial));
        }
    }
}
