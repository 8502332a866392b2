//! Check digits, so that values are valid in form.

use crate::random::{Random, digit};

/// The digits with the check digit of Luhn behind them.
pub(crate) fn with_luhn(digits: &str) -> String {
    let sum = luhn_sum(&format!("{digits}0"));
    format!("{digits}{}", digit((10 - sum % 10) % 10))
}

/// The sum of Luhn: a multiple of 10 where the digits are right.
pub(crate) fn luhn_sum(digits: &str) -> usize {
    let values = digits
        .bytes()
        .rev()
        .filter(u8::is_ascii_digit)
        .map(|byte| usize::from(byte - b'0'));
    values
        .enumerate()
        .map(|(at, value)| {
            if at % 2 == 0 {
                value
            } else {
                value * 2 / 10 + value * 2 % 10
            }
        })
        .sum()
}

/// A National Provider Identifier: Luhn over the prefix 80840 and its digits.
pub(crate) fn npi(random: &mut Random) -> String {
    let digits = format!("{}{}", 1 + random.below(2), random.shape("########"));
    with_luhn(&format!("80840{digits}"))
        .chars()
        .skip(5)
        .collect()
}

/// A vehicle identification number with the check digit at its ninth place.
pub(crate) fn vin(random: &mut Random) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    const MAKERS: [&str; 12] = [
        "1HG", "1FT", "1G1", "2T1", "3VW", "4T1", "5YJ", "JTD", "KMH", "WBA", "WDD", "JN1",
    ];
    let mut signs: Vec<char> = random.pick(&MAKERS).chars().collect();
    while signs.len() < 13 {
        let at = random.below(SIGNS.len());
        signs.push(SIGNS.get(at).copied().map_or('A', char::from));
    }
    signs.extend(random.shape("####").chars());
    let rest = vin_sum(
        &signs
            .iter()
            .enumerate()
            .map(|(at, &sign)| if at == 8 { '0' } else { sign })
            .collect::<String>(),
    ) % 11;
    let check = if rest == 10 { 'X' } else { digit(rest) };
    signs
        .iter()
        .enumerate()
        .map(|(at, &sign)| if at == 8 { check } else { sign })
        .collect()
}

