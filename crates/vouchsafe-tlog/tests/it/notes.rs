//! Keys, signed notes, checkpoints and cosignatures.

use crate::written::{name, signer};
use vouchsafe_tlog::{
    Checkpoint, CheckpointError, Cosigner, Hash, KeyError, KeyName, MAX_SIGNATURES, NoteError,
    NoteSigner, NoteVerifier, OpenError, PosixSeconds, SignatureKind, SignedNote, VerifyError,
    hash_leaf,
};

const ORIGIN: &str = "log.example/audit";

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 7, hash_leaf(b"root")).unwrap()
}

fn witness(number: u8) -> Cosigner {
    Cosigner::from_seed(name(&format!("witness.example/{number}")), &[number; 32]).unwrap()
}

#[test]
fn keys_read_back_from_their_text() {
    let signer = NoteSigner::generate(name("a.example")).unwrap();
    let again = NoteSigner::from_skey(&signer.to_skey()).unwrap();
    assert_eq!(again.verifier(), signer.verifier());
    let vkey = signer.verifier().to_string();
    assert_eq!(vkey.parse::<NoteVerifier>().as_ref(), Ok(signer.verifier()));
    assert!(vkey.starts_with(&format!("a.example+{}+A", signer.verifier().id())));

    let cosigner = Cosigner::generate(name("w.example")).unwrap();
    let again = Cosigner::from_skey(&cosigner.to_skey()).unwrap();
    assert_eq!(again.verifier(), cosigner.verifier());
    assert_eq!(cosigner.verifier().kind(), SignatureKind::CosignatureV1);
}

#[test]
fn a_cosigners_key_is_no_logs_key() {
    assert_eq!(
        NoteSigner::from_skey(&witness(2).to_skey()).err(),
        Some(KeyError::Kind)
    );
    assert_eq!(
        Cosigner::from_skey(&signer().to_skey()).err(),
        Some(KeyError::Kind)
    );
    let (log, twin) = (
        signer(),
        Cosigner::from_seed(name(ORIGIN), &[1; 32]).unwrap(),
    );
    assert_eq!(log.verifier().public_key(), twin.verifier().public_key());
    assert_ne!(log.verifier().id(), twin.verifier().id());
}

#[test]
fn nothing_private_is_printed() {
    let text = format!("{:?} {:?}", signer(), witness(2));
    assert!(
        !text.contains("PRIVATE") && !text.contains("AQEBAQ"),
        "{text}"
    );
    assert!(text.contains(&signer().verifier().to_string()), "{text}");
}

#[test]
fn names_that_break_a_line_are_refused() {
    for text in [
        "",
        "a b",
        "a+b",
        "a\nb",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\u{85}b",
        "a\u{0}b",
    ] {
        assert_eq!(KeyName::new(text), Err(KeyError::Name), "{text:?}");
    }
    KeyName::new("größe.example/ä").unwrap();
}

#[test]
fn a_note_carries_several_signatures_and_ignores_strangers() {
    let mut note = signer().sign("one\n\ntwo\n").unwrap();
    let second = NoteSigner::from_seed(name("second.example"), &[9; 32]).unwrap();
    note.add_signature(second.signature(note.text()).unwrap())
        .unwrap();
    let note = SignedNote::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(note.text(), "one\n\ntwo\n");
    let log = signer();
    let known = [log.verifier(), second.verifier()];
    let names = |known: &[&NoteVerifier]| {
        let verified = note.verify(known).unwrap();
        verified
            .into_iter()
            .map(|by| by.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&known), [ORIGIN, "second.example"]);
    assert_eq!(names(&known[1..]), ["second.example"]);
    assert_eq!(note.verify(&[]), Err(VerifyError::NoKnownKey));
    assert_eq!(
        note.verify(&[witness(2).verifier()]),
        Err(VerifyError::NoKnownKey)
    );
}

#[test]
fn one_wrong_known_signature_refuses_the_note() {
    let second = NoteSigner::from_seed(name("second.example"), &[9; 32]).unwrap();
    let mut note = signer().sign("text\n").unwrap();
    note.add_signature(second.signature("other text\n").unwrap())
        .unwrap();
    let log = signer();
    let known = [log.verifier(), second.verifier()];
    let wrong = VerifyError::BadSignature {
        name: name("second.example"),
    };
    assert_eq!(note.verify(&known), Err(wrong));
    note.verify(&known[..1]).unwrap();
    // The same when a good signature of that key came first.
    let mut note = second.sign("text\n").unwrap();
    note.add_signature(second.signature("other text\n").unwrap())
        .unwrap();
    note.verify(&known).unwrap_err();
}

