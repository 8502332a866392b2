//! Text that knows where its labelled values stand, whatever it is encoded in.

use std::ops::Range;

use vouchsafe_scan::class::Class;

/// Where the name of a person comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Origin {
    /// All parts stand in a dictionary that ships with the crate.
    Dictionary,
    /// No part does.
    Outside,
    /// Not a name.
    NoName,
}

impl Origin {
    /// Its name in the label file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dictionary => "dictionary",
            Self::Outside => "none",
            Self::NoName => "-",
        }
    }
}

/// What a labelled value is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Label {
    /// Its class; none where the text is neither to be found nor wrong to find.
    pub(crate) class: Option<Class>,
    /// Classes that the rule names for it as well, so that they count as the same.
    pub(crate) also: &'static [Class],
    pub(crate) origin: Origin,
    /// The form of the value: `ssn:dash`.
    pub(crate) form: String,
}

impl Label {
    /// A label of a class.
    pub(crate) fn new(class: Class, form: &str) -> Self {
        Self {
            class: Some(class),
            also: &[],
            origin: Origin::NoName,
            form: form.to_owned(),
        }
    }

    /// The same, with classes that count as well.
    pub(crate) fn or(self, also: &'static [Class]) -> Self {
        Self { also, ..self }
    }

    /// A label for text that is neither to be found nor wrong to find.
    pub(crate) fn neutral() -> Self {
        Self {
            class: None,
            also: &[],
            origin: Origin::NoName,
            form: "neutral".to_owned(),
        }
    }

    /// Whether a finding of this class is right.
    pub(crate) fn accepts(&self, class: Class) -> bool {
        self.class == Some(class) || self.also.contains(&class)
    }
}

/// A labelled stretch of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    /// Bytes of the text.
    pub(crate) at: Range<usize>,
    pub(crate) label: Label,
    /// The value before it was encoded.
    pub(crate) value: String,
    /// The encodings around it, innermost first.
    pub(crate) encodings: Vec<Encoding>,
}

/// A text and its labelled stretches, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
}

/// How a text is written inside another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Encoding {
    /// Inside a JSON string.
    Json,
    /// The same, with all but ASCII as `\uXXXX`.
    JsonAscii,
    /// Percent-encoded.
    Url,
    /// Percent-encoded, blanks as `+`.
    Form,
    Base64,
    Base64Url,
    Hex,
    /// Entities of HTML and XML.
    Html,
    /// Inside a string of Python, Ruby or Java in single quotes.
    Quoted,
    /// Inside a string literal of SQL.
    Sql,
    Upper,
    Lower,
    /// Labels inside are dropped: neither to be found nor wrong to find.
    Neutral,
}

impl Encoding {
    /// The encoding of that name in a template.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Self::Json,
            "jsonu" => Self::JsonAscii,
            "url" => Self::Url,
            "form" => Self::Form,
            "b64" => Self::Base64,
            "b64url" => Self::Base64Url,
            "hex" => Self::Hex,
            "html" => Self::Html,
            "quoted" => Self::Quoted,
            "sql" => Self::Sql,
            "upper" => Self::Upper,
            "lower" => Self::Lower,
            "neutral" => Self::Neutral,
            _ => return None,
        })
    }
}

impl Text {
    /// A text without labels.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            spans: Vec::new(),
        }
    }

    /// A text that is one labelled value.
    pub(crate) fn labelled(text: impl Into<String>, label: Label) -> Self {
        let text = text.into();
        let span = Span {
            at: 0..text.len(),
            label,
            value: text.clone(),
            encodings: Vec::new(),
        };
        Self {
            text,
            spans: vec![span],
        }
    }

    /// Adds a text behind this one.
    pub(crate) fn push(&mut self, other: Self) {
        let offset = self.text.len();
        self.text.push_str(&other.text);
        self.spans.extend(other.spans.into_iter().map(|span| Span {
            at: span.at.start + offset..span.at.end + offset,
            ..span
        }));
    }

    /// Adds text without a label behind this one.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The text encoded, its labels with it.
    pub(crate) fn encode(self, encoding: Encoding) -> Self {
        let mut encoded = match encoding {
            Encoding::Neutral => {
                let at = 0..self.text.len();
                let value = self.text.clone();
                return Self {
                    text: self.text,
                    spans: vec![Span {
                        at,
                        label: Label::neutral(),
                        value,
                        encodings: Vec::new(),
                    }],
                };
            }
            Encoding::Base64 => self.base64(true),
            Encoding::Base64Url => self.base64(false),
            Encoding::Hex => self.hex(),
            Encoding::Json => self.by_character(json),
            Encoding::JsonAscii => self.by_character(json_ascii),
            Encoding::Url => self.by_character(|sign| percent(sign, "%20")),
            Encoding::Form => self.by_character(|sign| percent(sign, "+")),
            Encoding::Html => self.by_character(html),
            Encoding::Quoted => self.by_character(quoted),
            Encoding::Sql => self.by_character(|sign| {
                if sign == '\'' {
                    "''".to_owned()
                } else {
                    sign.to_string()
                }
            }),
            Encoding::Upper => self.by_character(|sign| sign.to_uppercase().collect()),
            Encoding::Lower => self.by_character(|sign| sign.to_lowercase().collect()),
        };
        for span in &mut encoded.spans {
            span.encodings.push(encoding);
        }
        encoded
    }

    fn by_character(self, write: impl Fn(char) -> String) -> Self {
        let mut text = String::with_capacity(self.text.len() * 5 / 4);
        let mut places = vec![0; self.text.len() + 1];
        for (at, sign) in self.text.char_indices() {
            if let Some(place) = places.get_mut(at) {
                *place = text.len();
            }
            text.push_str(&write(sign));
        }
        if let Some(place) = places.last_mut() {
            *place = text.len();
        }
        let place = |at: usize| places.get(at).copied().unwrap_or(0);
        let spans = self
            .spans
            .into_iter()
            .map(|span| Span {
                at: place(span.at.start)..place(span.at.end),
                ..span
            })
            .collect();
        Self { text, spans }
    }

    fn hex(self) -> Self {
        let text = self
            .text
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let spans = self
            .spans
            .into_iter()
            .map(|span| Span {
                at: span.at.start * 2..span.at.end * 2,
                ..span
            })
            .collect();
        Self { text, spans }
    }

    /// Each byte fills 8 bits, each sign holds 6: a value's place is the signs that hold a bit of it.
    fn base64(self, padded: bool) -> Self {
        let text = base64(self.text.as_bytes(), padded);
        let place = |at: Range<usize>| at.start * 8 / 6..(at.end * 8).div_ceil(6);
        let spans = self
            .spans
            .into_iter()
            .map(|span| Span {
                at: place(span.at),
                ..span
            })
            .collect();
        Self { text, spans }
    }
}

