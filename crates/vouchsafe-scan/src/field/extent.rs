//! How far the value of a field goes.

use memchr::memchr;

use crate::bytes::{
    ENDS_VALUE, LOWER, OTHER_WORD, PLAIN, UPPER, at, before, is_word, kind, part, run_end,
    run_within,
};
use crate::field::{Field, Mark};
use crate::value::Value;

/// A value, and where the scan goes on after it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent<'t> {
    /// One value.
    One(Value<'t>, usize),
    /// An object or array begins here.
    Nested,
}

/// Where a value begins, and what encloses it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    /// The text of an element.
    Element,
    /// An object or array.
    Nested(usize),
    /// A tuple, from the place after its bracket.
    Tuple(usize),
    /// Quotes, with as many backslashes before each.
    Quoted {
        start: usize,
        quote: u8,
        slashes: usize,
    },
    /// Nothing.
    Bare(usize),
}

impl Opening {
    /// Where the value itself begins.
    pub(crate) const fn start(self, field: &Field) -> usize {
        match self {
            Self::Element => field.value,
            Self::Nested(start)
            | Self::Tuple(start)
            | Self::Quoted { start, .. }
            | Self::Bare(start) => start,
        }
    }
}

/// Where the value of a field begins.
#[inline]
pub(crate) fn opening(text: &[u8], field: &Field) -> Opening {
    if field.mark == Mark::Element {
        return Opening::Element;
    }
    let mut place = field.value;
    if at(text, place) == b'"' {
        return Opening::Quoted {
            start: place + 1,
            quote: b'"',
            slashes: 0,
        };
    }
    if matches!(at(text, place), b' ' | b'\t') {
        place = run_within(text, place, place + 12, |byte| matches!(byte, b' ' | b'\t'));
    }
    // Erlang: <<"Roe">>
    if part(text, place, place + 3) == b"<<\"" {
        place += 2;
    }
    let first = at(text, place);
    if first.is_ascii_digit() || first == b'-' {
        return Opening::Bare(place);
    }
    if first.is_ascii_alphabetic() || matches!(first, b'&' | b'.') {
        place = unwrapped(text, place);
    }
    match at(text, place) {
        b'{' => return Opening::Nested(place),
        b'[' if !is_mask(text, place) => return Opening::Nested(place),
        // Zip: (string) (len=5) "34491"
        b'(' if at(text, typed(text, place)) == b'"' => {
            return Opening::Quoted {
                start: typed(text, place) + 1,
                quote: b'"',
                slashes: 0,
            };
        }
        b'(' if field.mark == Mark::Equals
            && matches!(before(text, field.value - 1), b')' | b'=') =>
        {
            return Opening::Tuple(place + 1);
        }
        _ => {}
    }
    let quote_place = run_end(text, place, |byte| byte == b'\\');
    let quote = at(text, quote_place);
    if matches!(quote, b'"' | b'\'' | b'`') {
        return Opening::Quoted {
            start: quote_place + 1,
            quote,
            slashes: quote_place - place,
        };
    }
    Opening::Bare(place)
}

/// Past types in brackets before a value: `(string) (len=5) `.
pub(crate) fn typed(text: &[u8], start: usize) -> usize {
    let mut place = start;
    for _ in 0..3 {
        if at(text, place) != b'(' {
            break;
        }
        let end = run_within(text, place + 1, place + 24, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'.' | b'*' | b'_')
        });
        if at(text, end) != b')' || at(text, end + 1) != b' ' {
            break;
        }
        place = end + 2;
    }
    place
}

/// Past what stands around a value: Some("x"), Optional["x"], u'x', datetime.date(…), &{…
fn unwrapped(text: &[u8], place: usize) -> usize {
    let ident = run_end(text, place, |byte| {
        byte.is_ascii_alphabetic() || byte == b'&' || byte == b'.'
    });
    let wraps = matches!(at(text, ident), b'(' | b'[') && ident - place <= 24;
    let after = if wraps { ident + 1 } else { ident };
    let slashes = run_end(text, after, |byte| byte == b'\\');
    if ident - place <= 24
        && (wraps || ident - place == 1)
        && matches!(at(text, slashes), b'"' | b'\'')
    {
        return after;
    }
    if ident == place + 1 && at(text, place) == b'&' {
        return ident;
    }
    place
}

/// How far the value of a field goes. `inside` says that an object is open around it.
pub(crate) fn extent<'t>(text: &'t [u8], field: &Field, inside: bool) -> Extent<'t> {
    extent_of(text, field, opening(text, field), inside)
}

