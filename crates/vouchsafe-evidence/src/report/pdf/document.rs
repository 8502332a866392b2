//! The file: pages, fonts, bookmarks, what it is called.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::font::{Font, Weight};
use super::paper::{HEIGHT, Look, MARGIN, Mark, Paper, QUIET, SMALL, WIDTH};
use crate::report::Report;
use crate::report::text::shown;

const CATALOG: i32 = 1;
const PAGES: i32 = 2;
const OUTLINE: i32 = 3;
const INFO: i32 = 4;
const REGULAR: i32 = 10;
const BOLD: i32 = 20;
/// Pages and what is on them: two ids each.
const FIRST_PAGE: i32 = 30;

const IDENTITY: SystemInfo<'_> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

pub(super) fn write(mut paper: Paper, report: &Report<'_>) -> Vec<u8> {
    number(&mut paper, report);
    let mut pdf = Pdf::new();
    let count = i32::try_from(paper.pages.len()).unwrap_or(0);
    let title = format!(
        "Evidence report: {}, {}",
        shown(report.project),
        report.findings.window
    );
    let mut catalog = pdf.catalog(Ref::new(CATALOG));
    catalog.pages(Ref::new(PAGES)).lang(TextStr("en"));
    catalog.outlines(Ref::new(OUTLINE));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    let mut info = pdf.document_info(Ref::new(INFO));
    info.title(TextStr(&title));
    info.producer(TextStr(report.program));
    info.finish();
    let pages = (0..count).map(page);
    pdf.pages(Ref::new(PAGES)).kids(pages).count(count);
    for (number, content) in (0..count).zip(paper.pages) {
        let mut one = pdf.page(page(number));
        one.parent(Ref::new(PAGES));
        one.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
        one.contents(content_of(number));
        let mut resources = one.resources();
        let mut fonts = resources.fonts();
        fonts.pair(Name(b"R"), Ref::new(REGULAR));
        fonts.pair(Name(b"B"), Ref::new(BOLD));
        fonts.finish();
        resources.finish();
        one.finish();
        let packed = packed(&content.finish());
        pdf.stream(content_of(number), &packed)
            .filter(Filter::FlateDecode);
    }
    font(&mut pdf, REGULAR, "NotoSans-Regular", &paper.regular);
    font(&mut pdf, BOLD, "NotoSans-Bold", &paper.bold);
    outline(&mut pdf, &paper.marks, FIRST_PAGE + 2 * count);
    pdf.finish()
}

fn page(number: i32) -> Ref {
    Ref::new(FIRST_PAGE + 2 * number)
}

fn content_of(number: i32) -> Ref {
    Ref::new(FIRST_PAGE + 2 * number + 1)
}

