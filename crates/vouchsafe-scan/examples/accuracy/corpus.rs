//! The corpus: two sets of templates, names, places and seeds that share nothing but the forms of values.

use std::io::{self, Write};
use std::path::Path;

use crate::people::{Dictionary, origins};
use crate::random::Random;
use crate::template::{Template, TemplateError, parse};
use crate::text::{Span, Text};
use crate::values::{Record, World};

/// Which half of the work a corpus is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Set {
    /// For those who write detectors: the first set, and the second, the figures of then, the third, the fourth and the
    /// sixth, each of which was held back until the detectors were fitted to it.
    Tuning,
    /// For the figures: the fifth set, written by people who have not read the detectors.
    Figures,
    /// The seventh set: written last, whole, before it was run once.
    Seventh,
    /// A small set, written when no detector had been fitted to it: does it agree with the figures?
    Check,
}

impl Set {
    /// The set of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "tuning" => Some(Self::Tuning),
            "figures" => Some(Self::Figures),
            "seventh" => Some(Self::Seventh),
            "check" => Some(Self::Check),
            _ => None,
        }
    }

    const fn seed(self) -> u64 {
        match self {
            Self::Tuning => 0x5EED_0001,
            Self::Figures => 0x5EED_0006_A7C9,
            Self::Seventh => 0x5EED_0008_0E7F,
            Self::Check => 0x5EED_C4EC,
        }
    }

    fn templates(self) -> Result<Vec<Template>, TemplateError> {
        let files: &[&str] = match self {
            Self::Tuning => &[
                include_str!("templates/tuning/logs.txt"),
                include_str!("templates/tuning/nested.txt"),
                include_str!("templates/tuning/data.txt"),
                include_str!("templates/second/services.txt"),
                include_str!("templates/second/dumps.txt"),
                include_str!("templates/second/tables.txt"),
                include_str!("templates/second/records.txt"),
                include_str!("templates/second/notes.txt"),
                include_str!("templates/figures/json.txt"),
                include_str!("templates/figures/lines.txt"),
                include_str!("templates/figures/objects.txt"),
                include_str!("templates/figures/health.txt"),
                include_str!("templates/figures/stores.txt"),
                include_str!("templates/figures/prose.txt"),
                include_str!("templates/third/json.txt"),
                include_str!("templates/third/lines.txt"),
                include_str!("templates/third/objects.txt"),
                include_str!("templates/third/health.txt"),
                include_str!("templates/third/stores.txt"),
                include_str!("templates/third/prose.txt"),
                include_str!("templates/fourth/json.txt"),
                include_str!("templates/fourth/lines.txt"),
                include_str!("templates/fourth/objects.txt"),
                include_str!("templates/fourth/health.txt"),
                include_str!("templates/fourth/stores.txt"),
                include_str!("templates/fourth/prose.txt"),
                include_str!("templates/sixth/json.txt"),
                include_str!("templates/sixth/lines.txt"),
                include_str!("templates/sixth/objects.txt"),
                include_str!("templates/sixth/health.txt"),
                include_str!("templates/sixth/stores.txt"),
                include_str!("templates/sixth/prose.txt"),
            ],
            Self::Figures => &[
                include_str!("templates/fifth/json.txt"),
                include_str!("templates/fifth/lines.txt"),
                include_str!("templates/fifth/objects.txt"),
                include_str!("templates/fifth/health.txt"),
                include_str!("templates/fifth/stores.txt"),
                include_str!("templates/fifth/prose.txt"),
            ],
            Self::Seventh => &[
                include_str!("templates/seventh/json.txt"),
                include_str!("templates/seventh/lines.txt"),
                include_str!("templates/seventh/objects.txt"),
                include_str!("templates/seventh/health.txt"),
                include_str!("templates/seventh/stores.txt"),
                include_str!("templates/seventh/prose.txt"),
            ],
            Self::Check => &[include_str!("templates/check/values.txt")],
        };
        parse(&files.join("\n"))
    }

    fn clean_templates(self) -> Result<Vec<Template>, TemplateError> {
        let files: &[&str] = match self {
            Self::Tuning => &[
                include_str!("templates/tuning/clean.txt"),
                include_str!("templates/second/clean.txt"),
                include_str!("templates/figures/clean.txt"),
                include_str!("templates/figures/clean-tools.txt"),
                include_str!("templates/third/clean.txt"),
                include_str!("templates/third/clean-health.txt"),
                include_str!("templates/fourth/clean.txt"),
                include_str!("templates/fourth/clean-health.txt"),
                include_str!("templates/sixth/clean.txt"),
            ],
            Self::Figures => &[
                include_str!("templates/fifth/clean.txt"),
                include_str!("templates/fifth/clean-health.txt"),
            ],
            Self::Seventh => &[include_str!("templates/seventh/clean.txt")],
            Self::Check => &[include_str!("templates/check/clean.txt")],
        };
        parse(&files.join("\n"))
    }

    fn world(self) -> io::Result<World> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let (names, places) = match self {
            Self::Tuning => (
                concat!(
                    include_str!("names/tuning.txt"),
                    "\n",
                    include_str!("names/second.txt"),
                    "\n",
                    include_str!("names/figures.txt"),
                    "\n",
                    include_str!("names/third.txt"),
                    "\n",
                    include_str!("names/fourth.txt"),
                    "\n",
                    include_str!("names/sixth.txt")
                ),
                crate::values::tuning_places(),
            ),
            Self::Figures => (include_str!("names/fifth.txt"), crate::values::FIFTH),
            Self::Seventh => (include_str!("names/seventh.txt"), crate::values::SEVENTH),
            Self::Check => (include_str!("names/figures.txt"), crate::values::FIGURES),
        };
        Ok(World {
            dictionary: Dictionary::load(&folder)?,
            origins: origins(names),
            places,
        })
    }
}

