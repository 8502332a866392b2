//! Settings, baselines and patterns of paths: heeded or refused, and nothing of them is told again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::{marked, no_echo};
use vouchsafe_scan::baseline::Baseline;
use vouchsafe_scan::settings::Settings;
use vouchsafe_scan::source::Glob;

fuzz_target!(|bytes: &[u8]| {
    let text = marked(bytes);
    match Baseline::read(&text) {
        Ok(baseline) => {
            let mut written = Vec::new();
            baseline.write(&mut written).expect("memory takes it");
            assert_eq!(Baseline::read(&written).expect("it was written"), baseline);
            assert_eq!(baseline.compare(&baseline).new, 0);
            no_echo(&format!("{baseline:?}"));
        }
        Err(error) => no_echo(&format!("{error} {error:?}")),
    }
    let Ok(text) = std::str::from_utf8(&text) else {
        return;
    };
    if let Err(error) = Glob::new(text) {
        no_echo(&format!("{error} {error:?}"));
    }
    match Settings::parse(text, jiff::civil::date(2026, 6, 15)) {
        Ok(settings) => {
            no_echo(&format!("{:?}", settings.patterns));
            no_echo(&format!("{:?}", settings.allowances));
            let line = text.as_bytes();
            let mut found = Vec::new();
            settings.patterns.find(line, &mut found);
            for finding in &found {
                assert!(finding.span.start < finding.span.end && finding.span.end <= line.len());
                settings.allowances.cover(b"a/b.log", line, finding);
            }
        }
        Err(error) => no_echo(&format!("{error} {error:?}")),
    }
});
