//! Archives and packed files, whole and hostile.

use std::io::Write;

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A header of tar and the data that it announces.
fn entry(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    sum(&mut header);
    let padding = vec![0; data.len().wrapping_neg() % 512];
    [&header, data, &padding].concat()
}

fn sum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members = members.iter().map(|(name, data)| entry(name, b'0', data));
    members.chain([vec![0; 1024]]).flatten().collect()
}

#[test]
fn packed_files_are_read_as_what_they_hold() {
    for packed in [gzip(b"one\ntwo"), bzip2(b"one\ntwo"), zstd(b"one\ntwo")] {
        assert_eq!(seen(&packed).lines(), ["1: one", "2: two"]);
        // Parts that follow one another are one document; zeros at the end are padding.
        let twice = [&packed[..], &packed, &[0; 600]].concat();
        assert_eq!(seen(&twice).lines(), ["1: one", "2: twoone", "3: two"]);
    }
}

#[test]
fn other_bytes_behind_packed_ones_are_read_too() {
    for (pack, format) in [
        (gzip as fn(&[u8]) -> Vec<u8>, Format::Gzip),
        (bzip2, Format::Bzip2),
        (zstd, Format::Zstd),
    ] {
        let seen = seen(&[pack(b"one"), b"\0\0two".to_vec()].concat());
        assert_eq!(seen.problems, [("x".into(), Problem::BytesFollow(format))]);
        let read = [
            ("x".into(), vec!["1: one".into()]),
            ("x!/rest".into(), vec!["1: two".into()]),
        ];
        assert_eq!(seen.documents, read);
    }
}

#[test]
fn what_is_there_of_a_truncated_file_is_read() {
    let text: String = (0..20_000)
        .map(|number| format!("line {}\n", number * 7919))
        .collect();
    for (pack, format) in [
        (gzip as fn(&[u8]) -> Vec<u8>, Format::Gzip),
        (bzip2, Format::Bzip2),
        (zstd, Format::Zstd),
    ] {
        let packed = pack(text.as_bytes());
        let seen = seen(&packed[..packed.len() - 5]);
        assert_eq!(seen.problems, [("x".into(), Problem::Truncated(format))]);
        let lines = &seen.documents[0].1;
        // A block of bzip2 is whole or not there.
        assert!(format == Format::Bzip2 || lines.len() > 10_000, "{format}");
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 40].fill(0x55);
        let seen = super::seen(&damaged);
        assert!(
            !seen.problems.is_empty() || format == Format::Zstd,
            "{format}"
        );
    }
}

#[test]
fn frames_of_zstd_without_data_are_passed_over() {
    let note = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let packed = [&note[..], &zstd(b"one\n"), &note, &zstd(b"two\n")].concat();
    assert_eq!(seen(&packed).lines(), ["1: one", "2: two"]);
}

#[test]
fn zstd_that_needs_much_memory_or_a_dictionary_is_told() {
    // A window of 64 MiB.
    let large = b"\x28\xb5\x2f\xfd\x00\x80\x01\x00\x00";
    let problem = Problem::NeedsMemory(Format::Zstd, 64);
    assert_eq!(seen(large).problems, [("x".into(), problem)]);
    let dictionary = b"\x28\xb5\x2f\xfd\x01\x58\x07\x01\x00\x00";
    let problem = Problem::NeedsDictionary(Format::Zstd);
    assert_eq!(seen(dictionary).problems, [("x".into(), problem)]);
}

#[test]
fn archives_are_read_member_by_member() {
    let inner = tar(&[("c.log", b"three")]);
    let packed = gzip(b"two");
    let archive = tar(&[
        ("./a.log", b"one\n"),
        ("b.gz", &packed),
        ("/d/c.tar", &inner),
    ]);
    let read = [
        ("x!/a.log".into(), vec!["1: one".into()]),
        ("x!/b.gz".into(), vec!["1: two".into()]),
        ("x!/d/c.tar!/c.log".into(), vec!["1: three".into()]),
    ];
    for bytes in [archive.clone(), gzip(&archive), zstd(&bzip2(&archive))] {
        let seen = seen(&bytes);
        assert_eq!(seen.problems, []);
        assert_eq!(seen.documents, read);
    }
}