/// Why a corpus cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CorpusError {
    #[error("the dictionaries of names cannot be read")]
    Dictionary(#[source] io::Error),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the corpus cannot be written")]
    Write(#[from] io::Error),
}

/// A corpus: each template as often as asked for.
#[derive(Debug)]
pub(crate) struct Corpus {
    set: Set,
    world: World,
    templates: Vec<Template>,
    clean: Vec<Template>,
}

/// A document: what one template made, one or a few lines.
#[derive(Debug)]
pub(crate) struct Document<'c> {
    pub(crate) template: &'c Template,
    pub(crate) lines: Vec<Line>,
}

/// A line and the labelled values in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
}

impl Corpus {
    /// The corpus of a set.
    pub(crate) fn new(set: Set) -> Result<Self, CorpusError> {
        let world = set.world().map_err(CorpusError::Dictionary)?;
        Ok(Self {
            set,
            world,
            templates: set.templates()?,
            clean: set.clean_templates()?,
        })
    }

    /// The templates with labelled values.
    #[cfg(test)]
    pub(crate) fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// Documents with labelled values: each template `each` times, in turn. Fewer of each are the start of more.
    pub(crate) fn documents(
        &self,
        each: u64,
    ) -> impl Iterator<Item = Result<Document<'_>, CorpusError>> {
        let places = (0..each).flat_map(|turn| {
            (0u64..)
                .zip(&self.templates)
                .map(move |(at, template)| (turn, at, template))
        });
        places.map(|(turn, at, template)| self.document(template, &[1, at, turn]))
    }

    /// Documents without a value of anybody, one for each number.
    pub(crate) fn clean_documents(
        &self,
        numbers: impl Iterator<Item = u64>,
    ) -> impl Iterator<Item = Result<Document<'_>, CorpusError>> {
        numbers.map_while(|number| {
            let mut random = Random::new(self.set.seed(), &[2, number]);
            let template = self.clean.get(random.below(self.clean.len()))?;
            Some(self.document(template, &[3, number]))
        })
    }

    fn document<'c>(
        &'c self,
        template: &'c Template,
        parts: &[u64],
    ) -> Result<Document<'c>, CorpusError> {
        let text = Record::new(&self.world, Random::new(self.set.seed(), parts)).fill(template)?;
        Ok(Document {
            template,
            lines: lines(&text),
        })
    }

    /// Writes the corpus into a folder: its lines, its labels, where its documents start, and clean lines.
    pub(crate) fn write(&self, folder: &Path, each: u64, clean: Clean) -> Result<(), CorpusError> {
        std::fs::create_dir_all(folder)?;
        let file = |name: &str| -> io::Result<_> {
            Ok(io::BufWriter::new(std::fs::File::create(
                folder.join(name),
            )?))
        };
        let (mut log, mut labels, mut starts) = (
            file("corpus.log")?,
            file("labels.tsv")?,
            file("documents.tsv")?,
        );
        writeln!(labels, "line\tstart\tend\tclass\torigin\tform\talso")?;
        writeln!(starts, "line\tlines\ttemplate")?;
        let mut number = 1;
        for document in self.documents(each) {
            let Document { template, lines } = document?;
            writeln!(starts, "{number}\t{}\t{}", lines.len(), template.name)?;
            for line in lines {
                writeln!(log, "{}", line.text)?;
                for span in &line.spans {
                    writeln!(labels, "{number}\t{}", label_row(span))?;
                }
                number += 1;
            }
        }
        let mut log = file("clean.log")?;
        let mut starts = file("clean-documents.tsv")?;
        writeln!(starts, "line\tlines\ttemplate")?;
        let mut number = 1;
        for document in self.clean_lines(clean) {
            let Document { template, lines } = document?;
            writeln!(starts, "{number}\t{}\t{}", lines.len(), template.name)?;
            for line in lines {
                writeln!(log, "{}", line.text)?;
                number += 1;
            }
        }
        Ok(())
    }

    /// Clean documents until there are enough lines; the last is cut.
    pub(crate) fn clean_lines(
        &self,
        clean: Clean,
    ) -> impl Iterator<Item = Result<Document<'_>, CorpusError>> {
        let Clean {
            lines: wanted,
            stride,
        } = clean;
        let mut left = if self.clean.is_empty() { 0 } else { wanted };
        self.clean_documents((0..).step_by(stride.max(1)))
            .map_while(move |document| {
                if left == 0 {
                    return None;
                }
                Some(document.map(|mut document| {
                    document.lines.truncate(left);
                    left -= document.lines.len();
                    document
                }))
            })
    }
}

/// How many clean lines are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clean {
    pub(crate) lines: usize,
    /// One of so many documents is taken: a sample of the same stream.
    pub(crate) stride: usize,
}

fn label_row(span: &Span) -> String {
    let class = span.label.class.map_or("neutral", |class| class.name());
    let also: Vec<&str> = span.label.also.iter().map(|class| class.name()).collect();
    let also = if also.is_empty() {
        "-".to_owned()
    } else {
        also.join(",")
    };
    format!(
        "{}\t{}\t{class}\t{}\t{}\t{also}",
        span.at.start,
        span.at.end,
        span.label.origin.name(),
        span.label.form
    )
}

fn lines(text: &Text) -> Vec<Line> {
    let mut start = 0;
    let mut spans = text.spans.iter().peekable();
    let mut lines = Vec::new();
    for line in text.text.split('\n') {
        let end = start + line.len();
        let mut inside = Vec::new();
        while let Some(span) = spans.next_if(|span| span.at.end <= end) {
            inside.push(Span {
                at: span.at.start - start..span.at.end - start,
                ..span.clone()
            });
        }
        lines.push(Line {
            text: line.to_owned(),
            spans: inside,
        });
        start = end + 1;
    }
    lines
}
