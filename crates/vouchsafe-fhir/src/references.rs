//! References between the entries of a bundle, and those that a search stands for.

use std::collections::HashMap;

use uuid::Uuid;
use vouchsafe::document::{Document, Node};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{Caller, Condition, Engine, Failure, Met};
use vouchsafe_records::pack::{RecordTypeDecl, Reference, SearchKind};

use crate::outcome::Problem;
use crate::query::{self, Params};
use crate::values::reference;

/// What a conditional reference stands for, as far as that is known.
type Resolution = Result<Option<RecordId>, Problem>;

/// What the references of resources become.
#[derive(Default)]
pub(crate) struct Targets {
    placeholders: HashMap<Uuid, String>,
    conditions: HashMap<(RecordType, Box<str>), Resolution>,
    /// The address of this server: what begins so is ours.
    base: String,
}

impl Targets {
    /// Targets at this base URL, if there is one.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..Self::default()
        }
    }

    /// The entry with this full URL is that record.
    pub(crate) fn place(&mut self, full_url: Uuid, record_type: &RecordType, id: RecordId) {
        self.placeholders
            .insert(full_url, format!("{record_type}/{id}"));
    }

    /// Notes the conditional references of a resource, each once.
    pub(crate) fn collect(&mut self, document: &Document) {
        visit(document.root(), &mut |text| {
            if let Reference::Conditional { record_type, query } = reference(text) {
                self.conditions
                    .entry((record_type, query))
                    .or_insert(Ok(None));
            }
        });
    }

    /// Finds what the conditional references stand for, in one go.
    ///
    /// # Errors
    /// [`Failure`] when none could be looked up; that of a single one is told by [`Self::apply`].
    pub(crate) async fn resolve(
        &mut self,
        engine: &Engine,
        caller: &Caller,
    ) -> Result<(), Failure> {
        let mut conditions = Vec::new();
        let mut asked = Vec::new();
        for (key, resolution) in &mut self.conditions {
            match query::condition(&key.1) {
                Ok(params) => {
                    conditions.push(Condition {
                        record_type: key.0.clone(),
                        params,
                    });
                    asked.push(resolution);
                }
                Err(problem) => *resolution = Err(problem),
            }
        }
        if conditions.is_empty() {
            return Ok(());
        }
        let found = engine.find(caller, &conditions).await?;
        for (resolution, found) in asked.into_iter().zip(found) {
            *resolution = match found {
                Ok(Met::By(found)) => Ok(Some(found.id)),
                Ok(Met::Not(_)) => Ok(None),
                Err(failure) => Err(Problem::from(&failure)),
            };
        }
        Ok(())
    }

    /// Writes the targets into a resource: into references, and placeholders into links as well
    /// (R4, 3.1.0.11.2); narrative and identifiers stay.
    ///
    /// # Errors
    /// [`Problem`] when one of its references has no target.
    pub(crate) fn apply(&self, document: &mut Document) -> Result<(), Problem> {
        let mut wrong = None;
        rewrite(
            document.root_mut(),
            &mut |name, text| match self.target(text) {
                Ok(target) => target,
                // A link may be what it likes; a reference must have a target.
                Err(_) if name != REFERENCE => None,
                Err(problem) => {
                    wrong.get_or_insert(problem);
                    None
                }
            },
        );
        wrong.map_or(Ok(()), Err)
    }

    /// What a reference becomes; none if it stays as it is.
    fn target(&self, text: &str) -> Result<Option<String>, Problem> {
        match reference(text) {
            Reference::Placeholder(uuid) => match self.placeholders.get(&uuid) {
                Some(target) => Ok(Some(target.clone())),
                None => Err(Problem::unprocessable(
                    "not-found",
                    "a urn:uuid reference names no entry that it may name",
                )),
            },
            Reference::Conditional { record_type, query } => {
                match self.conditions.get(&(record_type.clone(), query)) {
                    Some(Ok(Some(id))) => Ok(Some(format!("{record_type}/{id}"))),
                    Some(Err(problem)) => Err(problem.clone()),
                    Some(Ok(None)) | None => Err(Problem::unprocessable(
                        "not-found",
                        "a conditional reference finds nothing",
                    )),
                }
            }
            Reference::Foreign if misspelt(own(&self.base, text).unwrap_or(text)) => {
                Err(Problem::unprocessable(
                    "not-found",
                    "a reference names an id of nobody: ids are UUIDs in lower case",
                ))
            }
            Reference::Foreign => Ok(relative(&self.base, text).map(str::to_owned)),
            Reference::Local { .. } | Reference::Contained => Ok(None),
        }
    }
}

/// A reference to this server by its full address, made relative.
pub(crate) fn relative<'t>(base: &str, text: &'t str) -> Option<&'t str> {
    own(base, text).filter(|relative| matches!(reference(relative), Reference::Local { .. }))
}

/// What follows the address of this server.
fn own<'t>(base: &str, text: &'t str) -> Option<&'t str> {
    let below = text.strip_prefix(base).filter(|_| !base.is_empty())?;
    below.strip_prefix('/')
}

/// Whether it would be a reference to a resource of this server if ids were not heeded letter by letter (R4, 2.24.0.1).
fn misspelt(text: &str) -> bool {
    let Some((record_type, rest)) = text.split_once('/') else {
        return false;
    };
    let lower = format!("{record_type}/{}", rest.to_ascii_lowercase());
    lower != text && matches!(reference(&lower), Reference::Local { .. })
}

