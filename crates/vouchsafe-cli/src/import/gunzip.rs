//! Unpacks gzip (RFC 1952): members one after another, and the zeros that tapes and copies leave after the last one.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The unpacked bytes of a packed reader.
pub(super) struct Gunzip<R> {
    /// None after the last member.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(packed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.member = next(self.member.take());
        }
        Ok(0)
    }
}

/// The next member, if anything but zeros follows. If that is not a member, reading it reports the error.
fn next<R: BufRead>(member: Option<GzDecoder<R>>) -> Option<GzDecoder<R>> {
    let mut packed = member?.into_inner();
    loop {
        let (zeros, more) = match packed.fill_buf() {
            Ok([]) => return None,
            Ok(bytes) => {
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                (zeros, zeros < bytes.len())
            }
            // The error occurs again when the member is read.
            Err(_) => (0, true),
        };
        packed.consume(zeros);
        if more {
            return Some(GzDecoder::new(packed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        // A small buffer, so that zeros and members end anywhere in it.
        let packed = io::BufReader::with_capacity(7, packed);
        Gunzip::new(packed).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_follow_one_another() {
        let both = [packed("one "), packed(""), packed("two")].concat();
        assert_eq!(unpacked(&both).unwrap(), "one two");
    }

    #[test]
    fn zeros_after_the_last_member_are_padding() {
        for zeros in [1, 6, 7, 8, 512, 10_000] {
            let padded = [packed("one"), vec![0; zeros]].concat();
            assert_eq!(unpacked(&padded).unwrap(), "one", "{zeros}");
        }
        let between = [packed("one "), vec![0; 9], packed("two")].concat();
        assert_eq!(unpacked(&between).unwrap(), "one two");
    }

    #[test]
    fn anything_else_after_it_is_refused() {
        for rest in [&b"garbage"[..], &[0, 0, 7], &[0x1F, 0x8B]] {
            let followed = [packed("one"), rest.to_vec()].concat();
            assert!(unpacked(&followed).is_err(), "{rest:?}");
        }
        let mut cut = packed("one");
        cut.truncate(cut.len() - 3);
        assert!(unpacked(&cut).is_err());
    }
}
