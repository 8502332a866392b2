//! Writing HTML: text is escaped, always.

use crate::finding::State;

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Out(String);

impl Out {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Markup of this program. Nothing that was collected or configured goes through here.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Text, also within the quotes of an attribute.
    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    /// An element with text.
    pub(super) fn element(&mut self, tag: &str, text: &str) {
        self.raw(&format!("<{tag}>"));
        self.text(text);
        self.close(tag);
    }

    /// An element whose text the script compares with the proven content, by its key.
    pub(super) fn cell(&mut self, tag: &str, key: &str, text: &str) {
        self.raw(&format!("<{tag} data-v=\""));
        self.text(key);
        self.raw("\">");
        self.text(text);
        self.close(tag);
    }

    /// The same in a table, with the name of its column for narrow screens.
    pub(super) fn column(&mut self, tag: &str, label: &str, key: &str, text: &str) {
        self.raw(&format!("<{tag} data-label=\""));
        self.text(label);
        self.raw("\" data-v=\"");
        self.text(key);
        self.raw("\">");
        self.text(text);
        self.close(tag);
    }

    /// A state: a shape and a word, so that colour is never needed.
    pub(super) fn state(&mut self, key: &str, state: State) {
        let class = class(state);
        self.raw(&format!(
            "<span class=\"state {class}\"><svg class=\"shape\" aria-hidden=\"true\"><use href=\"#s-{class}\"/></svg>"
        ));
        self.cell("span", key, state.word());
        self.raw("</span>");
    }

    /// The head of a table: a caption and columns.
    pub(super) fn table(&mut self, caption: &str, columns: &[&str]) {
        // A table that is wider than the screen can be moved with the keyboard.
        self.raw("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"");
        self.text(caption);
        self.raw("\"><table>");
        self.element("caption", caption);
        self.raw("<thead><tr>");
        for column in columns {
            self.raw("<th scope=\"col\">");
            self.text(column);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
    }

    pub(super) fn end_table(&mut self) {
        self.raw("</tbody></table></div>\n");
    }

    fn close(&mut self, tag: &str) {
        let name = tag.split(' ').next().unwrap_or(tag);
        self.raw(&format!("</{name}>"));
    }
}

/// The name of a state in markup.
pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::NotApplicable => "not-applicable",
        State::Held => "held",
        State::Examined => "examined",
        State::Excepted => "excepted",
        State::Gaps => "gaps",
        State::NoEvidence => "no-evidence",
        State::Deviations => "deviations",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_no_attribute_and_opens_no_element() {
        let mut out = Out::new();
        out.column("td", "a\"b", "k/'x'", "<script>&");
        assert_eq!(
            out.into_string(),
            "<td data-label=\"a&quot;b\" data-v=\"k/&#39;x&#39;\">&lt;script&gt;&amp;</td>"
        );
    }
}
