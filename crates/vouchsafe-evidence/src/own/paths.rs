//! The fields that a condition names.

use serde_json_path::JsonPath;

/// The text without what stands in quotes.
pub(super) fn outside_of_quotes(text: &str) -> String {
    let outside = characters(text).filter(|one| !one.quoted);
    outside.map(|one| one.character).collect()
}

/// Every path from `@`, as one from `$` in the item: names after a point, and whatever stands in brackets.
///
/// # Errors
/// When there is none, or one cannot be read: a condition that looks at nothing holds for everything.
pub(super) fn named(holds: &str) -> Result<Vec<JsonPath>, String> {
    let characters: Vec<Character> = characters(holds).collect();
    let mut paths = Vec::new();
    for (place, one) in characters.iter().enumerate() {
        if one.character != '@' || one.quoted {
            continue;
        }
        let path = path(characters.get(place + 1..).unwrap_or_default());
        let parsed = JsonPath::parse(&format!("${path}"));
        paths.push(parsed.map_err(|error| format!("the parameter holds: {error}"))?);
    }
    if paths.iter().all(|path| path.to_string() == "$") {
        return Err("the parameter holds names no field of the item".to_owned());
    }
    Ok(paths)
}

/// The path that a text begins with.
fn path(text: &[Character]) -> String {
    let mut brackets = 0_usize;
    let belongs = |one: &&Character| {
        let c = one.character;
        match c {
            _ if one.quoted => {}
            '[' => brackets += 1,
            ']' => match brackets.checked_sub(1) {
                Some(rest) => {
                    brackets = rest;
                    return true;
                }
                None => return false,
            },
            _ => {}
        }
        brackets > 0 || matches!(c, '.' | '_' | '*') || c.is_alphanumeric()
    };
    let of_path = text.iter().take_while(belongs);
    of_path.map(|one| one.character).collect()
}

/// A character of a condition.
struct Character {
    character: char,
    /// Whether it stands between two quotation marks.
    quoted: bool,
}

fn characters(text: &str) -> impl Iterator<Item = Character> {
    let mut open = None;
    let mut escaped = false;
    text.chars().map(move |character| {
        let closes = !escaped && open == Some(character);
        let quoted = open.is_some() && !closes;
        escaped = quoted && !escaped && character == '\\';
        if closes {
            open = None;
        } else if open.is_none() && matches!(character, '\'' | '"') {
            open = Some(character);
        }
        Character { character, quoted }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_a_condition_is_found() {
        for (holds, expected) in [
            ("@.a == false", vec!["$.a"]),
            ("!@.a && @['b c'].d[0]>=2", vec!["$.a", "$['b c'].d[0]"]),
            (
                "count(@.list[*]) > 0 || @.x == '@.y'",
                vec!["$.list[*]", "$.x"],
            ),
            ("'\\'@.n' == @.m", vec!["$.m"]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|path| JsonPath::parse(path).unwrap())
                .collect();
            assert_eq!(named(holds).unwrap(), expected, "{holds}");
        }
        assert!(named("1 == 1").is_err());
        assert!(named("@ == 1 || 'x' == '@.a'").is_err());
    }
}