/// The values of a search by references to this server, each alternative made relative by itself.
pub(crate) fn relative_params(base: &str, declared: Option<&RecordTypeDecl>, params: &mut Params) {
    let Some(declared) = declared else { return };
    for (name, value) in params {
        let (name, modifier) = match name.split_once(':') {
            Some((name, modifier)) => (name, Some(modifier)),
            None => (name.as_str(), None),
        };
        let mut named = declared
            .search_params()
            .iter()
            .filter(|param| *param.name == *name);
        let kind = named.next().map(|param| param.kind);
        // The identifier beside a reference is none.
        if kind != Some(SearchKind::Reference) || modifier == Some("identifier") {
            continue;
        }
        // No reference to this server has a comma in it: one that is escaped is of another, and joined again as it was.
        let alternatives: Vec<&str> = value
            .split(',')
            .map(|text| relative(base, text).unwrap_or(text))
            .collect();
        *value = alternatives.join(",");
    }
}

const REFERENCE: &str = "reference";
/// Members that hold a URI in resources and datatypes, where a placeholder may stand.
const LINKS: [&str; 5] = ["url", "uri", "valueUri", "valueUrl", "valueUuid"];

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
            Some(text) if name == REFERENCE => found(text),
            _ => visit(value, found),
        }
    }
}

/// Replaces the references of a resource, contained ones' and extensions' too, where `other` gives another text.
pub fn map_references(document: &mut Document, other: &mut dyn FnMut(&str) -> Option<String>) {
    rewrite(document.root_mut(), &mut |name, text| {
        (name == REFERENCE).then(|| other(text)).flatten()
    });
}

fn rewrite(node: &mut Node, replace: &mut dyn FnMut(&str, &str) -> Option<String>) {
    match node {
        Node::Array(items) => items.iter_mut().for_each(|item| rewrite(item, replace)),
        Node::Object(object) => {
            for (name, value) in object.iter_mut() {
                let Node::String(text) = value else {
                    rewrite(value, replace);
                    continue;
                };
                let link = LINKS.contains(&name) && text.starts_with("urn:uuid:");
                if (name == REFERENCE || link)
                    && let Some(other) = replace(name, text)
                {
                    *text = other.into();
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
    const UUID: &str = "11111111-1111-4111-8111-11111111111f";
    const URN: &str = "urn:uuid:11111111-1111-4111-8111-11111111111f";

    fn targets() -> Targets {
        let mut targets = Targets::new("https://host/fhir/R4");
        let uuid = Uuid::try_parse(UUID).unwrap();
        targets.place(uuid, &"Patient".parse().unwrap(), ID.parse().unwrap());
        targets
    }

    fn applied(text: &str) -> Result<String, &'static str> {
        let mut document = Document::parse(text.as_bytes()).unwrap();
        match targets().apply(&mut document) {
            Ok(()) => Ok(document.to_json()),
            Err(problem) => Err(problem.code),
        }
    }

    #[test]
    fn placeholders_are_replaced_wherever_references_are() {
        let text = format!(
            r#"{{"subject":{{"reference":"{URN}"}},"contained":[{{"a":{{"reference":"{URN}"}}}}],"extension":[{{"url":"u","valueReference":{{"reference":"{URN}"}}}}]}}"#
        );
        let expected = text.replace(URN, &format!("Patient/{ID}"));
        assert_eq!(applied(&text).unwrap(), expected);
        let upper = UUID.to_uppercase();
        let upper = format!(r#"{{"a":{{"reference":"urn:uuid:{upper}"}}}}"#);
        assert!(applied(&upper).unwrap().contains(ID));
    }

    #[test]
    fn links_follow_and_identifiers_and_narrative_stay() {
        let link = format!(r#"{{"content":[{{"attachment":{{"url":"{URN}"}}}}]}}"#);
        assert_eq!(
            applied(&link).unwrap(),
            link.replace(URN, &format!("Patient/{ID}"))
        );
        let other = URN.replace('1', "2");
        for text in [
            format!(r#"{{"identifier":[{{"system":"urn:ietf:rfc:3986","value":"{URN}"}}]}}"#),
            format!(r#"{{"text":{{"div":"<div>{URN}</div>"}}}}"#),
            format!(r#"{{"content":[{{"attachment":{{"url":"{other}"}}}}]}}"#),
            r##"{"a":{"reference":"#me"},"b":{"reference":"http://other.example/Patient/1"}}"##
                .to_owned(),
            format!(r#"{{"reference":{{"reference":"Patient/{ID}"}}}}"#),
            r#"{"reference":7,"url":[1,null]}"#.to_owned(),
        ] {
            assert_eq!(applied(&text).unwrap(), text);
        }
    }

    #[test]
    fn a_reference_without_target_is_refused() {
        let other = URN.replace('1', "2");
        assert_eq!(
            applied(&format!(r#"{{"a":{{"reference":"{other}"}}}}"#)),
            Err("not-found")
        );
        let conditional = r#"{"a":{"reference":"Practitioner?identifier=x|1"}}"#;
        assert_eq!(applied(conditional), Err("not-found"));
    }

    #[test]
    fn our_own_address_is_made_relative() {
        let full = format!(r#"{{"a":{{"reference":"https://host/fhir/R4/Patient/{ID}"}}}}"#);
        assert_eq!(
            applied(&full).unwrap(),
            format!(r#"{{"a":{{"reference":"Patient/{ID}"}}}}"#)
        );
        let near = format!(r#"{{"a":{{"reference":"https://host/fhir/R4x/Patient/{ID}"}}}}"#);
        assert_eq!(applied(&near).unwrap(), near);
    }

    #[test]
    fn each_condition_is_collected_once() {
        let text = r#"{"a":{"reference":"Practitioner?identifier=x|1"},"b":[{"reference":"Practitioner?identifier=x|1"},{"reference":"Location?identifier=x|1"}]}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut targets = targets();
        targets.collect(&document);
        assert_eq!(targets.conditions.len(), 2);
    }
}
