//! The targets of chunks, and the results of writes.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::chunk::{Chunk, Content, Line, resources, transaction};
use super::local::Local;
use super::notes::Notes;
use super::remote::Remote;

/// An installation on this host, or a service elsewhere.
pub(super) enum Target {
    Local(Box<Local>),
    Remote(Remote),
}

/// The result of a chunk, in resources.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Loaded {
    pub(super) created: u64,
    /// Already present: found by a condition, or a new version of a record with the same id.
    pub(super) matched: u64,
    pub(super) failed: u64,
}

/// The content of one write.
#[derive(Clone, Copy)]
enum What<'c> {
    /// The text of a bundle.
    Bundle(&'c Zeroizing<Vec<u8>>),
    /// Resources, all or nothing.
    Lines(&'c [Line]),
}

/// The result of one entry of a bundle.
pub(super) enum Ending {
    Created,
    Matched,
    Failed(Why),
}

/// The reason why a resource was not written, in fixed words; it holds no value of the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Why {
    /// The entry at fault, from 0, if it is one entry.
    pub(super) entry: Option<usize>,
    /// The element at fault.
    pub(super) path: Option<String>,
    pub(super) words: String,
}

/// The kind of failure of a bundle.
pub(super) enum Failed {
    /// A retry may help.
    Transient(String),
    /// It cannot be written; none of it was.
    Refused(Why),
    /// No further write is possible.
    Stop(anyhow::Error),
}

/// Number of attempts for a bundle.
const ATTEMPTS: u32 = 9;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Target {
    /// Writes a chunk, and notes the resources that cannot be written.
    ///
    /// # Errors
    /// If no further write is possible.
    pub(super) async fn load(&self, chunk: &Chunk, notes: &Notes) -> anyhow::Result<Loaded> {
        match &chunk.content {
            Content::Bundle(text) => match self.patiently(What::Bundle(text), &chunk.key).await? {
                Ok(endings) => Ok(tally(endings, |place, why| {
                    notes.trouble(&why.at(&chunk.name, Some(format!("entry {}", place + 1))));
                })),
                Err(why) => {
                    let entry = why.entry.map(|entry| format!("entry {}", entry + 1));
                    notes.trouble(&why.at(&chunk.name, entry));
                    Ok(Loaded {
                        failed: entries(text),
                        ..Loaded::default()
                    })
                }
            },
            Content::Resources(lines) => self.lines(chunk, lines, notes).await,
        }
    }

    /// Writes all lines in one write. If some cannot be written, the lines around them are written in several. The
    /// parts, and so their keys, are the same when the file is read again.
    async fn lines(&self, chunk: &Chunk, lines: &[Line], notes: &Notes) -> anyhow::Result<Loaded> {
        let mut loaded = Loaded::default();
        let mut open = vec![lines];
        while let Some(part) = open.pop() {
            let (Some(first), Some(last)) = (part.first(), part.last()) else {
                continue;
            };
            let key = format!("{}-{}-{}", chunk.key, first.number, last.number);
            let written = self.patiently(What::Lines(part), &key).await?;
            match written {
                Ok(endings) => {
                    let more = tally(endings, |place, why| {
                        notes.trouble(&why.at(&chunk.name, line(part.get(place))));
                    });
                    loaded.add(more);
                }
                Err(why) => {
                    let bad = why.entry.filter(|place| *place < part.len());
                    let bad = bad.or_else(|| (part.len() == 1).then_some(0));
                    if let Some(bad) = bad {
                        loaded.failed += 1;
                        notes.trouble(&why.at(&chunk.name, line(part.get(bad))));
                    }
                    let (before, after) = match bad {
                        Some(bad) => (part.get(..bad), part.get(bad + 1..)),
                        None => part.split_at_checked(part.len() / 2).unzip(),
                    };
                    open.extend(after);
                    open.extend(before);
                }
            }
        }
        Ok(loaded)
    }

    /// Writes, with retries.
    async fn patiently(
        &self,
        what: What<'_>,
        key: &str,
    ) -> anyhow::Result<Result<Vec<Ending>, Why>> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.write(what, key).await {
                Ok(endings) => return Ok(Ok(endings)),
                Err(Failed::Refused(why)) => return Ok(Err(why)),
                Err(Failed::Stop(error)) => return Err(error),
                Err(Failed::Transient(words)) if attempt == ATTEMPTS => {
                    anyhow::bail!(
                        "{words}; tried {ATTEMPTS} times, run the command again to continue"
                    );
                }
                Err(Failed::Transient(_)) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        anyhow::bail!("not written")
    }

    async fn write(&self, what: What<'_>, key: &str) -> Result<Vec<Ending>, Failed> {
        match (self, what) {
            (Self::Local(local), What::Bundle(text)) => local.write_bundle(text, key).await,
            (Self::Local(local), What::Lines(lines)) => {
                let resources = resources(lines, local.ids()).map_err(no_resource)?;
                let texts: Vec<&[u8]> = lines.iter().map(|line| &line.text[..]).collect();
                local.write(resources, &texts, key).await
            }
            (Self::Remote(remote), What::Bundle(text)) => remote.write(text, key).await,
            (Self::Remote(remote), What::Lines(lines)) => {
                let text = transaction(lines, remote.ids()).map_err(no_resource)?;
                remote.write(&text, key).await
            }
        }
    }

    /// Ends the import's right.
    pub(super) async fn close(self) {
        if let Self::Local(local) = self {
            local.close().await;
        }
    }
}

