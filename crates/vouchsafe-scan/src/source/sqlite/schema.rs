//! Columns of tables, read from the text of `CREATE TABLE`.

/// The most text of one table that is read, and the most columns.
const TEXT: usize = 64 << 10;
const COLUMNS: usize = 2000;

/// A column as it stands in the rows of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Whether it is another name of the number of the row, which stands before the row and not in it.
    pub(super) is_row: bool,
}

/// A piece of SQL.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    /// A word or number without quotes.
    Word(String),
    /// A name or text in quotes.
    Quoted(String),
    /// Anything else.
    Sign(char),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            Self::Sign(_) => None,
        }
    }
}

/// The columns of a table in the order in which its rows have them. None when the text is not that of a table.
///
/// Virtual columns are left out: no row holds them. In a table without row numbers the columns of the key come first.
pub(super) fn columns(sql: &str, has_rows: bool) -> Option<Vec<Column>> {
    if sql.len() > TEXT {
        return None;
    }
    let tokens = tokens(sql);
    let open = tokens.iter().position(|token| *token == Token::Sign('('))?;
    let create =
        tokens.first()?.is("create") && tokens.iter().take(open).any(|token| token.is("table"));
    if !create {
        return None;
    }
    let mut columns = Vec::new();
    let mut key = Vec::new();
    for definition in definitions(tokens.get(open + 1..)?) {
        let first = definition.first()?;
        let constraint = ["constraint", "primary", "unique", "check", "foreign"];
        if constraint.iter().any(|word| first.is(word)) {
            key.extend(key_of(definition));
        } else if let Some(column) = Definition::read(definition) {
            if column.is_key {
                key.push(column.name.clone());
            }
            columns.push(column);
        }
    }
    (columns.len() <= COLUMNS && key.len() <= COLUMNS).then(|| arrange(columns, &key, has_rows))
}

/// A column as it is declared.
struct Definition {
    name: String,
    is_integer: bool,
    is_key: bool,
    is_virtual: bool,
}

impl Definition {
    fn read(tokens: &[Token]) -> Option<Self> {
        let name = tokens.first()?.name()?.to_owned();
        let rest = tokens.get(1..)?;
        let has = |word: &str| rest.iter().any(|token| token.is(word));
        let key = rest
            .windows(2)
            .position(|pair| matches!(pair, [a, b] if a.is("primary") && b.is("key")));
        // `INTEGER PRIMARY KEY DESC` is no name of the row, by an old mistake that became a rule.
        let descending = key
            .and_then(|key| rest.get(key + 2))
            .is_some_and(|token| token.is("desc"));
        let type_ends = |token: &&Token| {
            let words = [
                "constraint",
                "primary",
                "not",
                "null",
                "unique",
                "check",
                "default",
                "collate",
                "references",
                "generated",
                "as",
            ];
            words.iter().any(|word| token.is(word))
        };
        let declared: Vec<_> = rest.iter().take_while(|token| !type_ends(token)).collect();
        Some(Self {
            name,
            is_integer: matches!(*declared, [only] if only.is("integer") || matches!(only, Token::Quoted(name) if name.eq_ignore_ascii_case("integer")))
                && !descending,
            is_key: key.is_some(),
            is_virtual: has("as") && !has("stored"),
        })
    }
}

/// The columns of a constraint that is the primary key.
fn key_of(definition: &[Token]) -> Vec<String> {
    let key = definition
        .windows(2)
        .position(|pair| matches!(pair, [a, b] if a.is("primary") && b.is("key")));
    let Some(columns) = key.and_then(|key| definition.get(key + 3..)) else {
        return Vec::new();
    };
    let columns = columns
        .iter()
        .take_while(|token| **token != Token::Sign(')'));
    let mut names = Vec::new();
    let mut first = true;
    for token in columns {
        if *token == Token::Sign(',') {
            first = true;
        } else if std::mem::take(&mut first) {
            names.extend(token.name().map(str::to_owned));
        }
    }
    names
}

fn arrange(columns: Vec<Definition>, key: &[String], has_rows: bool) -> Vec<Column> {
    let place = |name: &str| key.iter().position(|key| key.eq_ignore_ascii_case(name));
    let mut columns: Vec<_> = columns
        .into_iter()
        .filter(|column| !column.is_virtual)
        .collect();
    if !has_rows {
        // The sort keeps the order of what is no key.
        columns.sort_by_cached_key(|column| place(&column.name).unwrap_or(usize::MAX));
    }
    let is_row = |column: &Definition| {
        has_rows
            && column.is_integer
            && matches!(key, [only] if only.eq_ignore_ascii_case(&column.name))
    };
    let column = |column: Definition| Column {
        is_row: is_row(&column),
        name: column.name,
    };
    columns.into_iter().map(column).collect()
}