/// The weighted sum of a vehicle identification number.
pub(crate) fn vin_sum(vin: &str) -> usize {
    const WEIGHTS: [usize; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |sign: char| match sign {
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        other => usize::try_from(other.to_digit(10).unwrap_or(0)).unwrap_or(0),
    };
    vin.chars()
        .zip(WEIGHTS)
        .map(|(sign, weight)| value(sign) * weight)
        .sum()
}

/// A DEA number: two letters and seven digits, the last of which is their check digit.
pub(crate) fn dea(random: &mut Random) -> String {
    let digits = random.shape("######");
    let value = |at: usize| {
        digits
            .as_bytes()
            .get(at)
            .map_or(0, |byte| usize::from(byte - b'0'))
    };
    let sum = value(0) + value(2) + value(4) + 2 * (value(1) + value(3) + value(5));
    format!(
        "{}{}{digits}{}",
        random.pick(&["A", "B", "F", "M"]),
        random.shape("^"),
        digit(sum % 10)
    )
}

/// A routing number of a bank in the United States.
pub(crate) fn routing(random: &mut Random) -> String {
    let start = if random.percent(50) {
        random.between(1, 12)
    } else {
        random.between(21, 32)
    };
    let digits = format!("{start:02}{}", random.shape("######"));
    let value = |at: usize| {
        digits
            .as_bytes()
            .get(at)
            .map_or(0, |byte| usize::from(byte - b'0'))
    };
    let sum = 3 * (value(0) + value(3) + value(6))
        + 7 * (value(1) + value(4) + value(7))
        + value(2)
        + value(5);
    format!("{digits}{}", digit((10 - sum % 10) % 10))
}

/// An IBAN of a few countries.
pub(crate) fn iban(random: &mut Random) -> String {
    const COUNTRIES: [(&str, &str); 6] = [
        ("DE", "##################"),
        ("GB", "^^^^##############"),
        ("NL", "^^^^##########"),
        ("FR", "#######################"),
        ("ES", "####################"),
        ("AT", "################"),
    ];
    let (country, shape) = COUNTRIES
        .get(random.below(COUNTRIES.len()))
        .copied()
        .unwrap_or(("DE", "##################"));
    let account = random.shape(shape);
    let check = 98 - iban_rest(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

/// The rest by 97 of an IBAN whose first four signs stand at its end: 1 where it is right.
pub(crate) fn iban_rest(turned: &str) -> u32 {
    turned.chars().fold(0, |rest, sign| {
        let value = sign.to_digit(36).unwrap_or(0);
        if value < 10 {
            (rest * 10 + value) % 97
        } else {
            (rest * 100 + value) % 97
        }
    })
}

/// A Medicare Beneficiary Identifier.
pub(crate) fn mbi(random: &mut Random) -> String {
    const LETTERS: &[&str] = &[
        "A", "C", "D", "E", "F", "G", "H", "J", "K", "M", "N", "P", "Q", "R", "T", "U", "V", "W",
        "X", "Y",
    ];
    let mut mbi = String::new();
    for place in "1AMNAMNAANN".chars() {
        match place {
            '1' => mbi.push_str(&random.shape("%")),
            'N' => mbi.push_str(&random.shape("#")),
            'M' if random.percent(40) => mbi.push_str(&random.shape("#")),
            _ => mbi.push_str(random.pick(LETTERS)),
        }
    }
    mbi
}

/// A number of the National Health Service of England: its check digit by 11.
pub(crate) fn nhs(random: &mut Random) -> String {
    loop {
        let digits = random.shape("4########");
        let sum: usize = digits
            .bytes()
            .zip((2..=10).rev())
            .map(|(byte, weight)| usize::from(byte - b'0') * weight)
            .sum();
        match 11 - sum % 11 {
            10 => {}
            11 => return format!("{digits}0"),
            check => return format!("{digits}{}", digit(check)),
        }
    }
}

/// A taxpayer number of Brazil, with its two check digits.
pub(crate) fn cpf(random: &mut Random) -> String {
    let mut digits = random.shape("#########");
    for _ in 0..2 {
        let weights = (2..=digits.len() + 1).rev();
        let sum: usize = digits
            .bytes()
            .zip(weights)
            .map(|(byte, weight)| usize::from(byte - b'0') * weight)
            .sum();
        digits.push(digit(if sum % 11 < 2 { 0 } else { 11 - sum % 11 }));
    }
    digits
}

/// A trade item number of 14 digits.
pub(crate) fn gtin(random: &mut Random) -> String {
    let digits = random.shape("00%##########");
    let sum: usize = digits
        .bytes()
        .enumerate()
        .map(|(at, byte)| usize::from(byte - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{digits}{}", digit((10 - sum % 10) % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_have_the_check_digits_that_are_made_here() {
        assert_eq!(with_luhn("411111111111111"), "4111111111111111");
        assert_eq!(luhn_sum("808401234567893") % 10, 0);
        assert_eq!(iban_rest("370400440532013000DE89"), 1);
        assert_eq!(
            vin_sum("1M8GDM9A_KP042788".replace('_', "0").as_str()) % 11,
            10
        );
    }

    #[test]
    fn made_values_pass_their_checks() {
        let mut random = Random::new(3, &[]);
        for _ in 0..500 {
            assert_eq!(luhn_sum(&format!("80840{}", npi(&mut random))) % 10, 0);
            let iban = iban(&mut random);
            let (start, rest) = iban.split_at(4);
            assert_eq!(iban_rest(&format!("{rest}{start}")), 1);
            let vin = vin(&mut random);
            let check = vin_sum(&vin) % 11;
            assert_eq!(
                vin.chars().nth(8),
                Some(if check == 10 { 'X' } else { digit(check) })
            );
            assert_eq!(
                (
                    vin.len(),
                    mbi(&mut random).len(),
                    nhs(&mut random).len(),
                    cpf(&mut random).len()
                ),
                (17, 11, 10, 11)
            );
            assert_eq!(
                (
                    routing(&mut random).len(),
                    gtin(&mut random).len(),
                    dea(&mut random).len()
                ),
                (9, 14, 9)
            );
        }
    }
}
