//! Statements of SQL whose values stand apart from them: `… where surname = ? ["Roe"]`, `parameters: $1 = 'Roe'`.

use memchr::memmem::Finder;

use crate::bytes::{
    COMPARES, Marks, Needle, OPEN, at, before, is_word, number, part, run_end, run_within,
    word_start,
};
use crate::columns::{Columns, cell, names};
use crate::text::Text;
use crate::vocabulary::meaning_of;

/// The columns of the last statement, for as many further lines as its values may stand in.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    columns: Columns,
    lines: u8,
}

static VALUES: [Needle; 2] = [
    Needle::new(|| Finder::new(b"alues")),
    Needle::new(|| Finder::new(b"ALUES")),
];
static WHERE: [Needle; 2] = [
    Needle::new(|| Finder::new(b"here ")),
    Needle::new(|| Finder::new(b"HERE ")),
];
static SET: [Needle; 2] = [
    Needle::new(|| Finder::new(b" set ")),
    Needle::new(|| Finder::new(b" SET ")),
];

/// So many placeholders of a statement are looked at.
const MOST: usize = 64;

impl Statement {
    /// Whether no values are waited for.
    pub(crate) const fn is_none(&self) -> bool {
        self.lines == 0
    }

    /// Keeps the columns of a statement in this line, or finds the values of the one before.
    pub(crate) fn line(&mut self, text: &mut Text<'_, '_>) {
        if let Some((columns, end)) = open_columns(text.text, text.marks) {
            if !text.listed(end, &columns) {
                *self = Self { columns, lines: 2 };
            }
            return;
        }
        if self.lines == 0 {
            return;
        }
        self.lines -= 1;
        let columns = std::mem::take(&mut self.columns);
        if !text.numbered(&columns) && !text.listed_after_brackets(&columns) && self.lines > 0 {
            self.columns = columns;
        } else {
            self.lines = 0;
        }
    }
}

/// The columns whose values a statement leaves open, in the order of its placeholders, and where the last one ends.
fn open_columns(text: &[u8], marks: Marks) -> Option<(Columns, usize)> {
    let find = |[lower, upper]: &[Needle; 2]| lower.find(text).or_else(|| upper.find(text));
    if marks & OPEN != 0
        && let Some(place) = find(&VALUES)
    {
        let open = run_end(text, place + 5, |byte| byte == b' ');
        let first = run_end(text, open + 1, |byte| byte == b' ');
        if at(text, open) == b'(' && placeholder_end(text, first).is_some() {
            let front = part(text, place.saturating_sub(4096), place);
            let close = front.iter().rposition(|byte| *byte == b')')?;
            let list = part(front, 0, close)
                .iter()
                .rposition(|byte| *byte == b'(')?;
            let end = run_end(text, open, |byte| byte != b')');
            return Some((names(part(front, list + 1, close)), end + 1));
        }
    }
    if marks & COMPARES == 0 {
        return None;
    }
    let start = match (find(&SET), find(&WHERE)) {
        (Some(set), Some(condition)) => set.min(condition),
        (set, condition) => set.or(condition)?,
    };
    let mut columns = Columns::new();
    let mut last = start;
    let mut place = start;
    while columns.len() < MOST {
        let Some(mark) = part(text, place, text.len())
            .iter()
            .position(|byte| matches!(byte, b'=' | b'<' | b'>'))
        else {
            break;
        };
        let mark = place + mark;
        place = mark + 1;
        let first = run_within(text, mark + 1, mark + 4, |byte| matches!(byte, b' ' | b'='));
        let Some(end) = placeholder_end(text, first) else {
            continue;
        };
        let stop = mark - usize::from(before(text, mark) == b' ');
        let stop = stop - usize::from(matches!(before(text, stop), b'`' | b'"' | b']'));
        columns.push(meaning_of(part(text, word_start(text, stop, 48), stop)));
        last = end;
        place = end;
    }
    (!columns.is_empty()).then_some((columns, last))
}

/// Where a placeholder ends: `?`, `$1`, `:name`, `@p0`, `%s`, `%(name)s`.
fn placeholder_end(text: &[u8], start: usize) -> Option<usize> {
    match at(text, start) {
        b'?' => Some(start + 1),
        b'$' | b'@' | b':' if is_word(at(text, start + 1)) => {
            Some(run_end(text, start + 1, is_word))
        }
        b'%' if at(text, start + 1) == b's' => Some(start + 2),
        _ => None,
    }
}

impl Text<'_, '_> {
    /// The values of a statement in brackets after it; says whether they were there.
    fn listed(&mut self, from: usize, columns: &Columns) -> bool {
        let text = self.text;
        let open = run_within(text, from, from + 48, |byte| {
            !matches!(byte, b'[' | b'(' | b'\n')
        });
        let first = run_end(text, open + 1, |byte| byte == b' ' || byte == b'\\');
        if !matches!(at(text, open), b'[' | b'(')
            || !(matches!(at(text, first), b'"' | b'\'') || at(text, first).is_ascii_digit())
        {
            return false;
        }
        self.tuple(open + 1, columns);
        true
    }

    /// `[generated in 0.1s] ('Roe', …)`: the values of the statement of the line before.
    fn listed_after_brackets(&mut self, columns: &Columns) -> bool {
        let text = self.text;
        let Some(close) = memchr::memmem::find(text, b"] (") else {
            return false;
        };
        self.listed(close + 1, columns)
    }

    /// `parameters: $1 = 'Roe', $2 = '…'`: the values of the statement of the line before.
    fn numbered(&mut self, columns: &Columns) -> bool {
        let text = self.text;
        let Some(place) = memchr::memmem::find(text, b"arameters: $") else {
            return false;
        };
        for dollar in memchr::memchr_iter(b'$', text)
            .filter(|dollar| *dollar > place)
            .take(MOST)
        {
            let end = run_end(text, dollar + 1, |byte| byte.is_ascii_digit());
            let Ok(which) = usize::try_from(number(part(text, dollar + 1, end))) else {
                continue;
            };
            let meaning = which.checked_sub(1).and_then(|which| *columns.get(which)?);
            if let Some(meaning) = meaning.filter(|_| part(text, end, end + 4) == b" = '") {
                let stop = run_within(text, end + 4, end + 1024, |byte| byte != b'\'');
                cell(self, (end + 4, stop), meaning);
            }
        }
        true
    }
}
