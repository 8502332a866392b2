//! Manifests of record versions: what is read is what would be written, and each slot stands once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouchsafe::document::Slot;
use vouchsafe::seal::Manifest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert_eq!(manifest.to_bytes(), bytes);
        let names: Vec<&str> = manifest.slots().map(|(slot, _)| slot.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b));
        for (slot, _) in manifest.slots() {
            assert!(manifest.has(slot.class()));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(slot) = text.parse::<Slot>()
    {
        assert_eq!(slot.name(), text);
        assert!(text.starts_with(slot.class().name()));
    }
});
