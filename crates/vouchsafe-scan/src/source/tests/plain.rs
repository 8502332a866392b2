//! Text, UTF-16, binary files.

use std::io::{self, Read};

use super::*;

/// Gives few bytes at a time.
struct Slow<'b>(&'b [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let few = into.len().min(self.1);
        self.0.read(&mut into[..few])
    }
}

#[test]
fn lines_end_in_three_ways() {
    let lines = ["1: a", "2: b", "3: ", "4: c", "5: ", "6: d"];
    assert_eq!(seen(b"a\nb\r\n\nc\r\rd").lines(), lines);
    assert_eq!(seen(b"a\n").lines(), ["1: a"]);
    assert_eq!(
        seen(b"MSH|^~\\&|A\rPID|1||7\r").lines(),
        ["1: MSH|^~\\&|A", "2: PID|1||7"]
    );
    assert!(seen(b"").lines().is_empty());
}

#[test]
fn blocks_of_any_size_make_the_same_lines() {
    let text = b"first\r\nsecond\n\n\rfifth and last\r\n".repeat(2000);
    let whole = seen(&text).lines();
    assert_eq!(whole.len(), 10_000);
    for size in [1, 7, 4096] {
        let slow = seen_from(Slow(&text, size), &Options::default());
        assert_eq!(slow.lines(), whole);
    }
}

#[test]
fn a_mark_at_the_front_is_no_text() {
    assert_eq!(seen(b"\xef\xbb\xbfa\nb").lines(), ["1: a", "2: b"]);
}

#[test]
fn bytes_that_are_not_utf_8_stay_what_they_are() {
    struct Raw(Vec<u8>);
    impl Sink for Raw {
        fn begin(&mut self, _: &DocumentName) {}
        fn line(&mut self, line: Line<'_>) {
            self.0.extend_from_slice(line.bytes);
        }
        fn cell(&mut self, _: Cell<'_>) {}
        fn end(&mut self) {}
        fn problem(&mut self, _: &DocumentName, _: Problem) {}
    }
    let mut raw = Raw(Vec::new());
    let text = b"caf\xe9 M\xfcller, Gr\xfc\xdfe";
    let name = DocumentName::standard_input();
    read_from(
        &name,
        &text[..],
        &Options::default(),
        &Progress::new(),
        &mut raw,
    );
    assert_eq!(raw.0, text);
}

#[test]
fn a_long_line_comes_in_pieces_that_end_where_values_end() {
    let pair = "\"key\": \"a value of some length\", ";
    let text = format!("first\n{}\nlast", pair.repeat(100_000));
    let lines = seen(text.as_bytes()).lines();
    assert_eq!(lines.len(), 2 + 4);
    let mut whole = String::new();
    for piece in &lines[1..5] {
        let (place, text) = piece.split_once(": ").unwrap();
        let offset = place.strip_prefix("2").unwrap().trim_start_matches('+');
        assert_eq!(offset.parse().unwrap_or(0), whole.len());
        assert!(text.len() <= 1 << 20 && (text.ends_with(',') || piece == &lines[4]));
        whole += text;
    }
    assert_eq!(whole, pair.repeat(100_000));
}

#[test]
fn no_piece_ends_within_a_character() {
    let text = "\u{20ac}".repeat(1_000_000);
    let lines = seen(text.as_bytes()).lines();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| !line.contains('\u{fffd}')));
}

#[test]
fn a_line_of_a_gigabyte_is_read_in_little_memory() {
    struct Count(u64, u64);
    impl Sink for Count {
        fn begin(&mut self, _: &DocumentName) {}
        fn line(&mut self, line: Line<'_>) {
            assert_eq!((line.place, line.offset), (Place::Line(1), self.0));
            assert!(line.bytes.len() <= 1 << 20);
            self.0 += line.bytes.len() as u64;
            self.1 += 1;
        }
        fn cell(&mut self, _: Cell<'_>) {}
        fn end(&mut self) {}
        fn problem(&mut self, _: &DocumentName, _: Problem) {}
    }
    let mut count = Count(0, 0);
    let size = 1 << 30;
    let name = DocumentName::standard_input();
    let line = io::repeat(b'x').take(size);
    read_from(
        &name,
        line,
        &Options::default(),
        &Progress::new(),
        &mut count,
    );
    assert_eq!(count.0, size);
    assert!((1024..1100).contains(&count.1));
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    let text = "J\u{fc}rgen called\r\nhe is \u{1f600}\n";
    let lines = ["1: J\u{fc}rgen called", "2: he is \u{1f600}"];
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        assert_eq!(seen(&utf16(text, order)).lines(), lines);
        let marked = format!("\u{feff}{text}");
        assert_eq!(seen(&utf16(&marked, order)).lines(), lines);
    }
}

#[test]
fn text_in_binary_files_is_found_with_its_place() {
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 1, 2, 3, 0, 0, 0, 0, 7];
    bytes.extend([0; 20]);
    bytes.extend(b"patient Jane\0\x01\x02short\0\n");
    bytes.extend("na\u{ef}ve text".bytes().chain([0, 0, 0]));
    bytes.extend(utf16("wide J\u{f8}rgen", u16::to_le_bytes));
    bytes.extend([0, 0, 0, 0, 0xff]);
    bytes.extend(utf16("wide other", u16::to_be_bytes));
    bytes.extend([0xff; 4]);
    let lines = [
        "@32: patient Jane",
        "@54: na\u{ef}ve text",
        "@68: wide J\u{f8}rgen",
        "@95: wide other",
    ];
    assert_eq!(seen(&bytes).lines(), lines);
    let slow = seen_from(Slow(&bytes, 1), &Options::default());
    assert_eq!(slow.lines(), lines);
}

#[test]
fn a_run_longer_than_a_block_is_one_run() {
    let text = "x".repeat(700_000);
    let bytes = [
        &[0; 40_000][..],
        &[1; 50_000],
        text.as_bytes(),
        &[2; 900_000],
    ]
    .concat();
    assert_eq!(seen(&bytes).lines(), [format!("@90000: {text}")]);
}

#[test]
fn a_hole_before_the_text_of_a_log_is_passed_over() {
    let bytes = [&[0; 100_000][..], b"one\ntwo\n"].concat();
    assert_eq!(seen(&bytes).lines(), ["1: one", "2: two"]);
}

#[test]
fn zeros_in_text_part_its_runs() {
    let mut bytes = b"one line of text\n".repeat(40);
    bytes.extend(b"before\0\0after\nlast\n");
    let lines = seen(&bytes).lines();
    assert_eq!(lines[40..], ["41: before", "41+8: after", "42: last"]);
}
