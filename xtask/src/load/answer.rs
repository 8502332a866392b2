//! Whether an answer is right: the status, the id, and every element that was sent.

use std::fmt;

use serde_json::Value;

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The `Location` header.
    pub(super) location: Option<String>,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

/// What is wrong with an answer. The `Display` form is the key under which it is counted.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Wrong {
    /// No answer, and why: refused, not trusted, closed, timed out.
    NoAnswer(String),
    /// Another status than expected.
    Status(u16),
    /// The body is not JSON.
    NotJson,
    /// Neither body nor `Location` names the new id.
    NoId,
    /// The id of another patient.
    OtherId,
    /// An element is not as it was sent.
    Differs(String),
    /// A search that should find one patient found this many.
    Found(usize),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(why) => write!(f, "no answer: {why}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::NotJson => f.write_str("not JSON"),
            Self::NoId => f.write_str("no id"),
            Self::OtherId => f.write_str("other id"),
            Self::Differs(element) => write!(f, "{element} differs"),
            Self::Found(count) => write!(f, "found {count}"),
        }
    }
}

impl Answer {
    /// The id of the patient that was created from `sent`.
    pub(super) fn created(&self, sent: &Value) -> Result<String, Wrong> {
        self.expect(201)?;
        // FHIR R4 http.html#create: the body is optional, `Location` is not.
        if self.body.is_empty() {
            return self.id_from_location().ok_or(Wrong::NoId);
        }
        let patient = self.json()?;
        same_elements(&patient, sent)?;
        let id = patient.get("id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or(Wrong::NoId)
    }

    /// Checks a read of patient `id`.
    pub(super) fn read(&self, id: &str, sent: &Value) -> Result<(), Wrong> {
        self.expect(200)?;
        same_patient(&self.json()?, id, sent)
    }

    /// Checks a search that finds patient `id` and nothing else.
    pub(super) fn found(&self, id: &str, sent: &Value) -> Result<(), Wrong> {
        self.expect(200)?;
        let bundle = self.json()?;
        match bundle
            .get("entry")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            Some([entry]) => same_patient(entry.get("resource").unwrap_or(&Value::Null), id, sent),
            other => Err(Wrong::Found(other.map_or(0, <[Value]>::len))),
        }
    }

    fn expect(&self, status: u16) -> Result<(), Wrong> {
        if self.status == status {
            Ok(())
        } else {
            Err(Wrong::Status(self.status))
        }
    }

    fn json(&self) -> Result<Value, Wrong> {
        serde_json::from_slice(&self.body).map_err(|_| Wrong::NotJson)
    }

    fn id_from_location(&self) -> Option<String> {
        let path = self.location.as_deref()?.split("/_history/").next()?;
        path.rsplit('/').next().map(str::to_owned)
    }
}

fn same_patient(got: &Value, id: &str, sent: &Value) -> Result<(), Wrong> {
    if got.get("id").and_then(Value::as_str) != Some(id) {
        return Err(Wrong::OtherId);
    }
    same_elements(got, sent)
}

/// Every element that was sent came back; the server adds `id` and `meta`.
fn same_elements(got: &Value, sent: &Value) -> Result<(), Wrong> {
    let sent = sent.as_object().into_iter().flatten();
    for (name, value) in sent {
        if got.get(name) != Some(value) {
            return Err(Wrong::Differs(name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status,
            location: None,
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn a_read_must_give_the_id_and_all_that_was_sent() {
        let sent = json!({"resourceType": "Patient", "birthDate": "1970-01-01"});
        let good =
            json!({"resourceType": "Patient", "birthDate": "1970-01-01", "id": "a", "meta": {}});
        assert_eq!(answer(200, &good).read("a", &sent), Ok(()));
        assert_eq!(answer(200, &good).read("b", &sent), Err(Wrong::OtherId));
        assert_eq!(answer(404, &good).read("a", &sent), Err(Wrong::Status(404)));
        let less = json!({"resourceType": "Patient", "id": "a"});
        assert_eq!(
            answer(200, &less).read("a", &sent),
            Err(Wrong::Differs("birthDate".to_owned()))
        );
    }

    #[test]
    fn a_search_must_find_exactly_the_one() {
        let sent = json!({"resourceType": "Patient"});
        let entry = json!({"resource": {"resourceType": "Patient", "id": "a"}});
        assert_eq!(
            answer(200, &json!({"entry": [entry]})).found("a", &sent),
            Ok(())
        );
        assert_eq!(
            answer(200, &json!({"entry": [entry, entry]})).found("a", &sent),
            Err(Wrong::Found(2))
        );
        assert_eq!(
            answer(200, &json!({})).found("a", &sent),
            Err(Wrong::Found(0))
        );
    }

    #[test]
    fn a_create_without_a_body_names_its_id_in_location() {
        let answer = Answer {
            status: 201,
            location: Some("https://localhost/fhir/R4/Patient/abc/_history/1".to_owned()),
            body: Vec::new(),
        };
        assert_eq!(answer.created(&json!({})), Ok("abc".to_owned()));
    }
}
