//! Templates: lines of log with places for values.
//!
//! A file of templates holds blocks, each headed by `=== KIND NAME`. In the text, `$[key]` is a value, `$[key:form]` one
//! of a form, `$[key@2]` one of the second person, `$[key=SHAPE]` a labelled value of a shape, `$[=a|b|c]` one of some
//! words; `$json<<...>>` and its like encode what they hold; `$rows<<...>>` repeats a line for a few people.

use crate::text::Encoding;

/// What kind of text a template makes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Json,
    Logfmt,
    Text,
    Access,
    Nested,
    Struct,
    Hl7,
    Fhir,
    Trace,
    Url,
    Sql,
    Csv,
    Form,
    Encoded,
    Xml,
    Mail,
    Note,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 17] = [
        Self::Json,
        Self::Logfmt,
        Self::Text,
        Self::Access,
        Self::Nested,
        Self::Struct,
        Self::Hl7,
        Self::Fhir,
        Self::Trace,
        Self::Url,
        Self::Sql,
        Self::Csv,
        Self::Form,
        Self::Encoded,
        Self::Xml,
        Self::Mail,
        Self::Note,
    ];

    /// Its name in template files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Logfmt => "logfmt",
            Self::Text => "text",
            Self::Access => "access",
            Self::Nested => "nested",
            Self::Struct => "struct",
            Self::Hl7 => "hl7",
            Self::Fhir => "fhir",
            Self::Trace => "trace",
            Self::Url => "url",
            Self::Sql => "sql",
            Self::Csv => "csv",
            Self::Form => "form",
            Self::Encoded => "encoded",
            Self::Xml => "xml",
            Self::Mail => "mail",
            Self::Note => "note",
        }
    }

    /// Its name in tables.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON logs",
            Self::Logfmt => "logfmt logs",
            Self::Text => "text logs",
            Self::Access => "access logs",
            Self::Nested => "JSON in JSON",
            Self::Struct => "dumps of structs, records, dicts",
            Self::Hl7 => "HL7v2 and X12",
            Self::Fhir => "FHIR JSON",
            Self::Trace => "stack traces",
            Self::Url => "URLs in messages",
            Self::Sql => "SQL and its errors",
            Self::Csv => "CSV",
            Self::Form => "form bodies",
            Self::Encoded => "base64 and hex",
            Self::Xml => "XML, SOAP, HTML",
            Self::Mail => "e-mail and SMS logs",
            Self::Note => "clinical notes",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) kind: Kind,
    /// Kind and name, as they head it.
    pub(crate) name: String,
    pub(crate) parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Literal(String),
    Value(Request),
    Choice(Vec<String>),
    Encoded(Encoding, Vec<Self>),
    Rows(Vec<Self>),
}

/// A value that a template asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Request {
    /// As it stands in the template: the same text asks for the same value.
    pub(crate) source: String,
    pub(crate) key: String,
    pub(crate) argument: Argument,
    /// Whose value, from 1 on.
    pub(crate) person: usize,
}

/// How a value is to look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Argument {
    /// Any form, by chance.
    Any,
    Form(String),
    Shape(String),
}

/// Why templates cannot be used: a mistake in one of our own files.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("a block has a heading that names no kind: {0}")]
    Heading(String),
    #[error("a place for a value is not closed in template {0}")]
    Open(String),
    #[error("template {template} asks for an unknown value: {request}")]
    Unknown { template: String, request: String },
    #[error("a labelled value of template {0} holds a line break")]
    Broken(String),
}

/// The templates of a file.
pub(crate) fn parse(file: &str) -> Result<Vec<Template>, TemplateError> {
    let mut templates = Vec::new();
    for block in format!("\n{file}").split("\n=== ").skip(1) {
        let (heading, body) = block.split_once('\n').unwrap_or((block, ""));
        let heading_error = || TemplateError::Heading(heading.to_owned());
        let name = heading.trim();
        let (kind, _) = name.split_once(' ').ok_or_else(heading_error)?;
        let kind = Kind::parse(kind).ok_or_else(heading_error)?;
        let mut reader = Reader {
            rest: body.trim_end_matches('\n'),
            name,
        };
        templates.push(Template {
            kind,
            name: name.to_owned(),
            parts: reader.parts(Until::End)?,
        });
    }
    Ok(templates)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Until {
    End,
    Close,
}

struct Reader<'a> {
    rest: &'a str,
    name: &'a str,
}

