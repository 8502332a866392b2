//! The Rust sources of a crate, as tokens.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::tokens::{Token, product_tokens};

/// One source file, code of tests aside.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path below `src`, such as `access/facts.rs`.
    pub(crate) path: String,
    /// What the product compiles of it.
    pub(crate) tokens: Vec<Token>,
}

impl Source {
    /// A source from its text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            tokens: product_tokens(text),
        }
    }
}

/// Reads every source file below a `src` folder as tokens; files and folders called `tests` are not the product.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Source>> {
    let texts = texts(folder)?;
    Ok(texts
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect())
}

/// The same files as texts, each with its path below the folder.
pub(crate) fn texts(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    files
        .iter()
        .map(|file| {
            let path = file
                .strip_prefix(folder)
                .unwrap_or(file)
                .display()
                .to_string();
            let text = std::fs::read_to_string(file).with_context(|| path.clone())?;
            Ok((path, text))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