/// The foot of every page.
fn number(paper: &mut Paper, report: &Report<'_>) {
    let count = paper.pages.len();
    let look = Look {
        colour: QUIET,
        ..SMALL
    };
    let title: String = shown(report.project).chars().take(60).collect();
    for page in 0..count {
        let left = format!("{title}, {}", report.findings.window);
        paper.foot(page, MARGIN, &left, look);
        let right = format!("page {} of {count}", page + 1);
        let width = paper.width(&right, look);
        paper.foot(page, WIDTH - MARGIN - width, &right, look);
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// A composite font: glyphs by their number, and the characters that they stand for.
fn font(pdf: &mut Pdf, first: i32, name: &str, font: &Font) {
    let id = |place: i32| Ref::new(first + place);
    let name = Name(name.as_bytes());
    pdf.type0_font(id(0))
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(id(1))
        .to_unicode(id(3));
    let mut cid = pdf.cid_font(id(1));
    cid.subtype(CidFontType::Type2);
    cid.base_font(name);
    cid.system_info(IDENTITY);
    cid.font_descriptor(id(2));
    cid.default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for (glyph, (_, advance)) in &font.used {
        widths.consecutive(*glyph, [f32::from(*advance)]);
    }
    widths.finish();
    cid.finish();
    let (ascent, descent) = (f32::from(font.ascent), f32::from(font.descent));
    pdf.font_descriptor(id(2))
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(-600.0, descent, 2800.0, ascent))
        .italic_angle(0.0)
        .ascent(ascent)
        .descent(descent)
        .cap_height(f32::from(font.cap_height))
        .stem_v(if first == BOLD { 140.0 } else { 90.0 })
        .font_file2(id(4));
    let mut map = UnicodeCmap::new(Name(b"Characters"), IDENTITY);
    for (glyph, (character, _)) in &font.used {
        map.pair(*glyph, *character);
    }
    let map = packed(map.finish().as_slice());
    pdf.stream(id(3), &map).filter(Filter::FlateDecode);
    let data = packed(font.data);
    let mut file = pdf.stream(id(4), &data);
    file.filter(Filter::FlateDecode);
    file.pair(
        Name(b"Length1"),
        i32::try_from(font.data.len()).unwrap_or(i32::MAX),
    );
}

/// Bookmarks of two levels.
fn outline(pdf: &mut Pdf, marks: &[Mark], first: i32) {
    let id = |place: usize| {
        i32::try_from(place).map_or(Ref::new(OUTLINE), |place| Ref::new(first + place))
    };
    let tops: Vec<usize> = (0..marks.len())
        .filter(|place| marks.get(*place).is_some_and(|mark| !mark.below))
        .collect();
    let (Some(begin), Some(end)) = (tops.first(), tops.last()) else {
        pdf.outline(Ref::new(OUTLINE));
        return;
    };
    pdf.outline(Ref::new(OUTLINE))
        .first(id(*begin))
        .last(id(*end))
        .count(i32::try_from(tops.len()).unwrap_or(0));
    for (order, top) in tops.iter().enumerate() {
        let next = tops.get(order + 1);
        let below: Vec<usize> = (top + 1..next.copied().unwrap_or(marks.len())).collect();
        let before = order.checked_sub(1).and_then(|order| tops.get(order));
        let siblings = (before.map(|at| id(*at)), next.map(|at| id(*at)));
        item(
            pdf,
            id(*top),
            Ref::new(OUTLINE),
            siblings,
            (marks.get(*top), &below),
            &id,
        );
        for (order, place) in below.iter().enumerate() {
            let before = order.checked_sub(1).and_then(|order| below.get(order));
            let siblings = (
                before.map(|at| id(*at)),
                below.get(order + 1).map(|at| id(*at)),
            );
            item(
                pdf,
                id(*place),
                id(*top),
                siblings,
                (marks.get(*place), &[]),
                &id,
            );
        }
    }
}

fn item(
    pdf: &mut Pdf,
    id: Ref,
    parent: Ref,
    (before, next): (Option<Ref>, Option<Ref>),
    (mark, below): (Option<&Mark>, &[usize]),
    of: &impl Fn(usize) -> Ref,
) {
    let Some(mark) = mark else { return };
    let mut item = pdf.outline_item(id);
    item.title(TextStr(&mark.title)).parent(parent);
    if let Some(before) = before {
        item.prev(before);
    }
    if let Some(next) = next {
        item.next(next);
    }
    if let (Some(first), Some(last)) = (below.first(), below.last()) {
        item.first(of(*first)).last(of(*last));
        // Folded: the number is negative.
        item.count(i32::try_from(below.len()).map_or(0, |count| -count));
    }
    let on = page(i32::try_from(mark.page).unwrap_or(0));
    item.dest().page(on).xyz(0.0, mark.top + 8.0, None);
}

impl Paper {
    fn width(&self, text: &str, look: Look) -> f32 {
        match look.weight {
            Weight::Regular => self.regular.width(text, look.size),
            Weight::Bold => self.bold.width(text, look.size),
        }
    }
}
