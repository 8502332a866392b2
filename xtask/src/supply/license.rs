//! Licence expressions (SPDX 2.3, annex D): `AND`, `OR`, brackets; the old `/` counts as `OR`.

use std::iter::Peekable;

/// Whether `expression` can be met with licences for which `is_allowed` holds. One that cannot be read is not met.
pub(super) fn is_met(expression: &str, is_allowed: impl Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        // An exception belongs to its licence: one word for the rest of the reading.
        .replace(" WITH ", "\u{1}");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, &is_allowed) == Some(true) && words.next().is_none()
}

fn either<'w>(
    words: &mut Peekable<impl Iterator<Item = &'w str>>,
    is_allowed: &impl Fn(&str) -> bool,
) -> Option<bool> {
    let mut met = both(words, is_allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, is_allowed)?;
    }
    Some(met)
}

fn both<'w>(
    words: &mut Peekable<impl Iterator<Item = &'w str>>,
    is_allowed: &impl Fn(&str) -> bool,
) -> Option<bool> {
    let mut met = one(words, is_allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, is_allowed)?;
    }
    Some(met)
}

fn one<'w>(
    words: &mut Peekable<impl Iterator<Item = &'w str>>,
    is_allowed: &impl Fn(&str) -> bool,
) -> Option<bool> {
    match words.next()? {
        "(" => {
            let met = either(words, is_allowed)?;
            words.next_if_eq(&")")?;
            Some(met)
        }
        ")" | "AND" | "OR" => None,
        licence => Some(is_allowed(&licence.replace('\u{1}', " WITH "))),
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    fn met(expression: &str) -> bool {
        is_met(expression, |licence| {
            ["MIT", "ISC", "X WITH Y"].contains(&licence)
        })
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(met("MIT"));
        assert!(met("GPL-3.0 OR MIT"));
        assert!(met("GPL-3.0/MIT"));
        assert!(!met("GPL-3.0"));
    }

    #[test]
    fn all_parts_of_a_conjunction_are_needed() {
        assert!(met("ISC AND (GPL-3.0 OR ISC) AND MIT"));
        assert!(!met("ISC AND GPL-3.0"));
        assert!(met("GPL-3.0 AND GPL-2.0 OR MIT"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(met("X WITH Y"));
        assert!(!met("MIT WITH Y"));
    }

    #[test]
    fn what_cannot_be_read_is_not_met() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT MIT"] {
            assert!(!met(broken), "{broken}");
        }
    }
}
