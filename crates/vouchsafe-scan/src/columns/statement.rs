//! Statements of SQL whose values stand apart from them: `… where surname = ? ["Roe"]`, `parameters: $1 = 'Roe'`.

use memchr::memmem::Finder;

use crate::bytes::{
    COMPARES, Marks, Needle, OPEN, at, before, is_word, number, part, run_end, run_within,
    word_start,
};
use crate::columns::{Columns, cell, literal_end, names};
use crate::text::Text;
use crate::vocabulary::meaning_of;

/// The columns of the last statement, for as many further lines as its values may stand in.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    columns: Columns,
    lines: u8,
    /// The columns of an `INSERT` whose rows stand in further lines.
    rows: Columns,
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
        self.lines == 0 && self.rows.is_empty()
    }

    /// Keeps the columns of a statement in this line, or finds the values of the one before.
    pub(crate) fn line(&mut self, text: &mut Text<'_, '_>) {
        self.row(text);
        if let Some((columns, end)) = open_columns(text.text, text.marks) {
            if !text.assigned() && !text.listed(end, &columns) {
                (self.columns, self.lines) = (columns, 2);
            }
            return;
        }
        if self.lines == 0 {
            return;
        }
        // Hibernate shows one value in each line.
        if text.bound(&self.columns) {
            self.lines = 2;
            return;
        }
        self.lines -= 1;
        let columns = std::mem::take(&mut self.columns);
        let found = text.numbered(&columns)
            || text.typed_by(&columns)
            || text.listed_after_brackets(&columns)
            || text.begins_with_list() && text.listed(0, &columns);
        if !found && self.lines > 0 {
            self.columns = columns;
        } else {
            self.lines = 0;
        }
    }

    /// `INSERT INTO t (a, b) VALUES` at the end of a line, or rows that go on: the rows of further lines.
    fn row(&mut self, text: &mut Text<'_, '_>) {
        let line = text.text.trim_ascii();
        if !self.rows.is_empty() {
            if line.starts_with(b"(") {
                let open = text.text.len() - text.text.trim_ascii_start().len();
                text.row_after(open, &self.rows);
            }
            if line.ends_with(b";") || !line.starts_with(b"(") {
                self.rows.clear();
            }
            return;
        }
        let goes_on =
            line.ends_with(b",") || line.ends_with(b"VALUES") || line.ends_with(b"values");
        if goes_on && let Some(columns) = inserted_columns(line) {
            self.rows = columns;
        }
    }
}

