//! What the page brings so that it can be verified in the browser, and the place where that is said.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use vouchsafe_tlog::Hash;

use super::out::Out;
use crate::entry::{Entry, INLINE_BYTES, Kind};
use crate::report::{Earlier, Proven, Report, ReportError};

/// Contents longer than this are not in the page.
const CONTENT_BYTES: usize = 1 << 20;
/// All contents together are not longer than this.
const ALL_BYTES: usize = 8 << 20;

#[derive(Serialize)]
struct Data<'a> {
    origin: &'a str,
    key: &'a str,
    checkpoint: String,
    entries: Vec<Line>,
    earlier: Vec<Head>,
}

#[derive(Serialize)]
struct Line {
    index: u64,
    leaf: String,
    path: Vec<String>,
    /// Only where the leaf itself does not end with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

#[derive(Serialize)]
struct Head {
    size: u64,
    path: Vec<String>,
}

/// The data of the proofs, as JSON that ends no element of HTML.
pub(super) fn data(report: &Report<'_>) -> Result<String, ReportError> {
    let mut left = ALL_BYTES;
    let data = Data {
        origin: report.origin,
        key: &report.key,
        checkpoint: BASE64_STANDARD.encode(report.checkpoint),
        entries: report
            .proven
            .iter()
            .map(|one| entry(one, &mut left))
            .collect(),
        earlier: report.earlier.iter().map(head).collect(),
    };
    Ok(serde_json::to_string(&data)?.replace('<', "\\u003c"))
}

fn entry(one: &Proven, left: &mut usize) -> Line {
    let size = one.content.len();
    // Of a population, the page needs the digest alone.
    let finding =
        Entry::decode(&one.leaf).is_ok_and(|(entry, _)| matches!(entry.kind, Kind::Finding(_)));
    let fits = finding && size > INLINE_BYTES && size <= CONTENT_BYTES.min(*left);
    if fits {
        *left -= size;
    }
    Line {
        index: one.index,
        leaf: BASE64_STANDARD.encode(&one.leaf),
        path: base64(&one.path),
        content: fits.then(|| BASE64_STANDARD.encode(&one.content)),
    }
}

fn head(one: &Earlier) -> Head {
    Head {
        size: one.size,
        path: base64(&one.path),
    }
}

fn base64(path: &[Hash]) -> Vec<String> {
    path.iter().map(Hash::to_base64).collect()
}

pub(super) fn section(out: &mut Out, report: &Report<'_>) {
    out.raw(INTRODUCTION);
    if report.earlier.is_empty() {
        out.raw("<p class=\"quiet\">This page brings no proof from earlier heads: whether the log only grew since one \
                 is shown by <code>vouchsafe evidence verify</code>.</p>\n");
    }
    out.raw("</section>\n");
}

const INTRODUCTION: &str = "<section id=\"verify\" aria-labelledby=\"verify-h\">\n<h2 id=\"verify-h\">Verification</h2>\n\
<div id=\"result\" class=\"result\" role=\"status\"><p><b>Not verified.</b> <span>The script of this page has not run. \
Everything can be read without it; <code>vouchsafe evidence verify</code> verifies the pack.</span></p></div>\n\
<div class=\"verify\">\n\
<div><label for=\"kept-key\">Key of the log that you kept</label>\
<p class=\"quiet\" id=\"kept-key-d\">One line: name, key id, key. Not from this page or the pack: a log that was signed \
again with another key would bring that key along.</p>\
<textarea id=\"kept-key\" rows=\"2\" spellcheck=\"false\" autocomplete=\"off\" aria-describedby=\"kept-key-d\"></textarea></div>\n\
<div><label for=\"kept-head\">Earlier checkpoint that you kept (optional)</label>\
<p class=\"quiet\" id=\"kept-head-d\">The whole signed note. It shows that nothing was taken out of the log since.</p>\
<textarea id=\"kept-head\" rows=\"5\" spellcheck=\"false\" autocomplete=\"off\" aria-describedby=\"kept-head-d\"></textarea></div>\n\
<p><button type=\"button\" id=\"again\">Verify with these</button></p>\n\
<div><label for=\"file\">A file of the pack, to compare with its digest</label>\
<p class=\"quiet\" id=\"file-d\">It is read in this browser and sent nowhere.</p>\
<input id=\"file\" type=\"file\" multiple aria-describedby=\"file-d\"><div id=\"file-result\" role=\"status\"></div></div>\n\
</div>\n\
<details><summary>What is verified here, and what is not</summary>\n\
<ol>\n\
<li>The checkpoint of the log has a valid Ed25519 signature of the key (C2SP signed note, tlog-checkpoint).</li>\n\
<li>Each finding is an entry of that log: its content has the digest that its header names, and its leaf leads by its \
path to the signed root (RFC 9162).</li>\n\
<li>What this page shows of controls and checks is what those findings say: each figure, state, bar and text.</li>\n\
</ol>\n\
<p>Not verified here: whether the findings follow from the evidence. <code>vouchsafe evidence verify</code> computes \
them again from the raw evidence of the pack. The lists of evidence and the excerpts of populations are compared file by \
file, if you choose the files above. Without the key that you kept, a log that was signed again is not excluded; without \
an earlier checkpoint or a witness, entries that were left out are not excluded.</p>\n\
<p>Whoever can change this page can change its script. Its SHA-256 is at the foot of the page; the source of the program \
has the same file, <code>data/report/page.js</code>.</p>\n\
</details>\n";
