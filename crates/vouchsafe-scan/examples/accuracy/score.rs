//! The score: which labelled values were found, which findings are right.
//!
//! A value is found if findings of its class cover all its letters and digits: what is between them names nobody. A
//! finding is right if it touches a value of its class, wrong in class if it touches only values of others, false if it
//! touches none. Text labelled as neutral is neither.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use vouchsafe_scan::class::Class;

use crate::corpus::Line;
use crate::template::{Kind, Template};
use crate::text::{Label, Origin, Span};

/// A finding of any tool: its place in a line and the classes it stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) at: Range<usize>,
    pub(crate) classes: Vec<Class>,
}

/// How many labelled values were found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Recall {
    pub(crate) labelled: u64,
    /// All of it, as its class.
    pub(crate) found: u64,
    /// All of it, as any class.
    pub(crate) any: u64,
    /// A part of it only, as its class.
    pub(crate) part: u64,
    /// Labelled and found, by template.
    pub(crate) templates: BTreeMap<String, (u64, u64)>,
}

/// How many findings are right.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Precision {
    pub(crate) right: u64,
    /// It touches a value, but of another class.
    pub(crate) other: u64,
    /// It touches no value.
    pub(crate) wrong: u64,
}

impl Precision {
    /// The share of findings that are right, in their class; none where there are none.
    pub(crate) fn share(self) -> Option<f64> {
        let all = self.right + self.other + self.wrong;
        (all > 0).then(|| self.right as f64 / all as f64)
    }
}

/// The groups that recall is reported for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Group {
    Class(Class),
    Kind(Kind),
    /// Values that have a format, together.
    Structured,
    /// Places in words: streets, cities, counties.
    PlaceWords,
    /// Names by origin, in logs or in clinical notes.
    Names(Origin, Where),
    /// Names by origin and kind of text.
    NamesIn(Kind, Origin),
    Form(String),
}

/// Where a name stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Where {
    Logs,
    Notes,
}

/// The score of a tool on a corpus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) lines: u64,
    pub(crate) documents: u64,
    pub(crate) recall: BTreeMap<Group, Recall>,
    pub(crate) precision: BTreeMap<Class, Precision>,
    pub(crate) precision_in: BTreeMap<Kind, Precision>,
    /// Letters and digits that findings cover.
    pub(crate) covered: u64,
    /// Those of them that belong to no value.
    pub(crate) beyond: u64,
    /// What was missed or falsely found, by template, class and form; no values.
    pub(crate) misses: BTreeMap<String, (u64, u64)>,
    pub(crate) clean: CleanScore,
}

/// What was found in clean lines: all of it is false.
#[derive(Clone, Debug, Default)]
pub(crate) struct CleanScore {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) found: u64,
    pub(crate) classes: BTreeMap<Class, u64>,
    pub(crate) templates: BTreeMap<String, u64>,
}

impl Score {
    /// Counts a document: its lines, and what was found in each.
    pub(crate) fn count(&mut self, template: &Template, lines: &[Line], found: &[Vec<Found>]) {
        self.documents += 1;
        for (line, found) in lines.iter().zip(found) {
            self.lines += 1;
            for span in &line.spans {
                self.label(template, line, span, found);
            }
            for finding in found {
                self.finding(template, line, finding);
            }
            self.coverage(line, found);
        }
    }

    /// Counts a clean document: whatever was found in it is false, unless it is neutral text.
    pub(crate) fn count_clean(
        &mut self,
        template: &Template,
        lines: &[Line],
        found: &[Vec<Found>],
    ) {
        for (line, found) in lines.iter().zip(found) {
            self.clean.lines += 1;
            self.clean.bytes += line.text.len() as u64 + 1;
            for finding in found {
                let neutral = line
                    .spans
                    .iter()
                    .any(|span| touches(line, &span.at, &finding.at));
                let Some(&class) = finding.classes.first() else {
                    continue;
                };
                if !neutral {
                    self.clean.found += 1;
                    *self.clean.classes.entry(class).or_default() += 1;
                    *self
                        .clean
                        .templates
                        .entry(format!("{} ({class})", template.name))
                        .or_default() += 1;
                }
            }
        }
    }