fn no_resource(place: usize) -> Failed {
    let words = "this is no FHIR resource in JSON";
    Failed::Refused(Why::new(Some(place), None, words))
}

/// The place of a resource in its file.
fn line(line: Option<&Line>) -> Option<String> {
    let number = line.map(|line| line.number).filter(|number| *number > 0);
    number.map(|number| format!("line {number}"))
}

fn tally(endings: Vec<Ending>, mut failed: impl FnMut(usize, &Why)) -> Loaded {
    let mut loaded = Loaded::default();
    for (place, ending) in endings.into_iter().enumerate() {
        match ending {
            Ending::Created => loaded.created += 1,
            Ending::Matched => loaded.matched += 1,
            Ending::Failed(why) => {
                loaded.failed += 1;
                failed(place, &why);
            }
        }
    }
    loaded
}

/// Number of entries of a bundle, as far as it can be read.
fn entries(text: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Bundle {
        entry: Vec<IgnoredAny>,
    }
    let bundle: Result<Bundle, _> = serde_json::from_slice(text);
    bundle.map_or(1, |bundle| bundle.entry.len().max(1) as u64)
}

impl Loaded {
    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.matched += other.matched;
        self.failed += other.failed;
    }
}

impl Why {
    /// A reason in these words; the path omits the entry, which has a number already.
    pub(super) fn new(entry: Option<usize>, path: Option<&str>, words: &str) -> Self {
        let path = path.map(|path| {
            let inside =
                entry.and_then(|entry| path.strip_prefix(&format!("Bundle.entry[{entry}]")));
            let inside = inside.map(|inside| {
                inside
                    .trim_start_matches(".resource")
                    .trim_start_matches('.')
            });
            inside.unwrap_or(path).to_owned()
        });
        Self {
            entry,
            path: path.filter(|path| !path.is_empty()),
            words: words.to_owned(),
        }
    }

    /// The file, the place in it, the element, and the words.
    fn at(&self, file: &str, place: Option<String>) -> String {
        let inside: Vec<String> = place.into_iter().chain(self.path.clone()).collect();
        match inside.is_empty() {
            true => format!("{file}: {}", self.words),
            false => format!("{file}: {}: {}", inside.join(", "), self.words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_element_once() {
        let why = |entry, path, place: Option<&str>| {
            Why::new(entry, path, "too long").at("a.json", place.map(str::to_owned))
        };
        assert_eq!(why(None, None, None), "a.json: too long");
        assert_eq!(
            why(
                Some(3),
                Some("Bundle.entry[3].resource.birthDate"),
                Some("entry 4")
            ),
            "a.json: entry 4, birthDate: too long"
        );
        assert_eq!(
            why(Some(3), Some("Bundle.entry[3]"), Some("line 4")),
            "a.json: line 4: too long"
        );
        assert_eq!(
            why(Some(3), Some("birthDate"), None),
            "a.json: birthDate: too long"
        );
    }

    #[test]
    fn entries_are_counted_as_far_as_they_can_be_read() {
        assert_eq!(entries(br#"{"entry":[{},{},{}]}"#), 3);
        assert_eq!(entries(b"{}"), 1);
        assert_eq!(entries(b"no json"), 1);
    }
}