#[test]
fn a_key_known_twice_is_ambiguous() {
    let (log, note) = (signer(), signer().sign("text\n").unwrap());
    let known = [log.verifier(), log.verifier()];
    let error = VerifyError::AmbiguousKey { name: name(ORIGIN) };
    assert_eq!(note.verify(&known), Err(error));
}

#[test]
fn what_no_note_can_hold_is_not_signed() {
    assert_eq!(signer().sign("no newline"), Err(NoteError::Text));
    assert_eq!(signer().sign(""), Err(NoteError::Text));
    assert_eq!(signer().sign("a\rb\n"), Err(NoteError::NotText));
    assert_eq!(
        signer().sign("a\n".repeat(500_000)),
        Err(NoteError::TooLong)
    );
    let mut note = signer().sign("text\n").unwrap();
    let signature = signer().signature("text\n").unwrap();
    for _ in 1..MAX_SIGNATURES {
        note.add_signature(signature.clone()).unwrap();
    }
    assert_eq!(
        note.add_signature(signature),
        Err(NoteError::TooManySignatures)
    );
    SignedNote::parse(note.to_string().as_bytes()).unwrap();
}

#[test]
fn a_checkpoint_reads_back_with_its_witnesses() {
    let mut note = checkpoint().sign(&signer()).unwrap();
    let at = PosixSeconds::new(1_795_478_400).unwrap();
    note.add_signature(witness(2).cosign(note.text(), at).unwrap())
        .unwrap();
    note.add_signature(witness(3).cosign(note.text(), at).unwrap())
        .unwrap();
    let bytes = note.to_string();
    let known = [witness(2).verifier().clone(), witness(4).verifier().clone()];
    let log = signer();
    let opened = Checkpoint::open(bytes.as_bytes(), ORIGIN, log.verifier(), &known).unwrap();
    assert_eq!(opened.checkpoint, checkpoint());
    assert_eq!(opened.cosigned.len(), 1);
    assert_eq!(opened.cosigned[0].name.as_str(), "witness.example/2");
    assert_eq!(opened.cosigned[0].at, Some(at));
}

#[test]
fn a_checkpoint_opens_for_its_own_log_only() {
    let note = checkpoint().sign(&signer()).unwrap().to_string();
    let log = signer();
    let open = |origin| Checkpoint::open(note.as_bytes(), origin, log.verifier(), &[]);
    assert_eq!(open("other.example").err(), Some(OpenError::Origin));
    open(ORIGIN).unwrap();

    // Cosigned by a known witness, but not signed by the log.
    let mut cosigned = witness(2);
    let at = PosixSeconds::new(1).unwrap();
    let text = checkpoint().to_string();
    let note = SignedNote::new(text.clone(), cosigned.cosign(&text, at).unwrap()).unwrap();
    let known = [cosigned.verifier().clone()];
    let result = Checkpoint::open(note.to_string().as_bytes(), ORIGIN, log.verifier(), &known);
    assert_eq!(result, Err(OpenError::NotByLog));

    // With the time moved by a second.
    cosigned = witness(3);
    let mut note = checkpoint().sign(&log).unwrap();
    let line = cosigned.cosign(&text, at).unwrap().to_string();
    let moved = line.replace("AAAAAAAAAAE", "AAAAAAAAAAI");
    let moved = if moved == line {
        tamper_time(&line)
    } else {
        moved
    };
    note.add_signature(vouchsafe_tlog::NoteSignature::parse(&moved).unwrap())
        .unwrap();
    let known = [cosigned.verifier().clone()];
    let result = Checkpoint::open(note.to_string().as_bytes(), ORIGIN, log.verifier(), &known);
    assert!(matches!(
        result,
        Err(OpenError::Signature(VerifyError::BadSignature { .. }))
    ));
}

/// The signature line with its last time byte changed.
fn tamper_time(line: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (start, signature) = line.rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(signature).unwrap();
    bytes[11] ^= 1;
    format!("{start} {}", STANDARD.encode(bytes))
}

#[test]
fn only_checkpoints_are_cosigned() {
    let at = PosixSeconds::new(0).unwrap();
    assert_eq!(witness(2).cosign("any text\n", at), Err(NoteError::Text));
    assert_eq!(PosixSeconds::new(1 << 63), None);
}

#[test]
fn a_checkpoint_changed_into_nonsense_is_not_signed() {
    let mut changed = checkpoint();
    changed.origin = "two\nlines".to_owned();
    assert_eq!(changed.sign(&signer()), Err(NoteError::Text));
    let mut changed = checkpoint();
    assert_eq!(changed.push_extension(""), Err(CheckpointError::Extension));
    changed.push_extension("heartbeat 1").unwrap();
    let text = changed.to_string();
    assert_eq!(Checkpoint::parse(&text), Ok(changed));
    assert_eq!(
        Checkpoint::new("", 0, Hash::empty_root()),
        Err(CheckpointError::Origin)
    );
}
