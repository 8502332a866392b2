//! References between records (R4, 2.3.0).

use uuid::Uuid;
use vouchsafe::ids::Version;
use vouchsafe_records::pack::Reference;

/// What the text of a reference names: `Type/id`, perhaps `Type/id/_history/version`; `urn:uuid:...` for an entry of the
/// same transaction; `Type?query`; `#id` for what is contained in the resource.
#[must_use]
pub fn reference(text: &str) -> Reference {
    if text.starts_with('#') {
        return Reference::Contained;
    }
    if let Some(uuid) = text.strip_prefix("urn:uuid:") {
        return Uuid::try_parse(uuid).map_or(Reference::Foreign, Reference::Placeholder);
    }
    if let Some((record_type, query)) = text.split_once('?') {
        return record_type
            .parse()
            .map_or(Reference::Foreign, |record_type| Reference::Conditional {
                record_type,
                query: query.into(),
            });
    }
    local(text).unwrap_or(Reference::Foreign)
}

fn local(text: &str) -> Option<Reference> {
    let mut parts = text.split('/');
    let record_type = parts.next()?.parse().ok()?;
    let id = parts.next()?.parse().ok()?;
    let version = match (parts.next(), parts.next(), parts.next()) {
        (None, _, _) => None,
        (Some("_history"), Some(number), None) => Some(Version::new(number.parse().ok()?)?),
        _ => return None,
    };
    Some(Reference::Local {
        record_type,
        id,
        version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

    #[test]
    fn each_form_is_told_apart() {
        let local = |text: &str| matches!(reference(text), Reference::Local { .. });
        assert!(local(&format!("Patient/{ID}")));
        assert!(local(&format!("Patient/{ID}/_history/3")));
        for text in [
            "Patient/1".to_owned(),
            format!("Patient/{ID}/_history/0"),
            format!("Patient/{ID}/x/3"),
            format!("http://other.example/Patient/{ID}"),
            String::new(),
        ] {
            assert_eq!(reference(&text), Reference::Foreign, "{text}");
        }
        assert!(matches!(
            reference(&format!("urn:uuid:{ID}")),
            Reference::Placeholder(_)
        ));
        assert_eq!(reference("#a"), Reference::Contained);
    }

    #[test]
    fn a_query_is_not_printed() {
        let conditional = reference("Practitioner?identifier=secret");
        assert_eq!(format!("{conditional:?}"), "Practitioner?[PHI]");
    }
}
