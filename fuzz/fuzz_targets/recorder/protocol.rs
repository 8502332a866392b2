//! The protocol between service and recorder: what is read is what would be sent, from either side.
#![no_main]
#![allow(
    dead_code,
    reason = "the recorder's own modules, of which this is one use"
)]

#[path = "../../../crates/vouchsafe-ledger/src/octets.rs"]
mod octets;
#[rustfmt::skip]
#[path = "../../../crates/vouchsafe-ledger/src/wire.rs"]
mod wire;

use libfuzzer_sys::fuzz_target;
use wire::{Framing, HEAD, HELLO, Reply, Request, first_frame};

// A stream of frames; or a verb and a body, which are put into a good frame.
fuzz_target!(|bytes: &[u8]| {
    stream(bytes);
    if let Some((verb, body)) = bytes.split_first() {
        let length = u32::try_from(body.len() + HEAD - 4).unwrap();
        let mut frame = length.to_le_bytes().to_vec();
        frame.push(*verb);
        frame.extend([0; 8]);
        frame.extend(body);
        stream(&frame);
    }
});

fn stream(mut bytes: &[u8]) {
    loop {
        match first_frame(bytes) {
            Ok((verb, request, body, used)) => {
                assert_eq!(used, HEAD + body.len());
                let (frame, rest) = bytes.split_at(used);
                from_service(verb, request, body, frame);
                from_recorder(verb, request, body, frame);
                bytes = rest;
            }
            Err(Framing::Incomplete(needed)) => return assert!(needed > bytes.len()),
            Err(Framing::Impossible) => return,
        }
    }
}

fn from_service(verb: u8, request: u64, body: &[u8], frame: &[u8]) {
    let mut out = Vec::new();
    match Request::read(verb, body) {
        Ok(Request::Hello {
            version,
            source,
            bundle,
        }) => {
            assert_eq!(verb, HELLO);
            if version != wire::VERSION {
                return;
            }
            wire::put_hello(&mut out, request, &source, bundle.as_ref());
        }
        Ok(Request::Append(entries)) => {
            assert!((1..=wire::MAX_ENTRIES).contains(&entries.len()));
            wire::put_append(&mut out, request, entries.into_iter());
        }
        Ok(Request::Unsettled) => wire::put_unsettled(&mut out, request),
        Err(_) => return,
    }
    assert_eq!(out, frame);
}

fn from_recorder(verb: u8, request: u64, body: &[u8], frame: &[u8]) {
    if let Ok(reply) = Reply::read(verb, request, body) {
        let mut out = Vec::new();
        reply.put(&mut out);
        // A batch answers many requests, so its own id means nothing.
        assert_eq!((out.len(), &out[4..5]), (frame.len(), &[verb][..]));
        assert_eq!(&out[HEAD..], body);
    }
}
