//! Signed notes, checkpoints, keys: one spelling each, and only what a key signed verifies under it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::{edited, short};
use vouchsafe_tlog::{
    Checkpoint, Cosigner, Hash, KeyName, NoteSignature, NoteSigner, NoteVerifier, PosixSeconds,
    SignedNote,
};

const ORIGIN: &str = "log.example/fuzz";

/// A log and a witness whose keys sign nothing but what is signed here.
static KEYS: LazyLock<(NoteSigner, Cosigner)> = LazyLock::new(|| {
    let name = |text| KeyName::new(text).unwrap();
    let log = NoteSigner::from_seed(name(ORIGIN), &[77; 32]).unwrap();
    let witness = Cosigner::from_seed(name("witness.example"), &[78; 32]).unwrap();
    (log, witness)
});

fuzz_target!(|bytes: &[u8]| {
    one_spelling(bytes);
    let mut script = bytes;
    let (size, at) = (short(&mut script), short(&mut script));
    let (log, witness) = &*KEYS;
    let checkpoint = Checkpoint::new(ORIGIN, size.into(), Hash::from_bytes([5; 32])).unwrap();
    let mut note = checkpoint.sign(log).unwrap();
    let at = PosixSeconds::new(at.into()).unwrap();
    let cosignature = witness.cosign(note.text(), at).unwrap();
    note.add_signature(cosignature).unwrap();
    let bytes = note.to_string().into_bytes();
    let changed = edited(&bytes, script);
    let witnesses = [witness.verifier().clone()];
    match Checkpoint::open(&changed, ORIGIN, log.verifier(), &witnesses) {
        // Signatures of strangers may come and go; what was signed may not.
        Ok(opened) => {
            assert_eq!(opened.checkpoint, checkpoint);
            assert!(opened.cosigned.iter().all(|by| by.at == Some(at)));
        }
        Err(_) => assert_ne!(changed, bytes),
    }
});

fn one_spelling(bytes: &[u8]) {
    if let Ok(note) = SignedNote::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        assert!(
            note.verify(&[KEYS.0.verifier(), KEYS.1.verifier()])
                .is_err()
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
        let signed = checkpoint
            .sign(&KEYS.0)
            .expect("what is read can be signed");
        let bytes = signed.to_string();
        let known = KEYS.0.verifier();
        let opened = Checkpoint::open(bytes.as_bytes(), &checkpoint.origin, known, &[]);
        assert_eq!(opened.expect("what is signed opens").checkpoint, checkpoint);
    }
    if let Ok(signature) = NoteSignature::parse(text) {
        assert_eq!(signature.to_string(), text);
    }
    if let Ok(verifier) = text.parse::<NoteVerifier>() {
        assert_eq!(verifier.to_string(), text);
    }
    if let Ok(signer) = NoteSigner::from_skey(text) {
        assert_eq!(*signer.to_skey(), text);
    }
    if let Ok(cosigner) = Cosigner::from_skey(text) {
        assert_eq!(*cosigner.to_skey(), text);
    }
    if let Ok(name) = KeyName::new(text) {
        assert_eq!(name.as_str(), text);
    }
}
