//! Seeded randomness: the same seed makes the same corpus on every machine.

/// A generator of the xoshiro256** family, seeded through SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator for a seed and the parts of a name: neighbours share nothing.
    pub(crate) fn new(seed: u64, parts: &[u64]) -> Self {
        let mut mixed = seed;
        for part in parts {
            mixed = split_mix(&mut mixed) ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
        let state = [(); 4].map(|()| split_mix(&mut mixed));
        Self { state }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number below `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.next()) * (end as u128);
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number between the two, both included.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = usize::try_from(most.saturating_sub(least).saturating_add(1)).unwrap_or(1);
        least.saturating_add(i64::try_from(self.below(width)).unwrap_or(0))
    }

    /// Whether something of this many percent happens.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items; an empty text where there are none.
    pub(crate) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let at = self.below(items.len());
        items.get(at).copied().unwrap_or_default()
    }

    /// One of the owned items; an empty text where there are none.
    pub(crate) fn pick_owned<'a>(&mut self, items: &'a [String]) -> &'a str {
        let at = self.below(items.len());
        items.get(at).map(String::as_str).unwrap_or_default()
    }

    /// Decimal digits, the first of which is no zero.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|at| {
                digit(if at == 0 {
                    1 + self.below(9)
                } else {
                    self.below(10)
                })
            })
            .collect()
    }

    /// A text of a shape: `#` a digit, `%` a digit but zero, `^` a capital, `~` a small letter, `&` and `!` a small and a
    /// capital digit of base 16, `?` a capital or digit, `*` any letter or digit; all else stands for itself.
    pub(crate) fn shape(&mut self, shape: &str) -> String {
        shape.chars().map(|sign| self.sign(sign)).collect()
    }

    /// A text of one of the shapes.
    pub(crate) fn shape_of(&mut self, shapes: &[&str]) -> String {
        let shape = self.pick(shapes);
        self.shape(shape)
    }

    fn sign(&mut self, sign: char) -> char {
        const CAPITALS: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
        const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        const ANY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let from: &[u8] = match sign {
            '#' => b"0123456789",
            '%' => b"123456789",
            '^' => CAPITALS,
            '~' => LOWER,
            '&' => b"0123456789abcdef",
            '!' => b"0123456789ABCDEF",
            '?' => UPPER,
            '*' => ANY,
            other => return other,
        };
        let at = self.below(from.len());
        from.get(at).copied().map_or(sign, char::from)
    }
}

/// The decimal digit of a number below 10.
pub(crate) fn digit(value: usize) -> char {
    u32::try_from(value)
        .ok()
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or('0')
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_numbers_and_another_makes_others() {
        let numbers = |seed, part| {
            let mut random = Random::new(seed, &[part]);
            [(); 8].map(|()| random.next())
        };
        assert_eq!(numbers(1, 2), numbers(1, 2));
        assert_ne!(numbers(1, 2), numbers(2, 2));
        assert_ne!(numbers(1, 2), numbers(1, 3));
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::new(7, &[]);
        let drawn: Vec<i64> = (0..1_000).map(|_| random.between(-2, 2)).collect();
        assert_eq!(
            (drawn.iter().min(), drawn.iter().max()),
            (Some(&-2), Some(&2))
        );
        assert_eq!(random.below(0), 0);
        assert_eq!(random.shape("AB-##").len(), 5);
    }
}