impl Reader<'_> {
    fn parts(&mut self, until: Until) -> Result<Vec<Part>, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        loop {
            if until == Until::Close
                && let Some(rest) = self.rest.strip_prefix(">>")
            {
                self.rest = rest;
                break;
            }
            if let Some(part) = self.special()? {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(part);
                continue;
            }
            let mut signs = self.rest.chars();
            let Some(sign) = signs.next() else {
                if until == Until::Close {
                    return Err(self.open());
                }
                break;
            };
            literal.push(sign);
            self.rest = signs.as_str();
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(parts)
    }

    fn special(&mut self) -> Result<Option<Part>, TemplateError> {
        let Some(after) = self.rest.strip_prefix('$') else {
            return Ok(None);
        };
        if let Some(inside) = after.strip_prefix('[') {
            let (inside, rest) = inside.split_once(']').ok_or_else(|| self.open())?;
            self.rest = rest;
            return Ok(Some(place(inside)));
        }
        let Some((word, rest)) = after.split_once("<<") else {
            return Ok(None);
        };
        if word == "rows" {
            self.rest = rest;
            return Ok(Some(Part::Rows(self.parts(Until::Close)?)));
        }
        let Some(encoding) = Encoding::parse(word) else {
            return Ok(None);
        };
        self.rest = rest;
        Ok(Some(Part::Encoded(encoding, self.parts(Until::Close)?)))
    }

    fn open(&self) -> TemplateError {
        TemplateError::Open(self.name.to_owned())
    }
}

fn place(inside: &str) -> Part {
    if let Some(words) = inside.strip_prefix('=') {
        return Part::Choice(words.split('|').map(str::to_owned).collect());
    }
    let source = inside.to_owned();
    if let Some((key, shape)) = inside.split_once('=') {
        let argument = Argument::Shape(shape.to_owned());
        return Part::Value(Request {
            source,
            key: key.to_owned(),
            argument,
            person: 1,
        });
    }
    let (inside, person) = match inside.rsplit_once('@') {
        Some((inside, person)) => (inside, person.parse().unwrap_or(1)),
        None => (inside, 1),
    };
    let (key, argument) = match inside.split_once(':') {
        Some((key, form)) => (key, Argument::Form(form.to_owned())),
        None => (inside, Argument::Any),
    };
    Part::Value(Request {
        source,
        key: key.to_owned(),
        argument,
        person,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> Vec<Part> {
        parse(&format!("=== json one\n{body}\n"))
            .unwrap()
            .remove(0)
            .parts
    }

    #[test]
    fn values_choices_and_encodings_are_read_from_a_template() {
        let read = parts("a $5 $[ssn:dash@2] $json<<{\"b\": $url<<$[=x|y]>>}>>");
        let Part::Value(request) = &read[1] else {
            panic!("no value")
        };
        assert_eq!((request.key.as_str(), request.person), ("ssn", 2));
        assert_eq!(request.argument, Argument::Form("dash".to_owned()));
        let Part::Encoded(Encoding::Json, inner) = &read[3] else {
            panic!("no encoding")
        };
        assert_eq!(inner[0], Part::Literal("{\"b\": ".to_owned()));
        let choice = Part::Choice(vec!["x".to_owned(), "y".to_owned()]);
        assert_eq!(inner[1], Part::Encoded(Encoding::Url, vec![choice]));
    }

    #[test]
    fn mistakes_in_a_template_are_refused() {
        assert!(matches!(
            parse("=== cobol one\nx"),
            Err(TemplateError::Heading(_))
        ));
        assert!(matches!(
            parse("=== json one\n$[ssn"),
            Err(TemplateError::Open(_))
        ));
        assert!(matches!(
            parse("=== json one\n$json<<x"),
            Err(TemplateError::Open(_))
        ));
    }
}
