//! Links in narrative: where an anchor leads, and where an image is.

use super::reader::{Piece, Reader};

/// Replaces the links that `other` gives another text for, which must need no escape: none if there are none, or the text
/// is no narrative, which the validation says.
pub(crate) fn links(text: &str, other: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    let mut reader = Reader::new(text);
    let mut found = Vec::new();
    while let Some(piece) = reader.next_piece() {
        if let Piece::Open(tag) = piece.ok()? {
            let link = match tag.name {
                "a" => "href",
                "img" => "src",
                _ => continue,
            };
            let values = tag.attributes.into_iter().zip(tag.places);
            for ((name, value), place) in values {
                if name == link
                    && let Some(other) = other(&value)
                {
                    found.push((place, other));
                }
            }
        }
    }
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, other) in found {
        out.push_str(text.get(at..place.start)?);
        out.push_str(&other);
        at = place.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_links_are_replaced_and_no_text() {
        let text = "<div><a href='urn:a'>urn:a</a><img alt=\"urn:a\" src = \"urn:&#97;\"/><p title='urn:a'/><a href='urn:ab'>x</a></div>";
        let mut seen = Vec::new();
        let found = links(text, &mut |link| {
            seen.push(link.to_owned());
            (link == "urn:a").then(|| "T/1".to_owned())
        });
        assert_eq!(
            found.unwrap(),
            "<div><a href='T/1'>urn:a</a><img alt=\"urn:a\" src = \"T/1\"/><p title='urn:a'/><a href='urn:ab'>x</a></div>"
        );
        assert_eq!(seen, ["urn:a", "urn:a", "urn:ab"]);
        assert_eq!(links("<div><a href='urn:a'", &mut |_| None), None);
    }
}