#[test]
fn names_of_members_come_in_many_forms() {
    let long = format!("{}/a.log", "folder/".repeat(40));
    let record = |key: &str, value: &str| {
        let rest = key.len() + value.len() + 3;
        let length = (rest..).find(|length| length.to_string().len() + rest == *length);
        format!("{} {key}={value}\n", length.unwrap())
    };
    let mut ustar = entry("b.log", b'0', b"two");
    ustar[345..350].copy_from_slice(b"below");
    sum(&mut ustar[..512]);
    let bytes = [
        entry("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        entry("cut", b'0', b"one"),
        ustar,
        entry(
            "pax",
            b'x',
            (record("mtime", "1.5") + &record("path", "J\u{fc}rgen.log")).as_bytes(),
        ),
        entry("cut", b'0', b"three"),
        entry("pax", b'g', record("comment", "all").as_bytes()),
        entry("old", 0, b"four"),
        vec![0; 1024],
    ];
    let seen = seen(&bytes.concat());
    assert_eq!(seen.problems, []);
    let names = [
        &format!("x!/{long}"),
        "x!/below/b.log",
        "x!/J\u{fc}rgen.log",
        "x!/old",
    ];
    let read: Vec<&str> = seen
        .documents
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(read, names);
}

#[test]
fn links_and_folders_hold_nothing_whatever_size_they_claim() {
    let mut link = entry("link", b'1', b"");
    link[124..135].copy_from_slice(b"00000001000");
    sum(&mut link);
    let bytes = [
        entry("folder/", b'5', b""),
        link,
        entry("a", b'0', b"one"),
        vec![0; 1024],
    ];
    let seen = seen(&bytes.concat());
    assert_eq!(seen.problems, []);
    assert_eq!(seen.names(), ["x!/a"]);
}

#[test]
fn archives_in_a_row_are_read_like_one() {
    let bytes = [tar(&[("a", b"one")]), vec![0; 9216], tar(&[("b", b"two")])].concat();
    let seen = seen(&bytes);
    assert_eq!(seen.problems, []);
    assert_eq!(seen.names(), ["x!/a", "x!/b"]);
}

#[test]
fn a_damaged_archive_is_read_as_bytes_from_there() {
    let mut bytes = tar(&[("a", b"one"), ("b", b"patient two"), ("c", b"three")]);
    bytes[1024 + 150] = b'7';
    let seen = seen(&bytes);
    assert_eq!(seen.problems, [("x".into(), Problem::Damaged(Format::Tar))]);
    assert_eq!(seen.documents[0].0, "x!/a");
    let rest = seen.documents[1].1.join("\n");
    assert!(seen.documents[1].0 == "x!/rest" && rest.contains("patient two"));
}

#[test]
fn a_truncated_archive_is_read_as_far_as_it_goes() {
    let bytes = tar(&[("a", b"one"), ("b", &b"patient two\n".repeat(100))]);
    let seen = seen(&bytes[..2000]);
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Truncated(Format::Tar))]
    );
    assert_eq!(seen.documents[1].1[0], "1: patient two");
    // Also when it ends in a header.
    let seen = super::seen(&bytes[..1200]);
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Truncated(Format::Tar))]
    );
}

#[test]
fn a_name_as_long_as_an_archive_is_not_held() {
    let name = "a".repeat(300_000);
    let bytes = [
        entry("long", b'L', name.as_bytes()),
        entry("a", b'0', b"one"),
        vec![0; 1024],
    ];
    let seen = seen(&bytes.concat());
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::LongName(Format::Tar))]
    );
    assert_eq!(seen.documents[0].0.len(), 3 + (64 << 10));
}

#[test]
fn what_is_packed_too_many_times_is_told_and_read_as_it_is() {
    let mut bytes = b"patient Jane Doe".to_vec();
    for _ in 0..8 {
        bytes = gzip(&bytes);
    }
    assert_eq!(seen(&bytes).lines(), ["1: patient Jane Doe"]);
    let seen = seen(&gzip(&bytes));
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::TooDeep(Format::Gzip))]
    );
    let mut bytes = b"patient Jane Doe".to_vec();
    for _ in 0..30 {
        bytes = tar(&[("a.tar", &bytes)]);
    }
    let seen = super::seen(&bytes);
    assert_eq!(seen.problems.len(), 1);
    assert_eq!(seen.problems[0].1, Problem::TooDeep(Format::Tar));
    let lines = &seen.documents[0].1;
    assert!(lines.iter().any(|line| line.ends_with("patient Jane Doe")));
}

#[test]
fn a_bomb_is_stopped_and_the_rest_of_its_archive_is_read() {
    let options = Options {
        unpacked_free: 10 << 20,
        ..Options::default()
    };
    // 400 MiB, in less than a kilobyte; a debug build, which is slow, gets fewer.
    let blocks = if cfg!(debug_assertions) { 40 } else { 400 };
    let mut layer = BzEncoder::new(Vec::new(), bzip2::Compression::best());
    let blanks = [b' '; 1 << 20];
    (0..blocks).for_each(|_| layer.write_all(&blanks).unwrap());
    let bomb = layer.finish().unwrap();
    assert!(bomb.len() < 1000);
    let archive = tar(&[("bomb", &bomb), ("a.log", b"one")]);
    for bytes in [archive.clone(), gzip(&archive)] {
        let seen = seen_from(&bytes[..], &options);
        let problem = ("x!/bomb".into(), Problem::TooLarge(Format::Bzip2));
        assert_eq!(seen.problems, [problem]);
        assert_eq!(seen.names(), ["x!/a.log", "x!/bomb"]);
    }
}

#[test]
fn a_log_of_blanks_in_gzip_is_read_whatever_its_size() {
    let options = Options {
        unpacked_free: 1 << 20,
        ..Options::default()
    };
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = [b' '; 1 << 20];
    (0..100).for_each(|_| packed.write_all(&blanks).unwrap());
    let packed = packed.finish().unwrap();
    let seen = seen_from(&packed[..], &options);
    assert_eq!(seen.problems, []);
}

#[test]
fn what_is_not_unpacked_is_told() {
    for (front, format) in [
        (&b"PK\x03\x04\x14\0\0\0"[..], Format::Zip),
        (b"\xfd7zXZ\0\0\x04", Format::Xz),
        (b"PGDMP\x01\x0e\0", Format::PgDump),
        (b"%PDF-1.7\n", Format::Pdf),
    ] {
        let bytes = [front, &[0; 40], b"patient Jane Doe", &[0; 40]].concat();
        let seen = seen(&bytes);
        assert_eq!(seen.problems, [("x".into(), Problem::NotUnpacked(format))]);
        let lines = &seen.documents[0].1;
        assert!(lines.iter().any(|line| line.ends_with("patient Jane Doe")));
    }
}

#[test]
fn members_can_be_excluded() {
    let options = Options {
        exclude: vec![Glob::new("*.png").unwrap()],
        ..Options::default()
    };
    let archive = tar(&[("a.png", b"one"), ("b.log", b"two")]);
    assert_eq!(seen_from(&archive[..], &options).names(), ["x!/b.log"]);
}
