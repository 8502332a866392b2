//! Compact JSON text.

use super::Node;

/// Appends a value.
pub(super) fn node(node: &Node, out: &mut Vec<u8>) {
    write(node, "", out);
}

/// Appends a value, with the names of all members escaped by [`name`].
pub(super) fn escaped(node: &Node, out: &mut Vec<u8>) {
    write(node, ESCAPE, out);
}

/// The name of a wrapper's only member, and the prefix of every member name that begins with it, so that no member of a
/// document can look like a wrapper.
pub(super) const ESCAPE: &str = "~";

/// Appends a member's name, escaped, with its colon.
pub(super) fn name(name: &str, out: &mut Vec<u8>) {
    member_name(name, ESCAPE, out);
}

fn write(node: &Node, escape: &str, out: &mut Vec<u8>) {
    match node {
        Node::Null => out.extend_from_slice(b"null"),
        Node::Bool(true) => out.extend_from_slice(b"true"),
        Node::Bool(false) => out.extend_from_slice(b"false"),
        Node::Number(text) => out.extend_from_slice(text.as_bytes()),
        Node::String(text) => string("", text, out),
        Node::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                comma(at, out);
                write(item, escape, out);
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            for (at, (name, value)) in object.iter().enumerate() {
                comma(at, out);
                member_name(name, escape, out);
                write(value, escape, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends a comma before every element but the first.
pub(super) fn comma(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

fn member_name(name: &str, escape: &str, out: &mut Vec<u8>) {
    let prefix = if name.starts_with(ESCAPE) { escape } else { "" };
    string(prefix, name, out);
    out.push(b':');
}

fn string(prefix: &str, text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    let mut rest = text.as_bytes();
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    while let Some((run, [byte, after @ ..])) = rest
        .iter()
        .position(special)
        .and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(run);
        escape(*byte, out);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |value: u8| b"0123456789abcdef".get(usize::from(value)).copied();
            out.extend_from_slice(b"\\u00");
            out.extend(digit(byte >> 4));
            out.extend(digit(byte & 15));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
