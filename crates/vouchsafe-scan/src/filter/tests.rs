use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, pipe};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;
use crate::class::{Class, Confidence};
use crate::detect::{Classes, Detector};
use crate::finding::Finding;

const WAIT: Options<'static> = Options {
    when_blocked: WhenBlocked::Wait,
    metrics: None,
};

/// Finds nine digits in a row.
fn review(text: &[u8], found: &mut Vec<Finding>) {
    let mut at = 0;
    for run in text.split_inclusive(|byte| !byte.is_ascii_digit()) {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits == 9 {
            found.push(Finding {
                class: Class::Ssn,
                confidence: Confidence::High,
                span: at..at + 9,
                field: None,
            });
        }
        at += run.len();
    }
}

fn filtered(
    input: impl Read,
    output: impl Write + Send,
    options: &Options<'_>,
) -> Result<Filtered, FilterError> {
    let detector = Detector::new().classes(Classes::NONE);
    run(
        input,
        output,
        Masker::new(&detector).reviewed_by(&review),
        options,
    )
}

/// Gives one byte at a time.
struct Drops<'b>(&'b [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.len().min(1).min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

/// Gives lines for ever, and tells how many it gave.
struct Lines(mpsc::Sender<u64>, u64, u64);

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1 >= self.2 {
            return Ok(0);
        }
        self.1 += 1;
        self.0.send(self.1).unwrap_or_default();
        let line = format!(
            "{{\"n\":{},\"ssn\":123456789,\"pad\":\"{}\"}}\n",
            self.1,
            "x".repeat(900)
        );
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

#[test]
fn a_stream_of_single_bytes_is_masked() {
    let mut out = Vec::new();
    let text = b"a 123456789 b\r\n\n\xff\0 123456789\nno line break 123456789";
    let done = filtered(Drops(text), &mut out, &WAIT).unwrap();
    assert_eq!(out, b"a [SSN] b\r\n\n\xff\0 [SSN]\nno line break [SSN]");
    assert_eq!(
        (done.lines, done.bytes, done.end),
        (4, text.len() as u64, End::Input)
    );
    assert_eq!(done.counts.masked(Class::Ssn), 3);
    assert_eq!(done.longest, 23);
}

#[test]
fn a_line_is_out_while_the_next_is_still_to_come() {
    for when_blocked in [WhenBlocked::Wait, WhenBlocked::DROP] {
        let (input, mut service) = pipe().unwrap();
        let (mut reader, output) = pipe().unwrap();
        let filter = thread::spawn(move || {
            filtered(
                input,
                output,
                &Options {
                    when_blocked,
                    metrics: None,
                },
            )
        });
        let mut times: Vec<Duration> = (0..50)
            .map(|_| there_and_back(&mut service, &mut reader))
            .collect();
        times.sort();
        assert!(times[25] < Duration::from_millis(50), "{times:?}");
        drop(service);
        assert_eq!(filter.join().unwrap().unwrap().lines, 50);
    }
}

fn there_and_back(service: &mut PipeWriter, reader: &mut PipeReader) -> Duration {
    let begun = Instant::now();
    service.write_all(b"ssn 123456789\n").unwrap();
    let mut line = [0; 10];
    reader.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"ssn [SSN]\n");
    begun.elapsed()
}

#[test]
fn a_blocked_reader_blocks_the_service() {
    let (told, given) = mpsc::channel();
    let (reader, output) = pipe().unwrap();
    let filter = thread::spawn(move || filtered(Lines(told, 0, 1_000_000), output, &WAIT));
    let mut last = 0;
    while let Ok(number) = given.recv_timeout(Duration::from_millis(300)) {
        last = number;
    }
    assert!(
        last < 2_000,
        "{last} lines of a kilobyte were read, with a pipe of 64 KiB that nobody reads"
    );
    drop(reader);
    assert_eq!(filter.join().unwrap().unwrap().end, End::Reader);
}

