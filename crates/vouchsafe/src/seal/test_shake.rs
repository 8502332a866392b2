//! SHAKE128 (FIPS 202), for the accumulated vectors of XAES-256-GCM only.

const RATE: usize = 168;
const ROTATIONS: [u32; 24] = [
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
];
const LANES: [usize; 24] = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
];

/// Absorbs, then squeezes.
pub(super) struct Shake128 {
    state: [u64; 25],
    at: usize,
    squeezing: bool,
}

impl Shake128 {
    pub(super) const fn new() -> Self {
        Self {
            state: [0; 25],
            at: 0,
            squeezing: false,
        }
    }

    pub(super) fn absorb(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.xor(self.at, *byte);
            self.step();
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        if !self.squeezing {
            self.xor(self.at, 0x1f);
            self.xor(RATE - 1, 0x80);
            keccak_f(&mut self.state);
            self.at = 0;
            self.squeezing = true;
        }
        (0..len)
            .map(|_| {
                // The permutation runs when the next byte is requested, not when the last one was returned.
                if self.at == RATE {
                    keccak_f(&mut self.state);
                    self.at = 0;
                }
                let byte = self.state[self.at / 8].to_le_bytes()[self.at % 8];
                self.at += 1;
                byte
            })
            .collect()
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().unwrap()
    }

    fn xor(&mut self, at: usize, byte: u8) {
        self.state[at / 8] ^= u64::from(byte) << (8 * (at % 8));
    }

    fn step(&mut self) {
        self.at += 1;
        if self.at == RATE {
            keccak_f(&mut self.state);
            self.at = 0;
        }
    }
}

fn keccak_f(state: &mut [u64; 25]) {
    let mut lfsr = 1_u8;
    for _ in 0..24 {
        theta(state);
        // rho and pi
        let mut lane = state[1];
        for (to, rotation) in LANES.iter().zip(ROTATIONS) {
            lane = std::mem::replace(&mut state[*to], lane.rotate_left(rotation));
        }
        // chi
        for row in state.chunks_exact_mut(5) {
            let old = [row[0], row[1], row[2], row[3], row[4]];
            for x in 0..5 {
                row[x] ^= !old[(x + 1) % 5] & old[(x + 2) % 5];
            }
        }
        // iota: bits of the round constant come from an LFSR
        for j in 0..7 {
            if lfsr & 1 == 1 {
                state[0] ^= 1 << ((1 << j) - 1);
            }
            lfsr = (lfsr << 1) ^ (if lfsr >> 7 == 1 { 0x71 } else { 0 });
        }
    }
}

fn theta(state: &mut [u64; 25]) {
    let column = |x: usize| (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]);
    let c = [column(0), column(1), column(2), column(3), column(4)];
    for (i, lane) in state.iter_mut().enumerate() {
        let x = i % 5;
        *lane ^= c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1);
    }
}

#[test]
fn shake128_of_nothing_is_as_published() {
    let first: [u8; 4] = Shake128::new().array();
    assert_eq!(first, [0x7f, 0x9c, 0x2b, 0xa4]);
}
