//! The fields that a condition names.

use serde_json_path::JsonPath;

/// The text with what stands in quotes left out.
pub(super) fn outside_of_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            None => {
                if c == '\'' || c == '"' {
                    quote = Some(c);
                }
                out.push(c);
            }
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => {
                quote = None;
                out.push(c);
            }
            Some(_) => {}
        }
    }
    out
}

/// Every path from `@`, as one from `$` in the item: names after a point, and whatever stands in brackets.
///
/// # Errors
/// When there is none, or one cannot be read: a condition that looks at nothing holds for everything.
pub(super) fn named(holds: &str) -> Result<Vec<JsonPath>, String> {
    let mut paths = Vec::new();
    let mut rest = holds;
    while let Some(at) = next(rest) {
        let path = rest.get(at + 1..).unwrap_or_default();
        let end = end(path);
        let (path, after) = path.split_at_checked(end).unwrap_or((path, ""));
        let parsed = JsonPath::parse(&format!("${path}"));
        paths.push(parsed.map_err(|error| format!("the parameter holds: {error}"))?);
        rest = after;
    }
    if paths.iter().all(|path| path.to_string() == "$") {
        return Err("the parameter holds names no field of the item".to_owned());
    }
    Ok(paths)
}

/// Where the next `@` outside of quotes is.
fn next(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            None if c == '@' => return Some(at),
            None if c == '\'' || c == '"' => quote = Some(c),
            None => {}
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
        }
    }
    None
}

/// Where a path ends that begins a text.
fn end(text: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if depth > 0 && (c == '\'' || c == '"') => quote = Some(c),
            None if c == '[' => depth += 1,
            None if c == ']' && depth > 0 => depth -= 1,
            None if depth > 0 || c == '.' || c == '_' || c == '*' || c.is_alphanumeric() => {}
            None => return at,
        }
    }
    text.len()
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
