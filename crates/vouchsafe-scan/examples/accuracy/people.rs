//! People: half of them with names of the dictionaries that ship with the crate, half with names that no dictionary has.

use std::collections::HashSet;
use std::path::Path;

use crate::random::Random;
use crate::text::{Label, Origin, Text};

/// Names that most people bear, so that the half with dictionary looks as in life.
const COMMON_GIVEN: &str = "james mary robert patricia john jennifer michael linda david elizabeth william barbara \
    richard susan joseph jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony sandra \
    mark margaret donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian \
    melissa george deborah timothy stephanie ronald rebecca jason laura edward helen jeffrey sharon ryan cynthia jacob \
    amy gary kathleen nicholas angela eric shirley jonathan brenda stephen emma larry anna justin pamela scott nicole \
    brandon samantha benjamin katherine samuel christine gregory alexander olivia frank maria jose luis carlos juan \
    miguel ana rosa carmen wei priya ahmed fatima mohammed grace hope faith joy will mark dean grant june may april";
const COMMON_FAMILY: &str = "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez \
    gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez \
    lewis robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera \
    campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris \
    morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward \
    richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel \
    myers long ross foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes fisher";

/// The dictionaries of names that ship with the crate.
#[derive(Debug)]
pub(crate) struct Dictionary {
    known: HashSet<String>,
    given: Vec<String>,
    family: Vec<String>,
    common_given: Vec<String>,
    common_family: Vec<String>,
}

impl Dictionary {
    /// The dictionaries in a folder: `given-names.txt` and `surnames.txt`, a name on each line.
    pub(crate) fn load(folder: &Path) -> std::io::Result<Self> {
        let given = std::fs::read_to_string(folder.join("given-names.txt"))?;
        let family = std::fs::read_to_string(folder.join("surnames.txt"))?;
        Ok(Self::new(&given, &family))
    }

    /// The dictionaries of two lists, a name on each line.
    pub(crate) fn new(given: &str, family: &str) -> Self {
        let list = |text: &str| -> Vec<String> {
            text.lines()
                .map(str::trim)
                .filter(|name| !name.starts_with('#') && name.len() > 1)
                .map(str::to_owned)
                .collect()
        };
        let (given, family) = (list(given), list(family));
        let known: HashSet<String> = given.iter().chain(&family).map(|name| fold(name)).collect();
        let common = |text: &str, all: &[String]| -> Vec<String> {
            let all: HashSet<&str> = all.iter().map(String::as_str).collect();
            text.split_whitespace()
                .filter(|name| all.contains(name))
                .map(str::to_owned)
                .collect()
        };
        let (common_given, common_family) =
            (common(COMMON_GIVEN, &given), common(COMMON_FAMILY, &family));
        Self {
            known,
            given,
            family,
            common_given,
            common_family,
        }
    }

    /// Whether a dictionary has any part of a name, with its accents or without.
    pub(crate) fn has_part_of(&self, name: &str) -> bool {
        let folded = fold(name);
        let whole: String = folded.chars().filter(char::is_ascii_alphabetic).collect();
        let mut parts = folded
            .split(|sign: char| !sign.is_ascii_alphabetic())
            .filter(|part| part.len() > 1);
        self.known.contains(&whole) || parts.any(|part| self.known.contains(part))
    }

    fn draw(&self, random: &mut Random, list: &[String], common: &[String]) -> String {
        let from = if random.percent(55) && !common.is_empty() {
            common
        } else {
            list
        };
        capitalised(random.pick_owned(from))
    }
}

/// How the names of one origin are made.
#[derive(Clone, Debug, Default)]
struct Model {
    whole: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
}

impl Model {
    fn draw(&self, random: &mut Random) -> String {
        let combined = !self.starts.is_empty() && (self.whole.is_empty() || random.percent(60));
        if !combined {
            return random.pick_owned(&self.whole).replace('_', " ");
        }
        let (start, end) = (
            random.pick_owned(&self.starts),
            random.pick_owned(&self.ends),
        );
        format!("{start}{end}").replace('_', " ")
    }
}

