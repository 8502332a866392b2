//! Writes a log of N entries into a folder and prints the key that verifies it.
//!
//! `cargo run -p vouchsafe-tlog --example write_log -- DIR N`
//!
//! The log grows in batches. An existing log gets N more entries under a new key. It is for trying verifiers, for
//! example `tests/foreign/go/verify.sh DIR VKEY`.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};
use vouchsafe_tlog::tile::{SourceError, TileBuilder, TileSource};
use vouchsafe_tlog::{Checkpoint, KeyName, NoteSigner, SignedNote};

const ORIGIN: &str = "log.example/write-log";

struct Folder(PathBuf);

impl TileSource for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        fs::read(self.0.join(path)).map_err(|error| error.kind().into())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, count] = &arguments[..] else {
        return Err("usage: write_log DIR N".into());
    };
    let (folder, count) = (Path::new(folder), count.parse::<u64>()?);
    fs::create_dir_all(folder)?;

    let mut builder = match fs::read(folder.join("checkpoint")) {
        Ok(note) => {
            // The example does not keep its keys, so it must trust its own checkpoint.
            let checkpoint = Checkpoint::parse(SignedNote::parse(&note)?.text())?;
            let source = Folder(folder.to_path_buf());
            TileBuilder::resume(source, checkpoint.size, checkpoint.root)?
        }
        Err(_) => TileBuilder::new(),
    };
    let signer = NoteSigner::generate(KeyName::new(ORIGIN)?)?;
    let end = builder.size() + count;
    while builder.size() < end {
        let batch = (builder.size() + 1000).min(end);
        while builder.size() < batch {
            let entry = format!("{{\"number\":{},\"what\":\"an example\"}}", builder.size());
            builder.append(entry.as_bytes())?;
        }
        store(folder, &mut builder)?;
    }
    let checkpoint = Checkpoint::new(ORIGIN, end, builder.root())?;
    fs::write(
        folder.join("checkpoint"),
        checkpoint.sign(&signer)?.to_string(),
    )?;
    writeln!(std::io::stdout(), "{}", signer.verifier())?;
    Ok(())
}

fn store(folder: &Path, builder: &mut TileBuilder) -> std::io::Result<()> {
    for file in builder.take_files() {
        let path = folder.join(file.path.to_string());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, file.bytes)?;
    }
    Ok(())
}
