//! Evidence that strangers wrote: packs, leaves of the log, pages of a forge, registers, manifests, lock files, patches,
//! reports of tools, answers of a storage. What must hold of each is said where it is called.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouchsafe_evidence::fuzzing;
use vouchsafe_fuzz::{byte, edited};

// The first byte says what the others are; of some kinds, the second one says which.
fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    match byte(&mut rest) {
        b'p' => fuzzing::pack(|original| edited(original, rest)),
        b'e' => fuzzing::entry(rest),
        b'f' => fuzzing::page(rest),
        b't' => fuzzing::register(byte(&mut rest), rest),
        b'g' => fuzzing::settings(rest),
        b'y' => fuzzing::yaml(rest),
        b'l' => fuzzing::lock_file(byte(&mut rest), rest),
        b'd' => fuzzing::patches(rest),
        b'r' => fuzzing::report(byte(&mut rest), rest),
        b's' => fuzzing::storage(rest),
        _ => {}
    }
});