/// Where names come from that no dictionary has.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameOrigin {
    given: Model,
    family: Model,
}

/// The origins of a file: blocks headed by `== NAME`, with lines `given`, `given-start`, `given-end`, `family`...; an
/// underscore stands for a blank.
pub(crate) fn origins(file: &str) -> Vec<NameOrigin> {
    let mut origins: Vec<NameOrigin> = Vec::new();
    for line in file.lines() {
        if line.starts_with("== ") {
            origins.push(NameOrigin::default());
            continue;
        }
        let (Some((key, words)), Some(origin)) = (line.split_once(':'), origins.last_mut()) else {
            continue;
        };
        let words = words.split_whitespace().map(str::to_owned);
        match key {
            "given" => origin.given.whole.extend(words),
            "given-start" => origin.given.starts.extend(words),
            "given-end" => origin.given.ends.extend(words),
            "family" => origin.family.whole.extend(words),
            "family-start" => origin.family.starts.extend(words),
            "family-end" => origin.family.ends.extend(words),
            _ => {}
        }
    }
    origins
}

/// A person of the corpus.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) given: String,
    pub(crate) middle: char,
    pub(crate) family: String,
    pub(crate) origin: Origin,
}

impl Person {
    /// A person: by chance one of the dictionaries or of the origins.
    pub(crate) fn draw(
        random: &mut Random,
        dictionary: &Dictionary,
        origins: &[NameOrigin],
    ) -> Self {
        let middle = random.shape("^").chars().next().unwrap_or('A');
        if random.percent(50)
            && let Some((given, family)) = outside(random, dictionary, origins)
        {
            return Self {
                given,
                middle,
                family,
                origin: Origin::Outside,
            };
        }
        let given = dictionary.draw(random, &dictionary.given, &dictionary.common_given);
        let family = dictionary.draw(random, &dictionary.family, &dictionary.common_family);
        Self {
            given,
            middle,
            family,
            origin: Origin::Dictionary,
        }
    }

    /// A name of this person, as one label for each stretch that stands together.
    pub(crate) fn name(&self, form: &str) -> Option<Text> {
        let Self {
            given,
            family,
            middle,
            ..
        } = self;
        let one = |text: String| Some(self.label(&text, form));
        match form {
            "full" => one(format!("{given} {family}")),
            "full-initial" => one(format!("{given} {middle}. {family}")),
            "given" => one(given.clone()),
            "family" => one(family.clone()),
            "initial-family" => one(format!("{}. {family}", given.chars().next().unwrap_or('A'))),
            "last-first" => Some(self.pair(form, ", ", "")),
            "last-first-initial" => Some(self.pair(form, ", ", &format!(" {middle}"))),
            "hl7" => Some(self.pair(form, "^", &format!("^{middle}"))),
            "hl7-short" => Some(self.pair(form, "^", "")),
            _ => None,
        }
    }

    fn pair(&self, form: &str, between: &str, after: &str) -> Text {
        let mut text = self.label(&self.family, form);
        text.push_str(between);
        text.push(self.label(&self.given, form));
        text.push_str(after);
        text
    }

    fn label(&self, text: &str, form: &str) -> Text {
        let label = Label {
            origin: self.origin,
            ..Label::new(vouchsafe_scan::class::Class::Name, &format!("name:{form}"))
        };
        Text::labelled(text, label)
    }

    /// A name in letters that a mail address can have.
    pub(crate) fn plain(&self) -> (String, String) {
        let letters = |name: &str| -> String {
            fold(name)
                .chars()
                .filter(char::is_ascii_alphabetic)
                .collect()
        };
        (letters(&self.given), letters(&self.family))
    }
}

fn outside(
    random: &mut Random,
    dictionary: &Dictionary,
    origins: &[NameOrigin],
) -> Option<(String, String)> {
    let origin = origins.get(random.below(origins.len()))?;
    let mut part = |model: &Model| {
        (0..200)
            .map(|_| model.draw(random))
            .find(|name| !name.is_empty() && !dictionary.has_part_of(name))
    };
    Some((part(&origin.given)?, part(&origin.family)?))
}

