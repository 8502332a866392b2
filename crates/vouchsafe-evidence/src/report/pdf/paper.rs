//! Pages: text flows down, and goes on overleaf.

use pdf_writer::{Content, Name, Str};

use super::font::{Font, Weight};
use crate::report::ReportError;

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// Wide enough for the narrower and shorter Letter.
pub(super) const MARGIN: f32 = 48.0;
const BOTTOM: f32 = 64.0;
const LINE: f32 = 1.36;

/// Red, green, blue.
pub(super) type Colour = [f32; 3];
pub(super) const BLACK: Colour = [0.09, 0.13, 0.17];
pub(super) const QUIET: Colour = [0.29, 0.34, 0.42];
const RULE: Colour = [0.78, 0.82, 0.86];

/// A place that a bookmark leads to.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) top: f32,
    pub(super) below: bool,
}

/// Pages in the making.
pub(super) struct Paper {
    pub(super) pages: Vec<Content>,
    pub(super) marks: Vec<Mark>,
    pub(super) regular: Font,
    pub(super) bold: Font,
    /// The height at which the next line begins, from below.
    top: f32,
    escaped: u64,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) weight: Weight,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

pub(super) const PLAIN: Look = Look {
    weight: Weight::Regular,
    size: 9.0,
    colour: BLACK,
};
pub(super) const SMALL: Look = Look { size: 8.0, ..PLAIN };
pub(super) const FAINT: Look = Look {
    colour: QUIET,
    ..PLAIN
};
pub(super) const STRONG: Look = Look {
    weight: Weight::Bold,
    ..PLAIN
};

/// A cell of a table.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) look: Look,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>, look: Look) -> Self {
        Self {
            text: text.into(),
            look,
        }
    }
}

impl Paper {
    pub(super) fn new() -> Result<Self, ReportError> {
        Ok(Self {
            pages: Vec::new(),
            marks: Vec::new(),
            regular: Font::new(Weight::Regular)?,
            bold: Font::new(Weight::Bold)?,
            top: 0.0,
            escaped: 0,
        })
    }

    /// Other pages with the same fonts.
    pub(super) fn beside(&self) -> Self {
        Self {
            pages: Vec::new(),
            marks: Vec::new(),
            regular: self.regular.clone(),
            bold: self.bold.clone(),
            top: 0.0,
            escaped: 0,
        }
    }

    /// These pages, then others.
    pub(super) fn followed_by(mut self, other: Self) -> Self {
        let before = self.pages.len();
        self.pages.extend(other.pages);
        self.marks.extend(other.marks.into_iter().map(|mark| Mark {
            page: mark.page + before,
            ..mark
        }));
        self.regular.used.extend(other.regular.used);
        self.bold.used.extend(other.bold.used);
        self
    }

    /// Characters that the font does not have.
    pub(super) const fn escaped(&self) -> u64 {
        self.escaped
    }

    /// Begins a page, unless so much room is left on this one.
    pub(super) fn room(&mut self, needed: f32) {
        if self.pages.is_empty() || self.top - needed < BOTTOM {
            self.pages.push(Content::new());
            self.top = HEIGHT - MARGIN;
        }
    }

    /// Begins a page.
    pub(super) fn turn(&mut self) {
        self.top = 0.0;
        self.room(0.0);
    }

    pub(super) fn space(&mut self, points: f32) {
        self.top -= points;
    }

    pub(super) fn heading(&mut self, text: &str, size: f32, below: bool) {
        self.space(size * 0.7);
        // A heading never stands alone at the foot.
        self.room(size * 2.0 + 60.0);
        self.marks.push(Mark {
            title: text.to_owned(),
            page: self.pages.len().saturating_sub(1),
            top: self.top,
            below,
        });
        let look = Look { size, ..STRONG };
        self.paragraph(text, look);
        self.space(2.0);
    }

    pub(super) fn paragraph(&mut self, text: &str, look: Look) {
        for line in self.lines(text, look, WIDTH - 2.0 * MARGIN) {
            let height = look.size * LINE;
            self.room(height);
            self.line(MARGIN, self.top - look.size, &line, look);
            self.top -= height;
        }
    }

    /// A name and what it is.
    pub(super) fn fact(&mut self, name: &str, text: &str) {
        let widths = [128.0, WIDTH - 2.0 * MARGIN - 128.0];
        let cells = [Cell::new(name, FAINT), Cell::new(text, PLAIN)];
        self.row(&widths, &cells, 1.0, None);
    }

