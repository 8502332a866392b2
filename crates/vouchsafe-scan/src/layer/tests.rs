use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// Keeps each write.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap()
            .push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }

    fn writes(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn maker(kept: &Kept) -> impl Fn() -> Kept + Send + Sync + 'static {
    let kept = kept.clone();
    move || kept.clone()
}

/// What a subscriber with masked fields alone makes of events.
fn by_fields(events: impl FnOnce()) -> String {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .fmt_fields(MaskedFields::new())
        .with_writer(maker(&kept))
        .finish();
    tracing::subscriber::with_default(subscriber, events);
    kept.text()
}

/// What a subscriber with a masking writer alone makes of events.
fn by_text(events: impl FnOnce()) -> Kept {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_writer(MaskingWriter::new(maker(&kept)))
        .finish();
    tracing::subscriber::with_default(subscriber, events);
    kept
}

/// An error that holds what a caller sent, and so does its cause.
#[derive(Debug)]
struct Failed(Option<Box<Self>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no account for ssn=219-09-9999")
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_deref().map(|cause| cause as _)
    }
}

fn careless() {
    let error = Failed(Some(Box::new(Failed(None))));
    let span = tracing::info_span!("request", ssn = "219-09-9999");
    let _entered = span.enter();
    tracing::info!(ssn = 219_099_999_u64, status = 200, "plain");
    tracing::info!(ssn = "219-09-9999", email = %"ada.smith@example.org", "text");
    tracing::info!(body = ?String::from(r#"{"ssn":"219-09-9999","n":1}"#), "debug");
    tracing::info!("ssn=219-09-9999 is in the message");
    tracing::error!(error = &error as &dyn std::error::Error, "failed");
}

#[test]
fn fields_are_masked_by_name_and_by_what_is_in_them_before_they_are_formatted() {
    let text = by_fields(careless);
    assert!(!text.contains("219"), "{text}");
    assert!(!text.contains("ada.smith"), "{text}");
    assert!(text.contains(r#"ssn="[SSN]""#), "{text}");
    assert!(text.contains("status=200"), "{text}");
    assert!(text.contains("ssn=[SSN] is in the message"), "{text}");
    assert!(text.contains(r#"\"n\":1"#), "{text}");
}

#[test]
fn the_text_of_an_event_is_masked_in_one_write() {
    let kept = by_text(careless);
    let text = kept.text();
    assert!(!text.contains("219"), "{text}");
    assert!(!text.contains("ada.smith"), "{text}");
    assert_eq!(kept.writes(), 5);
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn an_event_of_json_stays_json() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(MaskingWriter::new(maker(&kept)))
        .finish();
    tracing::subscriber::with_default(subscriber, careless);
    assert!(!kept.text().contains("219"), "{}", kept.text());
    for line in kept.text().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["span"]["ssn"], "[SSN]");
    }
    let first: serde_json::Value =
        serde_json::from_str(kept.text().lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["fields"]["ssn"], &first["fields"]["status"]),
        (&"[SSN]".into(), &200.into())
    );
}

#[test]
fn a_value_that_is_written_in_pieces_is_masked() {
    let kept = Kept::default();
    let writer = MaskingWriter::new(maker(&kept));
    for ends in ["\n", ""] {
        let mut event = writer.make_writer();
        for byte in format!("ssn=219-09-9999{ends}").bytes() {
            event.write_all(&[byte]).unwrap();
            event.flush().unwrap();
        }
    }
    assert_eq!(kept.text(), "ssn=[SSN]\nssn=[SSN]");
}

#[test]
fn what_is_safe_by_type_is_logged_as_it_is() {
    let kept = by_text(|| {
        crate::log!(
            INFO,
            "stored",
            status = 201_u16,
            records = Count(1_234_567),
            outcome = "new",
            done = true
        );
        crate::log!(WARN, "found", class = crate::class::Class::Ssn);
        crate::log!(ERROR, "nothing {at_all}");
    });
    let text = kept.text();
    assert!(
        text.contains("stored status=201 records=1234567 outcome=\"new\" done=true"),
        "{text}"
    );
    assert!(text.contains("found class=\"ssn\""), "{text}");
    assert!(text.contains("nothing {at_all}"), "{text}");
}

#[test]
fn many_threads_share_a_writer() {
    let kept = Kept::default();
    let writer = Arc::new(MaskingWriter::new(maker(&kept)));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let writer = Arc::clone(&writer);
            std::thread::spawn(move || {
                for _ in 0..100 {
                    writer
                        .make_writer()
                        .write_all(b"ssn=219-09-9999 ok\n")
                        .unwrap();
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(kept.text(), "ssn=[SSN] ok\n".repeat(800));
}
