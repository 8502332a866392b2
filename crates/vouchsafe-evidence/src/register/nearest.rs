//! The nearest known name.

/// The known name that a wrong one most probably stands for, when one is near enough to be it.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let limit = name.chars().count().div_ceil(3);
    known
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into another (optimal string
/// alignment).
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut earlier: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = cell(&last, j) + usize::from(a != b);
            let mut least = replaced.min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                least = least.min(cell(&earlier, j - 1) + 1);
            }
            row.push(least);
        }
        earlier = std::mem::replace(&mut last, row);
    }
    cell(&last, other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_its_name() {
        let known = ["criticality", "vendor", "covers", "effective"];
        let of = |name| nearest(name, known.into_iter());
        assert_eq!(of("critcality"), Some("criticality"));
        assert_eq!(of("vednor"), Some("vendor"));
        assert_eq!(of("Covers"), Some("covers"));
        assert_eq!(of("banana"), None);
    }

    #[test]
    fn distances_are_counted() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