/// A name with a capital at the start of each part.
fn capitalised(name: &str) -> String {
    let mut start = true;
    let mut written = String::with_capacity(name.len());
    for sign in name.chars() {
        if start {
            written.extend(sign.to_uppercase());
        } else {
            written.push(sign);
        }
        start = !sign.is_alphabetic();
    }
    written
}

/// A name in small letters of ASCII: accents dropped.
pub(crate) fn fold(name: &str) -> String {
    const FOLDED: [(&str, &str); 27] = [
        ("a", "àáâãäåāăąǎạảấầẩẫậắằẳẵặ"),
        ("ae", "æ"),
        ("c", "çćĉċč"),
        ("d", "ďđð"),
        ("e", "èéêëēĕėęěẹẻẽếềểễệ"),
        ("g", "ğĝġģ"),
        ("h", "ĥħ"),
        ("i", "ìíîïĩīĭįıỉị"),
        ("j", "ĵ"),
        ("k", "ķ"),
        ("l", "ĺļľłŀ"),
        ("m", "ṃ"),
        ("n", "ñńņňŋṇ"),
        ("o", "òóôõöøōŏőơọỏốồổỗộớờởỡợ"),
        ("oe", "œ"),
        ("r", "ŕŗř"),
        ("s", "śŝşšșṣ"),
        ("ss", "ß"),
        ("t", "ţťŧț"),
        ("th", "þ"),
        ("u", "ùúûüũūŭůűųưụủứừửữự"),
        ("w", "ŵ"),
        ("y", "ýÿŷỳỵỷỹ"),
        ("z", "źżž"),
        ("", "ʻʼ’‘\u{301}\u{300}\u{304}\u{328}\u{307}"),
        ("e", "ə"),
        ("i", "i\u{307}"),
    ];
    let mut folded = String::with_capacity(name.len());
    for sign in name.to_lowercase().chars() {
        match FOLDED
            .iter()
            .find(|(_, signs)| !sign.is_ascii() && signs.contains(sign))
        {
            Some((plain, _)) => folded.push_str(plain),
            None => folded.push(sign),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_outside_the_dictionaries_only_if_no_part_is_inside() {
        let dictionary = Dictionary::new("minh\nanna\n", "nguyen\nobrien\n");
        assert!(dictionary.has_part_of("Nguyễn"));
        assert!(dictionary.has_part_of("O'Brien"));
        assert!(dictionary.has_part_of("Thanh-Minh"));
        assert!(!dictionary.has_part_of("Ọláńrewájú"));
    }

    #[test]
    fn people_of_both_halves_are_what_they_are_labelled_as() {
        let dictionary = Dictionary::new("anna\njoan\n", "reed\nwood\n");
        let origins =
            origins("== test\ngiven: Anna Chịkamsọ\nfamily-start: Ọbị Reed\nfamily-end: _ora\n");
        let mut random = Random::new(5, &[]);
        for _ in 0..200 {
            let person = Person::draw(&mut random, &dictionary, &origins);
            let known = [&person.given, &person.family].map(|part| dictionary.has_part_of(part));
            assert_eq!(known, [person.origin == Origin::Dictionary; 2]);
        }
    }

    #[test]
    fn the_parts_of_a_turned_name_are_labelled_apart() {
        let person = Person {
            given: "Ana".into(),
            middle: 'B',
            family: "Cruz".into(),
            origin: Origin::Dictionary,
        };
        let text = person.name("last-first-initial").unwrap();
        assert_eq!(text.text, "Cruz, Ana B");
        assert_eq!(
            text.spans
                .iter()
                .map(|span| text.text.get(span.at.clone()).unwrap())
                .collect::<Vec<_>>(),
            ["Cruz", "Ana"]
        );
        assert_eq!(person.name("nick"), None);
    }
}
