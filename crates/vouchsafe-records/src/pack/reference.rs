//! References between records (FHIR R4, 2.3.0).

use std::fmt;

use uuid::Uuid;
use vouchsafe::document::{Document, Node};
use vouchsafe::ids::{RecordId, RecordType, Version};

/// What a reference names.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Reference {
    /// A record of this server: `Type/id`, perhaps `Type/id/_history/version`.
    Local {
        /// Its type.
        record_type: RecordType,
        /// Its id.
        id: RecordId,
        /// One version of it.
        version: Option<Version>,
    },
    /// `urn:uuid:...`: the record that an entry of the same transaction makes.
    Placeholder(Uuid),
    /// `Type?query`: the one record that the query finds.
    Conditional {
        /// Its type.
        record_type: RecordType,
        /// The query, percent-encoded as it was written. PHI.
        query: Box<str>,
    },
    /// `#id`: a record that is contained in this one.
    Contained,
    /// Anything else: another server's, or an id that this one does not give.
    Foreign,
}

impl Reference {
    /// The record, whichever version of it was named.
    pub(super) fn of_any_version(self) -> Self {
        match self {
            Self::Local {
                record_type, id, ..
            } => Self::Local {
                record_type,
                id,
                version: None,
            },
            other => other,
        }
    }

    /// What the text of a reference names.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with('#') {
            return Self::Contained;
        }
        if let Some(uuid) = text.strip_prefix("urn:uuid:") {
            return Uuid::try_parse(uuid).map_or(Self::Foreign, Self::Placeholder);
        }
        if let Some((record_type, query)) = text.split_once('?') {
            return record_type
                .parse()
                .map_or(Self::Foreign, |record_type| Self::Conditional {
                    record_type,
                    query: query.into(),
                });
        }
        Self::local(text).unwrap_or(Self::Foreign)
    }

    fn local(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let record_type = parts.next()?.parse().ok()?;
        let id = parts.next()?.parse().ok()?;
        let version = match (parts.next(), parts.next(), parts.next()) {
            (None, _, _) => None,
            (Some("_history"), Some(number), None) => Some(Version::new(number.parse().ok()?)?),
            _ => return None,
        };
        Some(Self::Local {
            record_type,
            id,
            version,
        })
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local {
                record_type, id, ..
            } => write!(f, "{record_type}/{id}"),
            Self::Placeholder(uuid) => write!(f, "urn:uuid:{uuid}"),
            Self::Conditional { record_type, .. } => write!(f, "{record_type}?[PHI]"),
            Self::Contained => f.write_str("#"),
            Self::Foreign => f.write_str("foreign"),
        }
    }
}

/// All references of a document, contained records and extensions included.
#[must_use]
pub fn references(document: &Document) -> Vec<Reference> {
    let mut found = Vec::new();
    visit(document.root(), &mut |text| {
        found.push(Reference::parse(text))
    });
    found
}

fn visit(node: &Node, found: &mut dyn FnMut(&str)) {
    for item in node.as_array().unwrap_or_default() {
        visit(item, found);
    }
    for (name, value) in node
        .as_object()
        .into_iter()
        .flat_map(|object| object.iter())
    {
        match value.as_str() {
            Some(text) if name == "reference" => found(text),
            _ => visit(value, found),
        }
    }
}

/// Replaces the text of references: all for which `replace` has another.
pub fn rewrite_references(
    document: &mut Document,
    replace: &mut dyn FnMut(&Reference) -> Option<String>,
) {
    rewrite(document.root_mut(), replace);
}

fn rewrite(node: &mut Node, replace: &mut dyn FnMut(&Reference) -> Option<String>) {
    match node {
        Node::Array(items) => items.iter_mut().for_each(|item| rewrite(item, replace)),
        Node::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value {
                    Node::String(text) if name == "reference" => {
                        if let Some(other) = replace(&Reference::parse(text)) {
                            *text = other.into();
                        }
                    }
                    _ => rewrite(value, replace),
                }
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

    #[test]
    fn each_form_is_told_apart() {
        let local = |text: &str| matches!(Reference::parse(text), Reference::Local { .. });
        assert!(local(&format!("Patient/{ID}")));
        assert!(local(&format!("Patient/{ID}/_history/3")));
        for text in [
            "Patient/1".to_owned(),
            format!("Patient/{ID}/_history/0"),
            format!("Patient/{ID}/x/3"),
            format!("http://other.example/Patient/{ID}"),
            String::new(),
        ] {
            assert_eq!(Reference::parse(&text), Reference::Foreign, "{text}");
        }
        assert!(matches!(
            Reference::parse(&format!("urn:uuid:{ID}")),
            Reference::Placeholder(_)
        ));
        assert_eq!(Reference::parse("#a"), Reference::Contained);
    }

    #[test]
    fn a_query_is_not_printed() {
        let reference = Reference::parse("Practitioner?identifier=secret");
        assert_eq!(format!("{reference:?}"), "Practitioner?[PHI]");
    }

    #[test]
    fn references_are_rewritten_wherever_they_are() {
        let text = format!(
            r#"{{"a":{{"reference":"urn:uuid:{ID}"}},"b":[{{"c":{{"reference":"urn:uuid:{ID}"}}}}],"d":"urn:uuid:{ID}"}}"#
        );
        let mut document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(references(&document).len(), 2);
        rewrite_references(&mut document, &mut |reference| match reference {
            Reference::Placeholder(_) => Some("Patient/x".to_owned()),
            _ => None,
        });
        assert_eq!(
            document.to_json(),
            format!(
                r#"{{"a":{{"reference":"Patient/x"}},"b":[{{"c":{{"reference":"Patient/x"}}}}],"d":"urn:uuid:{ID}"}}"#
            )
        );
    }
}
