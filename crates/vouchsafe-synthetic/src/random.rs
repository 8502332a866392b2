//! A small seeded generator.
//!
//! SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). For repeatable
//! demonstrations: anybody can predict its output.

use std::ops::RangeInclusive;

use uuid::Uuid;

/// The golden ratio in 64 bits, odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of numbers, determined by a seed and the stream's number.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self {
            state: mix(seed ^ mix(stream.wrapping_add(STEP))),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number of the range; its start if the range is empty.
    pub(crate) fn within(&mut self, range: RangeInclusive<i32>) -> i32 {
        let (first, last) = (*range.start(), *range.end());
        let count = i64::from(last) - i64::from(first) + 1;
        let count = u64::try_from(count).unwrap_or_default();
        let beyond_first = (u128::from(self.next()) * u128::from(count)) >> 64;
        i32::try_from(beyond_first).map_or(first, |offset| first.saturating_add(offset))
    }

    /// True with this percentage.
    pub(crate) fn percent(&mut self, of_hundred: i32) -> bool {
        self.within(1..=100) <= of_hundred
    }

    /// One of several.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        const { assert!(N > 0, "there is nothing to pick from") };
        let last = i32::try_from(N - 1).unwrap_or(i32::MAX);
        let at = usize::try_from(self.within(0..=last)).unwrap_or_default();
        #[expect(
            clippy::indexing_slicing,
            reason = "`at` is within 0..=N-1, and N is not zero"
        )]
        items[at]
    }

    /// This number of decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.digit()))
            .collect()
    }

    fn digit(&mut self) -> u8 {
        u8::try_from(self.within(0..=9)).unwrap_or_default()
    }

    /// A UUID in the form of version 4.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// A decimal number as text, from hundredths, with this many digits after the point (at most two).
    pub(crate) fn decimal(&mut self, hundredths: RangeInclusive<i32>, places: Places) -> String {
        let value = self.within(hundredths);
        let (whole, part) = (value / 100, value % 100);
        match places {
            Places::None => format!("{whole}"),
            Places::One => format!("{whole}.{}", part / 10),
            Places::Two => format!("{whole}.{part:02}"),
        }
    }
}

/// Number of digits after the point.
#[derive(Clone, Copy)]
pub(crate) enum Places {
    None,
    One,
    Two,
}

fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The first outputs of the published algorithm for the state 1234567.
        let mut random = Random { state: 1_234_567 };
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn numbers_stay_within_their_range_and_reach_its_ends() {
        let mut random = Random::new(1, 2);
        let numbers: Vec<i32> = (0..200).map(|_| random.within(-2..=2)).collect();
        assert_eq!(
            (numbers.iter().min(), numbers.iter().max()),
            (Some(&-2), Some(&2))
        );
        assert_eq!(random.within(7..=7), 7);
        assert!((0..50).all(|_| [1, 2, 3].contains(&random.pick(&[1, 2, 3]))));
    }

    #[test]
    fn decimals_keep_their_digits() {
        let mut random = Random::new(1, 2);
        assert_eq!(random.decimal(3660..=3660, Places::Two), "36.60");
        assert_eq!(random.decimal(3660..=3660, Places::One), "36.6");
        assert_eq!(random.decimal(3660..=3660, Places::None), "36");
        assert_eq!(random.uuid().get_version_num(), 4);
    }
}
