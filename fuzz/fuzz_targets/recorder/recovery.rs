//! The write-ahead log after a power cut or damage: nothing acknowledged is lost, nothing else is found.
#![no_main]
#![allow(
    dead_code,
    reason = "the recorder's own modules, of which this is one use"
)]

#[rustfmt::skip]
#[path = "../../../crates/vouchsafe-ledger/src/disk.rs"]
mod disk;
#[path = "../../../crates/vouchsafe-ledger/src/error.rs"]
mod error;
#[path = "../../../crates/vouchsafe-ledger/src/leaf.rs"]
mod leaf;
#[path = "../../../crates/vouchsafe-ledger/src/octets.rs"]
mod octets;
mod power;
#[rustfmt::skip]
mod wal;
#[rustfmt::skip]
#[path = "../../../crates/vouchsafe-ledger/src/wire.rs"]
mod wire;

use std::sync::Arc;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use power::sim::SimDisk;
use uuid::Uuid;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe_fuzz::{byte, edited, short};
use vouchsafe_tlog::{Frontier, hash_leaf};
use wal::frame::{self, Found, Stored};
use wal::recover::recover;
use wal::{Place, Wal};

type Leaves = Vec<Vec<u8>>;

// Any bytes as a segment; then a log that is written, harmed and recovered as the bytes say.
fuzz_target!(|bytes: &[u8]| {
    any_segment(bytes);
    let mut input = bytes;
    let disk = SimDisk::default();
    let mut wal = Wal::begin(place(&disk), time(0)).unwrap();
    let (mut attempted, mut ends) = (Leaves::new(), vec![0]);
    let cut = byte(&mut input) % 2 == 1;
    let batches = byte(&mut input) % 12 + 1;
    if cut {
        disk.fail_after(u64::from(byte(&mut input)) + 1);
    }
    for _ in 0..batches {
        if commit(&mut wal, &mut attempted, &mut input).is_err() {
            break;
        }
        ends.push(attempted.len());
    }
    let acknowledged = *ends.last().unwrap();
    let checkpoint = ends[usize::from(byte(&mut input)) % ends.len()];
    let disk = if cut {
        disk.after_power_cut(u64::from(short(&mut input)) + 1)
    } else {
        disk
    };
    let harmed = !cut && harm(&disk, &mut input);
    match found(&disk, &attempted, checkpoint) {
        // A last batch whose sectors became zeros looks like one that was never written whole.
        Some(count) => assert!(harmed || count >= acknowledged, "a batch is lost"),
        None => assert!(harmed, "a log that a power cut left does not open"),
    }
});

fn place(disk: &SimDisk) -> Place {
    Place {
        disk: Arc::new(disk.clone()),
        folder: "wal".into(),
        origin: [3; 32],
        segment_bytes: 16 << 10,
    }
}

fn time(second: usize) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(second).unwrap()).unwrap()
}

fn commit(wal: &mut Wal, attempted: &mut Leaves, input: &mut &[u8]) -> Result<(), ()> {
    let first = attempted.len();
    for _ in 0..=byte(input) % 6 {
        let (letter, length) = (byte(input) % 26 + b'a', usize::from(byte(input)) * 6 + 1);
        attempted.push(vec![letter; length]);
    }
    let source = Source {
        replica: Uuid::from_u128(1),
        boot: Uuid::from_u128(2),
    };
    let all = attempted.iter().enumerate().skip(first);
    let entries: Vec<_> = all
        .map(|(index, leaf)| Stored {
            kind: EntryKind::Event,
            source,
            counter: index as u64 + 1,
            time: time(index),
            leaf,
        })
        .collect();
    let hashes: Vec<_> = entries.iter().map(|entry| hash_leaf(entry.leaf)).collect();
    let committed = wal.commit(time(attempted.len()), &entries, &hashes);
    committed.map(|_| ()).map_err(|_| ())
}

/// Edits one file of the log; says whether it changed.
fn harm(disk: &SimDisk, input: &mut &[u8]) -> bool {
    let files = disk.files();
    let path = &files[usize::from(byte(input)) % files.len()];
    let mut changed = false;
    disk.tamper(path, |content| {
        let after = edited(content, input);
        changed = after != *content;
        *content = after;
    });
    changed
}

/// How many entries recovery finds, the first of those attempted; none when it refuses. What it opens goes on.
fn found(disk: &SimDisk, attempted: &[Vec<u8>], checkpoint: usize) -> Option<usize> {
    let mut at_checkpoint = Frontier::new();
    attempted[..checkpoint]
        .iter()
        .for_each(|leaf| at_checkpoint.push(hash_leaf(leaf)));
    let mut leaves = Leaves::new();
    let mut visit = |frame: &frame::Frame<'_>| {
        leaves.extend(frame.entries.iter().map(|entry| entry.leaf.to_vec()));
    };
    let recovered = recover(&place(disk), &at_checkpoint, &mut visit).ok()?;
    let count = leaves.len();
    assert_eq!(recovered.size(), count as u64);
    assert_eq!(leaves, attempted[..count], "entries that nobody wrote");
    assert!(count >= checkpoint);
    let mut wal = recovered
        .open(place(disk))
        .expect("what is recovered opens");
    commit(&mut wal, &mut leaves, &mut &[3, 5][..]).expect("what opens goes on");
    let mut again = 0;
    recover(&place(disk), &at_checkpoint, |frame| {
        again += frame.entries.len()
    })
    .expect("what goes on is recovered again");
    assert_eq!(again, leaves.len());
    Some(count)
}

/// Bytes as they lie in a segment, and with the checksums put right that no fuzzer guesses.
fn any_segment(bytes: &[u8]) {
    const HEAD: usize = 112;
    let _ = wal::segment::SegmentHead::decode(bytes);
    let _ = frame::find(bytes, 1);
    if bytes.len() < HEAD {
        return;
    }
    let mut right = bytes.to_vec();
    let length = u32::try_from(bytes.len() - HEAD).unwrap();
    right[..4].copy_from_slice(b"VLF1");
    right[8..16].copy_from_slice(&1_u64.to_le_bytes());
    right[20..24].copy_from_slice(&length.to_le_bytes());
    let body = crc32c::crc32c(&right[HEAD..]);
    right[36..40].copy_from_slice(&body.to_le_bytes());
    let head = crc32c::crc32c(&right[8..HEAD]);
    right[4..8].copy_from_slice(&head.to_le_bytes());
    if let Found::Frame(read) = frame::find(&right, 1) {
        let again = frame::encode(&read.head, &read.entries);
        let Found::Frame(second) = frame::find(&again, 1) else {
            panic!("what is written is not read");
        };
        assert_eq!(second.head, read.head);
        let leaves = |frame: &frame::Frame<'_>| -> Vec<_> {
            let parts = |entry: &Stored<'_>| (entry.kind, entry.source, entry.counter, entry.time);
            frame
                .entries
                .iter()
                .map(|entry| (parts(entry), entry.leaf.to_vec()))
                .collect()
        };
        assert_eq!(leaves(&second), leaves(&read));
    }
}
