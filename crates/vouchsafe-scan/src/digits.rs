//! Whether the values of digits had a say in what was found.
//!
//! A log says the same with other numbers. What was found in a line holds for the next one that differs only in its
//! digits, as long as nobody asked which digits they are: a length, or that it is a digit, is the same in both.
//!
//! INVARIANT (digits-read): a decision that depends on the value of a digit calls [`read`] first. The checks of
//! [`crate::checks`] and [`crate::bytes::number`] do; whatever compares with a certain digit has to.

use std::cell::Cell;

thread_local! {
    static READ: Cell<bool> = const { Cell::new(false) };
}

/// Says that a decision depends on the value of a digit.
#[inline]
pub(crate) fn read() {
    READ.set(true);
}

/// Says so, when there is a digit in a text.
#[inline]
pub(crate) fn read_in(text: &[u8]) {
    if !READ.get() && has_any(text) {
        read();
    }
}

/// Whether there is a digit in a text.
#[inline]
pub(crate) fn has_any(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}

/// What a look gives, and whether it depends on the value of a digit. For the looks around this one it does not.
#[inline]
pub(crate) fn watch<T>(look: impl FnOnce() -> T) -> (T, bool) {
    let outer = READ.replace(false);
    let given = look();
    (given, READ.replace(outer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_look_says_nothing_of_the_outer_one() {
        let ((inner, one), two) = watch(|| {
            let inner = watch(|| read_in(b"a1")).1;
            (inner, watch(|| read_in(b"ab")).1)
        });
        assert!(inner && !one && !two);
        assert!(watch(read).1);
    }
}