fn base64(bytes: &[u8], padded: bool) -> String {
    const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let sign = |bits: u32| match (bits & 63, padded) {
        (62, true) => '+',
        (63, true) => '/',
        (62, false) => '-',
        (63, false) => '_',
        (other, _) => SIGNS.get(other as usize).copied().map_or('A', char::from),
    };
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| chunk.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let signs = [bits >> 18, bits >> 12, bits >> 6, bits].map(sign);
        text.extend(signs.iter().take(chunk.len() + 1));
        if padded {
            text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    text
}

fn json(sign: char) -> String {
    match sign {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other => other.to_string(),
    }
}

fn json_ascii(sign: char) -> String {
    if sign.is_ascii() {
        return json(sign);
    }
    let mut units = [0; 2];
    sign.encode_utf16(&mut units)
        .iter()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn percent(sign: char, blank: &str) -> String {
    if sign.is_ascii_alphanumeric() || "-_.~".contains(sign) {
        return sign.to_string();
    }
    if sign == ' ' {
        return blank.to_owned();
    }
    let mut bytes = [0; 4];
    sign.encode_utf8(&mut bytes)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect()
}

fn html(sign: char) -> String {
    match sign {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    }
}

fn quoted(sign: char) -> String {
    match sign {
        '\'' => "\\'".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Text {
        let mut text = Text::plain("a=\"");
        text.push(Text::labelled(
            "Zoë O'Hara",
            Label::new(Class::Name, "name"),
        ));
        text.push_str("\" b");
        text
    }

    fn encoded(encodings: &[Encoding]) -> String {
        let text = encodings
            .iter()
            .fold(sample(), |text, &encoding| text.encode(encoding));
        text.spans
            .iter()
            .map(|span| text.text.get(span.at.clone()).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_label_stays_on_its_value_in_every_encoding() {
        assert_eq!(encoded(&[]), "Zoë O'Hara");
        assert_eq!(encoded(&[Encoding::Json]), "Zoë O'Hara");
        assert_eq!(encoded(&[Encoding::JsonAscii]), "Zo\\u00eb O'Hara");
        assert_eq!(encoded(&[Encoding::Url]), "Zo%C3%AB%20O%27Hara");
        assert_eq!(encoded(&[Encoding::Form]), "Zo%C3%AB+O%27Hara");
        assert_eq!(encoded(&[Encoding::Html, Encoding::Json]), "Zoë O&#39;Hara");
        assert_eq!(encoded(&[Encoding::Quoted]), "Zoë O\\'Hara");
        assert_eq!(encoded(&[Encoding::Sql, Encoding::Upper]), "ZOË O''HARA");
        assert_eq!(encoded(&[Encoding::Hex]), "5a6fc3ab204f2748617261");
    }

    #[test]
    fn base64_is_the_standard_one_and_labels_the_signs_that_hold_the_value() {
        assert_eq!(base64(b"f", true), "Zg==");
        assert_eq!(base64(b"foobar", true), "Zm9vYmFy");
        assert_eq!(base64(&[0xfb, 0xff], false), "-_8");
        let mut text = Text::plain("ab");
        text.push(Text::labelled("cde", Label::new(Class::Name, "name")));
        text.push_str("fgh");
        let text = text.encode(Encoding::Base64);
        assert_eq!(text.text, "YWJjZGVmZ2g=");
        assert_eq!(text.spans[0].at, 2..7);
    }

    #[test]
    fn neutral_text_is_one_stretch_without_a_class() {
        let text = sample().encode(Encoding::Neutral);
        assert_eq!(text.spans.len(), 1);
        assert_eq!(text.spans[0].label.class, None);
        assert!(!text.spans[0].label.accepts(Class::Name));
    }
}
