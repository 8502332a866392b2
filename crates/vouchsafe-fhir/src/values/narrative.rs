//! Narrative: XHTML that is text, and nothing that acts (R4, 2.4.5; the rules txt-1 and txt-2).
//!
//! What a client puts into a page must mean the same to a reader of XML and to one of HTML, so what the two read
//! differently (CDATA, processing instructions, odd comments) is refused.

mod links;
mod reader;
mod words;

use vouchsafe::document::Node;
use vouchsafe_records::pack::IssueCode;

pub(crate) use links::links;
use reader::{Malformed, Piece, Reader, Tag};

const MALFORMED: IssueCode = IssueCode::Rule("the narrative is not one well-formed XHTML div");
const ACTS: IssueCode = IssueCode::Rule(
    "txt-1: the narrative has an element, attribute, style or address that none may have",
);
const EMPTY: IssueCode = IssueCode::Rule("txt-2: the narrative has no content");

/// Elements nested deeper than this no narrative has.
const MAX_DEPTH: usize = 256;

/// Checks a value of the datatype `xhtml`.
pub(super) fn check(value: &Node) -> Result<(), IssueCode> {
    let text = value.as_str().ok_or(IssueCode::Kind)?;
    let mut reader = Reader::new(text.trim_matches(reader::is_space));
    let mut open: Vec<&str> = Vec::new();
    let (mut begun, mut content) = (false, false);
    while let Some(piece) = reader.next_piece() {
        match piece.map_err(|Malformed| MALFORMED)? {
            Piece::Open(tag) => {
                let root = open.is_empty();
                if root && (begun || tag.name != "div") || open.len() == MAX_DEPTH {
                    return Err(MALFORMED);
                }
                begun = true;
                allowed(&tag)?;
                content |= tag.name == "img" && tag.attribute("src").is_some();
                if !tag.closed {
                    open.push(tag.name);
                }
            }
            Piece::Close(name) => {
                if open.pop() != Some(name) {
                    return Err(MALFORMED);
                }
            }
            Piece::Text { blank } => {
                if open.is_empty() {
                    return Err(MALFORMED);
                }
                content |= !blank;
            }
            Piece::Comment => {}
        }
    }
    if !begun || !open.is_empty() {
        return Err(MALFORMED);
    }
    if content { Ok(()) } else { Err(EMPTY) }
}

/// txt-1.
fn allowed(tag: &Tag<'_>) -> Result<(), IssueCode> {
    if !words::is_element(tag.name) {
        return Err(ACTS);
    }
    for (name, value) in &tag.attributes {
        let fits = match *name {
            "xmlns" => *value == words::XHTML,
            "xml:lang" => true,
            "href" | "cite" | "longdesc" | "src" => words::is_address(tag.name, value),
            "style" => words::is_style(value),
            name => words::is_attribute(name),
        };
        if !fits {
            return Err(ACTS);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Result<(), IssueCode> {
        check(&Node::string(text))
    }

    #[test]
    fn each_fault_has_its_rule() {
        assert_eq!(of("<div>x</div>"), Ok(()));
        assert_eq!(of("<div>x"), Err(MALFORMED));
        assert_eq!(of("<div><p>x</div></p>"), Err(MALFORMED));
        assert_eq!(of("<div><script>x</script></div>"), Err(ACTS));
        assert_eq!(of("<div onclick='x'>x</div>"), Err(ACTS));
        assert_eq!(of("<div> </div>"), Err(EMPTY));
        assert_eq!(of("<div><img src='a'/></div>"), Ok(()));
        assert_eq!(check(&Node::Bool(true)), Err(IssueCode::Kind));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |count: usize| {
            format!(
                "<div>{}x{}</div>",
                "<p>".repeat(count),
                "</p>".repeat(count)
            )
        };
        assert_eq!(of(&nested(MAX_DEPTH - 1)), Ok(()));
        assert_eq!(of(&nested(MAX_DEPTH)), Err(MALFORMED));
    }

    proptest! {
        #[test]
        fn no_text_harms(text in any::<String>(), inside in "[<>a-z/ =\"'&;#!\\-\\[\\]?x0-9:]{0,40}") {
            let _ = of(&text);
            let inside = format!("<div>{inside}</div>");
            let _ = of(&inside);
            links(&inside, &mut |_| Some("Patient/1".to_owned()));
        }
    }
}
