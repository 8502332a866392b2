//! Inputs, made byte by byte.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// An archive of files.
pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

const PAGE: usize = 4096;

/// A database of one table, all of whose columns are texts.
pub(crate) fn sqlite(table: &str, columns: &[&str], rows: &[&[&str]]) -> Vec<u8> {
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{column}\""))
        .collect();
    let sql = format!("CREATE TABLE \"{table}\" ({})", quoted.join(", "));
    let schema = record(&[
        Some("table"),
        Some(table),
        Some(table),
        None,
        Some(sql.as_str()),
    ]);
    let mut first = leaf(100, &[schema]);
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..18].copy_from_slice(&u16::try_from(PAGE).unwrap().to_be_bytes());
    first[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    for (at, number) in [
        (24, 1_u32),
        (28, 2),
        (40, 1),
        (44, 4),
        (56, 1),
        (92, 1),
        (96, 3_045_000),
    ] {
        first[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    let rows: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| record(&row.iter().map(|value| Some(*value)).collect::<Vec<_>>()))
        .collect();
    [first, leaf(0, &rows)].concat()
}

/// A record of texts; None is the number of the second page.
fn record(values: &[Option<&str>]) -> Vec<u8> {
    let (mut types, mut body) = (Vec::new(), Vec::new());
    for value in values {
        match value {
            Some(text) => {
                types.extend(varint(13 + 2 * text.len()));
                body.extend_from_slice(text.as_bytes());
            }
            None => {
                types.push(1);
                body.push(2);
            }
        }
    }
    let mut record = varint(types.len() + 1);
    record.extend(types);
    record.extend(body);
    record
}

fn leaf(at: usize, records: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    let mut end = PAGE;
    for (row, record) in records.iter().enumerate() {
        let cell = [varint(record.len()), varint(row + 1), record.clone()].concat();
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(&cell);
        let pointer = at + 8 + 2 * row;
        page[pointer..pointer + 2].copy_from_slice(&u16::try_from(end).unwrap().to_be_bytes());
    }
    page[at] = 13;
    page[at + 3..at + 5].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    page[at + 5..at + 7].copy_from_slice(&u16::try_from(end).unwrap().to_be_bytes());
    page
}

fn varint(number: usize) -> Vec<u8> {
    assert!(number < 1 << 14);
    match u8::try_from(number) {
        Ok(small) if small < 0x80 => vec![small],
        _ => vec![
            0x80 | u8::try_from(number >> 7).unwrap(),
            u8::try_from(number & 0x7f).unwrap(),
        ],
    }
}