/// How far a value goes that begins like this.
pub(crate) fn extent_of<'t>(
    text: &'t [u8],
    field: &Field,
    opening: Opening,
    inside: bool,
) -> Extent<'t> {
    let one = |start, end, bounded, next| {
        let value = Value {
            text,
            start,
            end,
            bounded,
        };
        Extent::One(value, next)
    };
    match opening {
        Opening::Element => {
            let end = run_end(text, field.value, |byte| byte != b'<');
            one(field.value, end, true, end)
        }
        Opening::Nested(_) => Extent::Nested,
        Opening::Tuple(start) => {
            let end = run_end(text, start, |byte| byte != b')');
            one(start, end, true, end)
        }
        Opening::Quoted {
            start,
            quote,
            slashes,
        } => match closing(text, start, quote, slashes) {
            Some(end) => one(start, end, true, end + slashes + 1),
            // Cut off: all that is left, as far as a line of a log goes.
            None => one(start, text.len().min(start + 4096), false, start),
        },
        Opening::Bare(place) => open_extent(text, field, place, inside),
    }
}

/// Where a value ends that is an id, a time or a number of the program's own, as far as that is plain to see.
pub(crate) fn plain_end(text: &[u8], opening: Opening) -> Option<usize> {
    let (start, quote) = match opening {
        Opening::Quoted {
            start,
            quote: quote @ b'"',
            slashes: 0,
        } => (start, quote),
        Opening::Bare(start) => (start, 0),
        _ => return None,
    };
    let end = run_within(text, start, start + 129, |byte| kind(byte) & PLAIN != 0);
    let next = at(text, end);
    let ends = if quote != 0 {
        next == quote
    } else {
        end == text.len()
            || kind(next) & ENDS_VALUE != 0
            || (next == b' ' && is_field_name(text, end + 1))
    };
    (ends && end - start <= 128).then_some(end)
}

/// Whether the name of the next field of "a=b c=d" begins at a place.
fn is_field_name(text: &[u8], word: usize) -> bool {
    let first = at(text, word);
    if kind(first) & (LOWER | UPPER | OTHER_WORD) == 0 && !matches!(first, b'.' | b'-') {
        return false;
    }
    let end = run_end(text, word, |byte| {
        is_word(byte) || matches!(byte, b'.' | b'-')
    });
    match at(text, end) {
        b'=' => true,
        b':' => first >= b'A' && at(text, end + 1) != b'/',
        _ => false,
    }
}

/// Whether a bracket opens a mask of ours, or another word in brackets.
fn is_mask(text: &[u8], place: usize) -> bool {
    let end = run_end(text, place + 1, |byte| {
        byte.is_ascii_uppercase() || byte == b'-'
    });
    end > place + 1 && at(text, end) == b']'
}

/// Where the quote stands that closes a value, after as many backslashes as opened it.
fn closing(text: &[u8], start: usize, quote: u8, slashes: usize) -> Option<usize> {
    let mut place = start;
    loop {
        let found = place + memchr(quote, text.get(place..)?)?;
        let mut count = 0;
        while found - count > start && before(text, found - count) == b'\\' {
            count += 1;
        }
        // SQL doubles a quote that belongs to the value.
        let doubled = quote == b'\'' && slashes == 0 && at(text, found + 1) == b'\'';
        let even = slashes == 0 && count % 2 == 0;
        if doubled {
            place = found + 2;
            continue;
        }
        if even || (slashes > 0 && count <= slashes) {
            return Some(found - if slashes > 0 { count } else { 0 });
        }
        place = found + 1;
    }
}

/// A value that no quote closes.
fn open_extent<'t>(text: &'t [u8], field: &Field, start: usize, inside: bool) -> Extent<'t> {
    let limit = text.len().min(start + 512);
    let mut end = run_within(text, start, limit, |byte| kind(byte) & ENDS_VALUE == 0);
    let stop = at(text, end);
    let mut cut = false;
    // The next field ends it: "…FirstName:Ann LastName:Roe", "a=b c=d".
    let mut place = start;
    while let Some(gap) = part(text, place, end).iter().position(|byte| *byte == b' ') {
        let word = place + gap + 1;
        if is_field_name(text, word) {
            end = place + gap;
            cut = true;
            break;
        }
        place = word;
    }
    let opened = matches!(
        before(text, field.key.0),
        b',' | b'(' | b'{' | b'[' | b'?' | b'&'
    ) || (before(text, field.key.0) == b' '
        && matches!(before(text, field.key.0 - 1), b',' | b'(' | b'{'));
    // "a=1 2&b=3": a query that was decoded before it was logged.
    let spaced = stop == b'&' && end - start <= 64 && !cut;
    let query = matches!(before(text, field.key.0), b'?' | b'&') || (stop == b'&' && !cut);
    if query && spaced {
        return Extent::One(
            Value {
                text,
                start,
                end,
                bounded: true,
            },
            end,
        );
    }
    if query {
        let query_end = run_end(text, start, |byte| {
            !matches!(byte, b' ' | b'&' | b'"' | b'\'' | b'#' | b'<' | b')')
        });
        return Extent::One(
            Value {
                text,
                start,
                end: query_end,
                bounded: true,
            },
            query_end,
        );
    }
    let bounded = end - start <= 90
        && ((opened && !cut && matches!(stop, b',' | b')' | b'}' | b']'))
            || (cut && inside)
            || (field.quoted && matches!(stop, b',' | b'}')));
    Extent::One(
        Value {
            text,
            start,
            end,
            bounded,
        },
        start,
    )
}