    /// The head of a table.
    pub(super) fn table_head(&mut self, widths: &[f32], names: &[&str]) {
        self.room(44.0);
        let look = Look {
            colour: QUIET,
            size: 8.0,
            ..STRONG
        };
        let cells: Vec<_> = names.iter().map(|name| Cell::new(*name, look)).collect();
        self.row(widths, &cells, 3.0, Some(RULE));
    }

    /// A row of a table, with a line below. A row that does not fit goes overleaf as a whole.
    pub(super) fn table_row(&mut self, widths: &[f32], cells: &[Cell]) {
        self.row(widths, cells, 3.0, Some(RULE));
    }

    fn row(&mut self, widths: &[f32], cells: &[Cell], padding: f32, rule: Option<Colour>) {
        let wrapped: Vec<Vec<String>> = widths
            .iter()
            .zip(cells)
            .map(|(width, cell)| self.lines(&cell.text, cell.look, width - 6.0))
            .collect();
        let heights = wrapped.iter().zip(cells);
        let height = heights
            .map(|(lines, cell)| lines.iter().map(|_| cell.look.size * LINE).sum::<f32>())
            .fold(0.0_f32, f32::max);
        self.room(height + 2.0 * padding);
        let top = self.top - padding;
        let mut left = MARGIN;
        for ((lines, cell), width) in wrapped.iter().zip(cells).zip(widths) {
            let mut baseline = top - cell.look.size;
            for line in lines {
                self.line(left, baseline, line, cell.look);
                baseline -= cell.look.size * LINE;
            }
            left += width;
        }
        self.top -= height + 2.0 * padding;
        if let Some(colour) = rule {
            let bottom = self.top;
            self.bar(MARGIN, bottom, WIDTH - 2.0 * MARGIN, 0.5, colour);
        }
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, left: f32, bottom: f32, width: f32, height: f32, colour: Colour) {
        if let Some(page) = self.pages.last_mut() {
            let [red, green, blue] = colour;
            page.set_fill_rgb(red, green, blue);
            page.rect(left, bottom, width, height);
            page.fill_nonzero();
        }
    }

    /// A line at the foot of a page.
    pub(super) fn foot(&mut self, page: usize, left: f32, text: &str, look: Look) {
        let text = self.writable(text, look.weight);
        let glyphs = self.regular.encode(&text);
        if let Some(page) = self.pages.get_mut(page) {
            write_line(page, Name(b"R"), (left, BOTTOM - 26.0), &glyphs, look);
        }
    }

    /// The height of the last line that was written, from below.
    pub(super) const fn here(&self) -> f32 {
        self.top
    }

    fn line(&mut self, left: f32, baseline: f32, text: &str, look: Look) {
        let (font, name) = match look.weight {
            Weight::Regular => (&mut self.regular, Name(b"R")),
            Weight::Bold => (&mut self.bold, Name(b"B")),
        };
        let glyphs = font.encode(text);
        if let Some(page) = self.pages.last_mut() {
            write_line(page, name, (left, baseline), &glyphs, look);
        }
    }

    /// A text broken into lines of a width; words that are too long are broken too.
    fn lines(&mut self, text: &str, look: Look, width: f32) -> Vec<String> {
        let text = self.writable(text, look.weight);
        let font = match look.weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let joined = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if font.width(&joined, look.size) <= width {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for character in word.chars() {
                line.push(character);
                if font.width(&line, look.size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(character);
                }
            }
        }
        lines.push(line);
        lines
    }

    /// A text in characters that the font has; others as an escape, and counted.
    fn writable(&mut self, text: &str, weight: Weight) -> String {
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let mut out = String::with_capacity(text.len());
        for character in text.chars() {
            if font.has(character) {
                out.push(character);
            } else {
                self.escaped += 1;
                out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
        }
        out
    }
}

fn write_line(
    page: &mut Content,
    font: Name<'_>,
    (left, baseline): (f32, f32),
    glyphs: &[u8],
    look: Look,
) {
    let [red, green, blue] = look.colour;
    page.set_fill_rgb(red, green, blue);
    page.begin_text();
    page.set_font(font, look.size);
    page.set_text_matrix([1.0, 0.0, 0.0, 1.0, left, baseline]);
    page.show(Str(glyphs));
    page.end_text();
}
