//! Text as it is shown: nothing hidden, nothing endless. `page.js` has the same rules, and compares.

use jiff::Timestamp;

use crate::catalogue::{Framework, Rule};
use crate::check::CheckKind;
use crate::judgement::Severity;

/// No text is shown longer than this many characters.
pub(super) const LONGEST: usize = 500;

/// Characters that are not seen, or that turn what stands around them: shown as an escape.
pub(super) const HIDDEN: [(u32, u32); 17] = [
    (0x00, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x034f, 0x034f),
    (0x061c, 0x061c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x1_d173, 0x1_d17a),
    (0xe_0000, 0xe_0fff),
];

/// A text as it is shown: cut at [`LONGEST`], with hidden characters as `\u{202e}`.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().take(LONGEST) {
        let code = u32::from(character);
        if HIDDEN
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&code))
        {
            out.push_str(&format!("\\u{{{code:x}}}"));
        } else {
            out.push(character);
        }
    }
    // Bytes first: a short text is counted in no time.
    if text.len() > LONGEST {
        let rest = text.chars().count().saturating_sub(LONGEST);
        if rest > 0 {
            out.push_str(&format!("… ({rest} more characters)"));
        }
    }
    out
}

/// A moment as it is shown: `2026-06-30 10:00 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    let written = at.to_string();
    let day: String = written.chars().take(10).collect();
    let time: String = written.chars().skip(11).take(5).collect();
    format!("{day} {time} UTC")
}

/// A moment that may not be known.
pub(super) fn moment_or(at: Option<Timestamp>, none: &str) -> String {
    at.map_or_else(|| none.to_owned(), moment)
}

/// A number and its noun: `1 gap`, `2 gaps`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

pub(super) const fn kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::State => "state, sampled by each run",
        CheckKind::Population => "population, every event of the window",
        CheckKind::Register => "register or record",
        CheckKind::SelfTest => "self-test, the control is attacked and must refuse",
    }
}

pub(super) const fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Standard => "standard",
        Rule::Required => "required",
        Rule::Addressable => "addressable",
    }
}

pub(super) const fn framework(framework: Framework) -> &'static str {
    match framework {
        Framework::Hipaa => "HIPAA, 45 CFR Part 164",
        Framework::Soc2 => "SOC 2, Trust Services Criteria (2017)",
    }
}

/// Bytes as people say them.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_and_long_texts_are_cut_aloud() {
        assert_eq!(shown("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
        assert_eq!(shown("Zoë 王"), "Zoë 王");
        let long = "x".repeat(LONGEST + 7);
        assert!(shown(&long).ends_with("x… (7 more characters)"));
        assert_eq!(shown(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
    }

    #[test]
    fn moments_are_shown_to_the_minute() {
        let at: Timestamp = "2026-06-30T10:07:59.25Z".parse().unwrap();
        assert_eq!(moment(at), "2026-06-30 10:07 UTC");
    }
}
