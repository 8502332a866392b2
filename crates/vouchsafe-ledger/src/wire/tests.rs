//! Frames are read back, and no bytes from the wire or the disk make a parser panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::sources::Sources;
use crate::wal::frame::{self, Found, Head, Stored};
use crate::wal::segment::SegmentHead;
use vouchsafe_tlog::Hash;

fn kinds() -> impl Strategy<Value = EntryKind> {
    let id = any::<u128>().prop_map(|id| IntentId::from_uuid(Uuid::from_u128(id)));
    prop_oneof![
        Just(EntryKind::Event),
        id.clone().prop_map(EntryKind::Intent),
        id.prop_map(EntryKind::Outcome),
    ]
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_000_i64).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn sources() -> impl Strategy<Value = Source> {
    any::<(u128, u128)>().prop_map(|(replica, boot)| Source {
        replica: Uuid::from_u128(replica),
        boot: Uuid::from_u128(boot),
    })
}

type Parts = (EntryKind, Source, u64, Timestamp, Vec<u8>);

fn entries() -> impl Strategy<Value = Vec<Parts>> {
    let leaf = vec(32..127_u8, 1..900);
    vec((kinds(), sources(), any::<u64>(), times(), leaf), 1..12)
}

fn heads() -> impl Strategy<Value = Head> {
    let parts = (
        any::<u64>(),
        0..1_u64 << 40,
        times(),
        any::<[u8; 32]>(),
        any::<[u8; 32]>(),
    );
    parts.prop_map(|(segment, first_index, recorded, previous, root)| Head {
        segment,
        goes_on: false,
        first_index,
        count: 0,
        recorded,
        previous: Hash::from_bytes(previous),
        root: Hash::from_bytes(root),
    })
}

fn acknowledgements() -> impl Strategy<Value = Acknowledgement> {
    let leaves = vec(any::<[u8; 32]>(), 0..20);
    let signature = any::<[u8; 32]>();
    let parts = ("[a-z./]{1,40}", any::<u64>(), times(), leaves, signature);
    parts.prop_map(
        |(origin, first_index, recorded, leaves, half)| Acknowledgement {
            origin,
            first_index,
            recorded,
            leaves,
            signature: [half, half].concat().try_into().unwrap(),
        },
    )
}

proptest! {
    #[test]
    fn an_append_reads_back(entries in entries(), request in any::<u64>(), rest in vec(any::<u8>(), 0..20)) {
        let mut out = Vec::new();
        let sent = entries.iter().map(|(kind, _, counter, time, bytes)| Entry {
            kind: *kind,
            time: *time,
            counter: *counter,
            bytes,
        });
        put_append(&mut out, request, sent);
        let length = out.len();
        for cut in [0, 3, 4, 12, length - 1] {
            prop_assert!(matches!(first_frame(&out[..cut]), Err(Framing::Incomplete(_))));
        }
        out.extend(rest);
        let (verb, found, body, used) = first_frame(&out).unwrap();
        prop_assert_eq!((verb, found, used), (APPEND, request, length));
        let Ok(Request::Append(read)) = Request::read(verb, body) else { panic!("not read") };
        prop_assert_eq!(read.len(), entries.len());
        for (read, (kind, _, counter, time, bytes)) in read.iter().zip(&entries) {
            prop_assert_eq!((&read.kind, &read.counter, &read.time), (kind, counter, time));
            prop_assert_eq!(read.bytes, bytes);
        }
    }

    #[test]
    fn an_acknowledgement_reads_back(
        sent in acknowledgements(),
        places in vec(any::<(u64, u32)>(), 0..9),
    ) {
        let place = |(request, position): &(u64, u32)| Placed { request: *request, position: *position };
        let places: Vec<_> = places.iter().map(place).collect();
        let mut out = Vec::new();
        put_committed(&mut out, &sent, &places);
        let (verb, request, body, _) = first_frame(&out).unwrap();
        let Ok(Reply::Committed(read, placed)) = Reply::read(verb, request, body) else { panic!("not read") };
        prop_assert_eq!(placed, places);
        prop_assert_eq!((read.origin, read.first_index, read.recorded), (sent.origin, sent.first_index, sent.recorded));
        prop_assert_eq!((read.leaves, read.signature), (sent.leaves, sent.signature));
    }

    #[test]
    fn a_batch_reads_back_from_its_segment_and_a_changed_byte_is_noticed(
        entries in entries(),
        head in heads(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let stored: Vec<_> = entries.iter().map(|(kind, source, counter, time, leaf)| Stored {
            kind: *kind,
            source: *source,
            counter: *counter,
            time: *time,
            leaf,
        }).collect();
        let head = Head { count: u32::try_from(stored.len()).unwrap(), ..head };
        let mut bytes = frame::encode(&head, &stored);
        let length = bytes.len();
        prop_assert_eq!(length % frame::SECTOR, 0);
        // Zeros to the end of the segment, and to the end of the sector.
        bytes.resize(length + 2048, 0);
        let Found::Frame(found) = frame::find(&bytes, head.segment) else { panic!("not found") };
        prop_assert_eq!((&found.head, found.length), (&head, length));
        for (found, stored) in found.entries.iter().zip(&stored) {
            prop_assert_eq!((found.kind, found.source, found.counter), (stored.kind, stored.source, stored.counter));
            prop_assert_eq!((found.time, found.leaf), (stored.time, stored.leaf));
        }
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        bytes[place.index(used)] ^= flip;
        prop_assert!(matches!(frame::find(&bytes, head.segment), Found::Damaged));
        prop_assert!(matches!(frame::find(&bytes[..length], head.segment + 1), Found::Damaged));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..400), verb in any::<u8>()) {
        let _ = first_frame(&bytes);
        for verb in [verb, HELLO, APPEND, UNSETTLED, 0x81, 0x82, 0x83, 0x84] {
            let _ = Request::read(verb, &bytes);
            let _ = Reply::read(verb, 1, &bytes);
        }
        let _ = frame::find(&bytes, 0);
        let _ = SegmentHead::decode(&bytes);
        let _ = Sources::load(&bytes);
        let _ = crate::leaf::Leaf::read(&bytes);
        let _ = crate::leaf::said(&bytes);
    }

    /// Lengths and counts beyond the available bytes, with valid checksums around them.
    #[test]
    fn no_count_makes_a_parser_allocate_what_is_not_there(count in any::<u32>(), rest in vec(any::<u8>(), 0..64)) {
        let mut body = count.to_le_bytes().to_vec();
        body.extend(&rest);
        for verb in [APPEND, 0x83] {
            let _ = Request::read(verb, &body);
            let _ = Reply::read(verb, 1, &body);
        }
        let mut sources = vec![0; 40];
        sources.extend(&body);
        let mut bytes = b"VLB1".to_vec();
        bytes.extend(crc32c::crc32c(&sources).to_le_bytes());
        bytes.extend(sources);
        let _ = Sources::load(&bytes);
    }
}