/// The columns of an `INSERT`, if any of them says something.
fn inserted_columns(line: &[u8]) -> Option<Columns> {
    let find = |[lower, upper]: &[Needle; 2]| lower.find(line).or_else(|| upper.find(line));
    let place = find(&VALUES)?;
    let front = part(line, place.saturating_sub(4096), place);
    let close = front.iter().rposition(|byte| *byte == b')')?;
    let list = part(front, 0, close)
        .iter()
        .rposition(|byte| *byte == b'(')?;
    let columns = names(part(front, list + 1, close));
    let says = columns
        .iter()
        .flatten()
        .any(|meaning| !meaning.is_nothing());
    says.then_some(columns)
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

/// The column that a placeholder is compared with.
fn column_of<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let equals = memchr::memmem::find_iter(text, name)
        .take(MOST)
        .filter(|place| !is_word(at(text, place + name.len())))
        .find_map(|place| {
            let equals = place.checked_sub(1 + usize::from(before(text, place) == b' '))?;
            (at(text, equals) == b'=').then_some(equals)
        })?;
    let stop = equals - usize::from(before(text, equals) == b' ');
    let stop = stop - usize::from(matches!(before(text, stop), b'`' | b'"' | b']'));
    Some(part(text, word_start(text, stop, 48), stop))
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
    /// Whether a line begins with a list of texts, and not with a time in brackets.
    fn begins_with_list(&self) -> bool {
        let line = self.text.trim_ascii_start();
        [b"[\"".as_slice(), b"['", b"('", b"(\""]
            .iter()
            .any(|list| line.starts_with(list))
    }

    /// The rows that begin at a bracket.
    fn row_after(&mut self, open: usize, columns: &Columns) {
        let text = self.text;
        let mut place = open;
        while at(text, place) == b'(' {
            place = self.tuple(place + 1, columns);
            place = run_end(text, place, |byte| matches!(byte, b',' | b' ' | b')'));
        }
    }

    /// `binding parameter (2:VARCHAR) <- [Roe]`, `binding parameter [2] as [VARCHAR] - [Roe]`: one value of Hibernate's.
    fn bound(&mut self, columns: &Columns) -> bool {
        static BINDING: Needle = Needle::new(|| Finder::new(b"binding parameter "));
        let text = self.text;
        let Some(place) = BINDING.find(text) else {
            return false;
        };
        let digits = place + 19;
        let end = run_end(text, digits, |byte| byte.is_ascii_digit());
        let which = usize::try_from(number(part(text, digits, end))).unwrap_or(0);
        let meaning = which.checked_sub(1).and_then(|which| *columns.get(which)?);
        let open = text.iter().rposition(|byte| *byte == b'[');
        if let (Some(meaning), Some(open)) = (meaning, open.filter(|open| *open > end)) {
            let stop = run_within(text, open, text.len(), |byte| byte != b']');
            cell(self, (open + 1, stop), meaning);
        }
        true
    }

    /// `Parameters: 4711(String), Roe(String)`: the values of the statement of the line before, as MyBatis logs them.
    fn typed_by(&mut self, columns: &Columns) -> bool {
        static PARAMETERS: Needle = Needle::new(|| Finder::new(b"Parameters: "));
        let text = self.text;
        let Some(place) = PARAMETERS.find(text) else {
            return false;
        };
        let mut start = place + 12;
        for meaning in columns {
            // A value ends with its type in brackets.
            let Some(close) = memchr::memchr(b')', part(text, start, text.len())) else {
                break;
            };
            let close = start + close;
            let open = part(text, start, close)
                .iter()
                .rposition(|byte| *byte == b'(');
            if let (Some(meaning), Some(open)) = (meaning, open) {
                cell(self, (start, start + open), meaning);
            }
            start = run_end(text, close + 1, |byte| matches!(byte, b',' | b' '));
        }
        true
    }

    /// The values of a statement in brackets after it; says whether they were there.
    fn listed(&mut self, from: usize, columns: &Columns) -> bool {
        let text = self.text;
        // … WHERE "id" = $2; "Roe", 47
        let bare = part(text, from, from + 2) == b"; ";
        if bare && matches!(at(text, from + 2), b'"' | b'\'') {
            self.tuple(from + 2, columns);
            return true;
        }
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

    /// `where MemberId=@p1',N'@p1 varchar(12)',@p1='4711'`: values by the names of their placeholders; says whether there
    /// are any.
    fn assigned(&mut self) -> bool {
        let text = self.text;
        let mut any = false;
        for sign in memchr::memchr_iter(b'@', text).take(MOST) {
            let end = run_end(text, sign + 1, is_word);
            let equals = run_within(text, end, end + 3, |byte| byte == b' ' || byte == b'=');
            let open = equals + usize::from(at(text, equals) == b'N');
            let name = part(text, sign, end);
            if end == sign + 1 || equals == end || at(text, open) != b'\'' {
                continue;
            }
            let Some(meaning) = column_of(text, name).and_then(meaning_of) else {
                continue;
            };
            let stop = literal_end(text, open + 1, open + 1024);
            any = true;
            cell(self, (open + 1, stop), meaning);
        }
        any
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
                let stop = literal_end(text, end + 4, end + 1024);
                cell(self, (end + 4, stop), meaning);
            }
        }
        true
    }
}