#[test]
fn with_drop_lines_are_lost_and_counted_where_they_would_have_been() {
    let (told, given) = mpsc::channel();
    let (mut reader, output) = pipe().unwrap();
    let options = Options {
        when_blocked: WhenBlocked::Drop {
            held_bytes: 100_000,
        },
        metrics: None,
    };
    let (more, rest) = pipe().unwrap();
    let input = Lines(told, 0, 5_000).chain(more);
    let filter = thread::spawn(move || filtered(input, output, &options));
    while given.recv_timeout(Duration::from_secs(20)).unwrap() < 5_000 {}
    // The reader comes back, and reads up to the last line that was kept.
    let mut text = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let mut rest = Some(rest);
    loop {
        let length = reader.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        text.extend_from_slice(&buffer[..length]);
        if let Some(mut rest) = rest.take() {
            rest.write_all(b"the last line 123456789\n").unwrap();
        }
    }
    let done = filter.join().unwrap().unwrap();
    let text = String::from_utf8(text).unwrap();
    let told: u64 = text
        .lines()
        .filter_map(|line| line.strip_prefix(r#"{"vouchsafe-scan":"lines dropped","lines":"#))
        .map(|rest| rest.trim_end_matches('}').parse::<u64>().unwrap())
        .chain(text.lines().filter_map(|line| {
            line.strip_prefix("[vouchsafe-scan: ")?
                .strip_suffix(" lines dropped]")?
                .parse()
                .ok()
        }))
        .sum();
    assert!(done.dropped > 4_000);
    assert_eq!(told, done.dropped);
    assert_eq!(done.lines, 5_001);
    let kept = text.lines().filter(|line| line.contains("[SSN]")).count() as u64;
    assert_eq!(kept + done.dropped, 5_001);
    assert!(!text.contains("123456789"));
}

#[test]
fn a_long_line_that_is_cut_by_a_drop_gets_its_line_break() {
    let queue = Queue::new(10);
    let mut sender = Sender::new(&queue);
    sender.send(b"begun", Ends::GoesOn);
    sender.send(b" and too long", Ends::GoesOn);
    sender.send(b" in the end\n", Ends::Line);
    sender.send(b"next too long\n", Ends::Line);
    sender.finish();
    queue.end();
    let mut out = Vec::new();
    queue.write_to(&mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "begun\n[vouchsafe-scan: 2 lines dropped]\n"
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_filter_quietly() {
    for when_blocked in [WhenBlocked::Wait, WhenBlocked::DROP] {
        let (told, _given) = mpsc::channel();
        let (reader, output) = pipe().unwrap();
        drop(reader);
        let done = filtered(
            Lines(told, 0, u64::MAX),
            output,
            &Options {
                when_blocked,
                metrics: None,
            },
        )
        .unwrap();
        assert_eq!(done.end, End::Reader);
    }
}

/// Fails to write, as a full disk does.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn any_other_failure_is_an_error() {
    for when_blocked in [WhenBlocked::Wait, WhenBlocked::DROP] {
        let failed = filtered(
            &b"a\n"[..],
            Full,
            &Options {
                when_blocked,
                metrics: None,
            },
        );
        assert_eq!(failed, Err(FilterError::Write(io::ErrorKind::StorageFull)));
    }
}

#[test]
fn metrics_are_whole_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filter.prom");
    let options = Options {
        metrics: Some(&path),
        ..WAIT
    };
    filtered(&b"123456789 and 123456789\nx\n"[..], io::sink(), &options).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for line in [
        "vouchsafe_scan_filter_lines_total 2",
        "vouchsafe_scan_filter_bytes_total 26",
        "vouchsafe_scan_filter_masked_total{class=\"ssn\"} 2",
        "vouchsafe_scan_filter_masked_total{class=\"unique-id\"} 0",
        "vouchsafe_scan_filter_withheld_lines_total 0",
        "vouchsafe_scan_filter_dropped_lines_total 0",
        "vouchsafe_scan_filter_longest_line_bytes 23",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert_eq!(text.matches("_masked_total{").count(), Class::ALL.len());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no file is left beside it"
    );
    let nowhere = folder.path().join("no/such/folder.prom");
    let refused = filtered(
        &b"a\n"[..],
        io::sink(),
        &Options {
            metrics: Some(&nowhere),
            ..WAIT
        },
    );
    assert_eq!(refused, Err(FilterError::Metrics(io::ErrorKind::NotFound)));
}

#[test]
fn an_interrupt_is_for_the_service_and_not_for_the_filter() {
    let child = [
        "--exact",
        "filter::tests::a_filter_of_its_own",
        "--ignored",
        "--nocapture",
    ];
    let mut filter = Command::new(std::env::current_exe().unwrap())
        .args(child)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut service = filter.stdin.take().unwrap();
    let mut output = BufReader::new(filter.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut there_and_back = |number: u32| {
        writeln!(service, "line {number} 123456789").unwrap();
        let expected = format!("line {number} [SSN]");
        assert!(output.any(|line| line == expected));
    };
    there_and_back(1);
    for (number, signal) in (2..).zip(["-TERM", "-INT", "-HUP"]) {
        let killed = Command::new("kill")
            .args([signal, &filter.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        there_and_back(number);
    }
    drop(service);
    assert!(filter.wait().unwrap().success());
}

#[test]
#[ignore = "is run by another test, in a process of its own"]
fn a_filter_of_its_own() {
    drain_on_interrupt().unwrap();
    let done = filtered(io::stdin().lock(), io::stdout(), &WAIT).unwrap();
    assert_eq!(done.lines, 4);
}

#[test]
fn a_line_of_200_megabytes_needs_little_memory() {
    let this = std::env::current_exe().unwrap();
    let child = [
        "--exact",
        "filter::tests::a_huge_line",
        "--ignored",
        "--nocapture",
    ];
    let done = Command::new(this).args(child).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
}

#[test]
#[ignore = "is run by another test, in a process of its own"]
fn a_huge_line() {
    let bytes = if cfg!(debug_assertions) {
        8_000_000
    } else {
        200_000_000
    };
    for when_blocked in [WhenBlocked::Wait, WhenBlocked::DROP] {
        let line = io::repeat(b'x')
            .take(bytes)
            .chain(&b" 123456789 "[..])
            .chain(io::repeat(b'1').take(bytes / 10));
        let done = filtered(
            line,
            io::sink(),
            &Options {
                when_blocked,
                metrics: None,
            },
        )
        .unwrap();
        assert_eq!(done.lines, 1);
        assert!(done.longest > bytes);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 60_000, "{kilobytes} kB");
}
