//! The font: measures text, and writes it as glyphs.

use std::collections::{BTreeMap, HashMap};

use skrifa::raw::{ReadError, TableProvider as _};
use skrifa::{FontRef, MetadataProvider as _};

use crate::report::ReportError;

/// Weights of the font.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// One weight.
#[derive(Clone, Debug)]
pub(super) struct Font {
    pub(super) data: &'static [u8],
    /// Glyph and advance by character, in thousandths of the size.
    glyphs: HashMap<char, (u16, u16)>,
    pub(super) ascent: i16,
    pub(super) descent: i16,
    pub(super) cap_height: i16,
    /// Glyphs that are used, with the character that they stand for and their advance.
    pub(super) used: BTreeMap<u16, (char, u16)>,
}

const REGULAR: &[u8] = include_bytes!("../../../data/report/font/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../data/report/font/NotoSans-Bold.ttf");

impl Font {
    pub(super) fn new(weight: Weight) -> Result<Self, ReportError> {
        let data = match weight {
            Weight::Regular => REGULAR,
            Weight::Bold => BOLD,
        };
        let fault = |error: ReadError| ReportError::Font(error.to_string());
        let font = FontRef::new(data).map_err(fault)?;
        // Advances are taken as they are: both weights have a thousand units.
        if font.head().map_err(fault)?.units_per_em() != 1000 {
            return Err(ReportError::Font("it has not a thousand units".to_owned()));
        }
        let advances = font.hmtx().map_err(fault)?;
        let mut glyphs = HashMap::new();
        for (code, glyph) in font.charmap().mappings() {
            let character = char::from_u32(code);
            let number = u16::try_from(glyph.to_u32());
            if let (Some(character), Ok(number)) = (character, number) {
                glyphs.insert(character, (number, advances.advance(glyph).unwrap_or(0)));
            }
        }
        let lines = font.hhea().map_err(fault)?;
        let height = font.os2().ok().and_then(|os2| os2.s_cap_height());
        Ok(Self {
            data,
            glyphs,
            ascent: lines.ascender().to_i16(),
            descent: lines.descender().to_i16(),
            cap_height: height.unwrap_or(714),
            used: BTreeMap::new(),
        })
    }

    pub(super) fn has(&self, character: char) -> bool {
        self.glyphs.contains_key(&character)
    }

    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let units = text.chars().map(|character| self.advance(character));
        units.sum::<f32>() * size / 1000.0
    }

    fn advance(&self, character: char) -> f32 {
        let known = self.glyphs.get(&character);
        known.map_or(0.0, |(_, advance)| f32::from(*advance))
    }

    /// A text as glyphs of two bytes each.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() * 2);
        for character in text.chars() {
            if let Some((glyph, advance)) = self.glyphs.get(&character) {
                self.used.entry(*glyph).or_insert((character, *advance));
                out.extend_from_slice(&glyph.to_be_bytes());
            }
        }
        out
    }
}
