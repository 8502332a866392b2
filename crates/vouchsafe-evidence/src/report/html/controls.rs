//! The table of controls, by framework.

use super::head::number;
use super::out::{Out, class};
use crate::catalogue::Framework;
use crate::finding::Finding;
use crate::report::text::{framework, rule, shown};
use crate::report::view::View;

pub(super) fn section(out: &mut Out, view: &View<'_>) {
    out.raw("<section id=\"controls\" aria-labelledby=\"controls-h\">\n<h2 id=\"controls-h\">Controls</h2>\n");
    out.raw("<p class=\"quiet\">A control is as its worst check is. Each check leads to what was observed.</p>\n");
    out.raw("<div class=\"find\" hidden><label for=\"find\">Find in controls, checks and evidence</label>\
             <input id=\"find\" type=\"search\" autocomplete=\"off\"><p id=\"found\" role=\"status\"></p></div>\n");
    for of in [Framework::Hipaa, Framework::Soc2] {
        let controls: Vec<_> = view.controls(of).collect();
        if controls.is_empty() {
            continue;
        }
        out.raw("<div data-proven>\n");
        out.table(
            framework(of),
            &["Control", "What it asks", "Rule", "State", "Checks"],
        );
        for control in controls {
            row(out, view, control);
        }
        out.end_table();
        out.raw("</div>\n");
    }
    out.raw("</section>\n");
}

fn row(out: &mut Out, view: &View<'_>, control: &Finding) {
    let key = format!("c/{}", control.control);
    out.raw(&format!("<tr data-find=\"{}\">", class(control.state)));
    out.cell("th scope=\"row\"", &key, &shown(&control.control));
    out.column(
        "td",
        "What it asks",
        &format!("{key}/title"),
        &shown(&control.title),
    );
    out.column("td", "Rule", &format!("{key}/rule"), rule(control.rule));
    out.raw("<td data-label=\"State\">");
    out.state(&format!("{key}/state"), control.state);
    out.raw("</td><td data-label=\"Checks\">");
    if control.checks.is_empty() {
        out.element("span", "none");
    } else {
        out.raw("<ul class=\"plain\">");
        for (place, id) in control.checks.iter().enumerate() {
            of_control(out, view, &format!("{key}/checks/{place}"), id);
        }
        out.raw("</ul>");
    }
    out.raw("</td></tr>\n");
}

fn of_control(out: &mut Out, view: &View<'_>, key: &str, id: &str) {
    out.raw("<li>");
    match view.checks.get(id) {
        Some(check) => {
            out.raw(&format!("<a href=\"#k{}\">", number(view, id)));
            out.cell("span", key, &shown(id));
            out.raw("</a> ");
            out.state(&format!("k/{id}/state"), check.state);
        }
        None => {
            out.cell("span", key, &shown(id));
            out.raw(" ");
            out.element("span class=\"quiet\"", "not in this program");
        }
    }
    out.raw("</li>");
}