/// The definitions between the outermost brackets.
fn definitions(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth > 0 => depth -= 1,
            Token::Sign(',' | ')') if depth == 0 => {
                found.extend(tokens.get(start..index).filter(|tokens| !tokens.is_empty()));
                start = index + 1;
                if *token == Token::Sign(')') {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Splits SQL; comments are left out.
fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let after = rest.strip_prefix(c).unwrap_or_default();
        rest = match c {
            _ if c.is_whitespace() => after,
            '-' if after.starts_with('-') => after.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if after.starts_with('*') => after.split_once("*/").map_or("", |(_, rest)| rest),
            '"' | '\'' | '`' => quoted(after, c, &mut tokens),
            '[' => {
                let (name, rest) = after.split_once(']').unwrap_or((after, ""));
                tokens.push(Token::Quoted(name.to_owned()));
                rest
            }
            _ if is_word(c) => {
                let (word, after) = rest
                    .split_at_checked(rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
                    .unwrap_or((rest, ""));
                tokens.push(Token::Word(word.to_owned()));
                after
            }
            _ => {
                tokens.push(Token::Sign(c));
                after
            }
        };
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

/// Reads up to the quote that ends a name; two of them stand for one.
fn quoted<'s>(text: &'s str, quote: char, tokens: &mut Vec<Token>) -> &'s str {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let Some((part, after)) = rest.split_once(quote) else {
            name.push_str(rest);
            rest = "";
            break;
        };
        name.push_str(part);
        rest = after;
        match rest.strip_prefix(quote) {
            Some(after) => {
                name.push(quote);
                rest = after;
            }
            None => break,
        }
    }
    tokens.push(Token::Quoted(name));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str, has_rows: bool) -> Vec<String> {
        let columns = columns(sql, has_rows).unwrap().into_iter();
        let mark = |is_row| if is_row { "*" } else { "" };
        columns
            .map(|column| column.name + mark(column.is_row))
            .collect()
    }

    #[test]
    fn columns_are_named_in_their_order() {
        let sql = "CREATE TABLE \"a (b\" (id INTEGER PRIMARY KEY, -- a comment, (\n
            'first name' TEXT NOT NULL DEFAULT 'a, b', [last name] VARCHAR(20, 3),
            `da``y` DATE CHECK (day > (1 + 2)), plain, /* , */ \"x\"\"y\",
            CONSTRAINT c UNIQUE (plain, id), FOREIGN KEY (plain) REFERENCES z (a, b))";
        let columns = ["id*", "first name", "last name", "da`y", "plain", "x\"y"];
        assert_eq!(names(sql, true), columns);
    }

    #[test]
    fn only_integer_keys_are_numbers_of_rows() {
        assert_eq!(
            names("create table t(a int primary key, b)", true),
            ["a", "b"]
        );
        assert_eq!(
            names("create table t(a integer, b, primary key (a))", true),
            ["a*", "b"]
        );
        assert_eq!(
            names("create table t(a integer, b, primary key (a, b))", true),
            ["a", "b"]
        );
        assert_eq!(
            names("create table t(a integer primary key desc)", true),
            ["a"]
        );
        assert_eq!(
            names("create table t(a integer primary key autoincrement)", true),
            ["a*"]
        );
    }

    #[test]
    fn keys_come_first_where_rows_have_no_number() {
        let sql = "create table t(a, b text, c, d, primary key (\"D\" desc, b)) without rowid";
        assert_eq!(names(sql, false), ["d", "b", "a", "c"]);
    }

    #[test]
    fn no_row_holds_virtual_columns() {
        let sql = "create table t(a, b as (a + 1), c generated always as (a) stored, d as (1) virtual, e)";
        assert_eq!(names(sql, true), ["a", "c", "e"]);
    }

    #[test]
    fn what_is_no_table_has_no_columns() {
        for sql in [
            "",
            "create index i on t(a)",
            "create table",
            "select (1)",
            "\u{e9}(",
            "[",
            "'",
        ] {
            assert_eq!(columns(sql, true), None, "{sql}");
        }
    }
}