    fn label(&mut self, template: &Template, line: &Line, span: &Span, found: &[Found]) {
        let Some(class) = span.label.class else {
            return;
        };
        let of_class = |finding: &&Found| {
            finding
                .classes
                .iter()
                .any(|&class| span.label.accepts(class))
        };
        let signs = signs(&line.text, &span.at);
        let covered = |findings: &[&Found]| {
            signs
                .iter()
                .filter(|&&at| findings.iter().any(|finding| finding.at.contains(&at)))
                .count()
        };
        let same = covered(&found.iter().filter(of_class).collect::<Vec<_>>());
        let any = covered(&found.iter().collect::<Vec<_>>());
        for group in groups(template.kind, class, &span.label) {
            let recall = self.recall.entry(group).or_default();
            let by_template = recall.templates.entry(template.name.clone()).or_default();
            recall.labelled += 1;
            by_template.0 += 1;
            recall.any += u64::from(any == signs.len());
            if same == signs.len() {
                recall.found += 1;
                by_template.1 += 1;
            } else if same > 0 {
                recall.part += 1;
            }
        }
        let miss = self
            .misses
            .entry(format!(
                "{} {} {}",
                template.name,
                span.label.form,
                span.label.origin.name()
            ))
            .or_default();
        miss.0 += 1;
        miss.1 += u64::from(same < signs.len());
    }

    fn finding(&mut self, template: &Template, line: &Line, finding: &Found) {
        let touched: Vec<&Label> = line
            .spans
            .iter()
            .filter(|span| touches(line, &span.at, &finding.at))
            .map(|span| &span.label)
            .collect();
        let right = touched
            .iter()
            .any(|label| finding.classes.iter().any(|&class| label.accepts(class)));
        let neutral = touched.iter().all(|label| label.class.is_none());
        let Some(&class) = finding.classes.first() else {
            return;
        };
        if !right && neutral && !touched.is_empty() {
            return;
        }
        for precision in [
            self.precision.entry(class).or_default(),
            self.precision_in.entry(template.kind).or_default(),
        ] {
            match (right, touched.is_empty()) {
                (true, _) => precision.right += 1,
                (false, false) => precision.other += 1,
                (false, true) => precision.wrong += 1,
            }
        }
        if !right {
            let why = if touched.is_empty() {
                "false"
            } else {
                "other class"
            };
            let key = format!("{} {why} {class}", template.name);
            self.misses.entry(key).or_default().1 += 1;
        }
    }

    fn coverage(&mut self, line: &Line, found: &[Found]) {
        for finding in found {
            for at in signs(&line.text, &finding.at) {
                self.covered += 1;
                self.beyond += u64::from(!line.spans.iter().any(|span| span.at.contains(&at)));
            }
        }
    }
}

fn groups(kind: Kind, class: Class, label: &Label) -> Vec<Group> {
    let mut groups = vec![Group::Class(class), Group::Form(label.form.clone())];
    if class != Class::Secret {
        groups.push(Group::Kind(kind));
    }
    if class == Class::Name {
        let place = if kind == Kind::Note {
            Where::Notes
        } else {
            Where::Logs
        };
        groups.extend([
            Group::Names(label.origin, place),
            Group::NamesIn(kind, label.origin),
        ]);
    } else if class == Class::Geography
        && ["street", "city", "county"]
            .iter()
            .any(|word| label.form.starts_with(word))
    {
        groups.push(Group::PlaceWords);
    } else if class != Class::Secret {
        groups.push(Group::Structured);
    }
    groups
}

/// The places of the letters and digits in a stretch of a line.
fn signs(line: &str, at: &Range<usize>) -> Vec<usize> {
    let bytes = line
        .as_bytes()
        .iter()
        .enumerate()
        .take(at.end)
        .skip(at.start);
    bytes
        .filter(|(_, byte)| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        .map(|(at, _)| at)
        .collect()
}

fn touches(line: &Line, value: &Range<usize>, finding: &Range<usize>) -> bool {
    let both = value.start.max(finding.start)..value.end.min(finding.end);
    both.start < both.end && !signs(&line.text, &both).is_empty()
}

/// The interval of Wilson for a share, at 95 %.
pub(crate) fn wilson(found: u64, all: u64) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (count, share, z) = (all as f64, found as f64 / all as f64, 1.959_964);
    let middle = share + z * z / (2.0 * count);
    let width = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
    let scale = 1.0 + z * z / count;
    (
        ((middle - width) / scale).max(0.0),
        ((middle + width) / scale).min(1.0),
    )
}

/// The interval of a share at 95 % when templates are drawn again, not values: values of one template are alike.
pub(crate) fn by_template(recall: &Recall) -> (f64, f64) {
    let templates: Vec<(u64, u64)> = recall.templates.values().copied().collect();
    let mut random = crate::random::Random::new(95, &[]);
    let mut shares: Vec<f64> = (0..1_000)
        .filter_map(|_| {
            let drawn =
                (0..templates.len()).filter_map(|_| templates.get(random.below(templates.len())));
            let (all, found) = drawn.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            (all > 0).then(|| found as f64 / all as f64)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    let at = |place: usize| {
        shares
            .get(place.min(shares.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    };
    (
        at(shares.len() * 25 / 1_000),
        at(shares.len() * 975 / 1_000),
    )
}
