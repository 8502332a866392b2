//! Narrative is XHTML, and nothing that acts (R4, 2.4.5: txt-1 and txt-2).

use serde_json::{Value, json};

use crate::service::{CANARY, Service, on_both, patient};

on_both!(
    narrative_that_acts_is_refused,
    narrative_that_is_none_is_refused,
    narrative_has_a_status_and_a_div,
    narrative_comes_back_as_it_was_sent,
    contained_narrative_is_narrative,
);

const XHTML: &str = "xmlns=\"http://www.w3.org/1999/xhtml\"";

fn with(div: &str) -> Value {
    let mut own = patient("A");
    own["text"] = json!({"status": "generated", "div": div});
    own
}

async fn refused(service: &Service, div: &str) {
    let answer = service
        .send(&service.integration(), "POST Patient", &with(div))
        .await;
    assert_eq!(answer.status.as_u16(), 422, "{div}: {}", answer.text);
    let outcome = answer.json();
    let issue = &outcome["issue"][0];
    assert_eq!(issue["expression"][0], "Patient.text.div", "{div}");
}

async fn narrative_that_acts_is_refused(service: &Service) {
    for inside in [
        "<script>alert(1)</script>x",
        "<SCRIPT>alert(1)</SCRIPT>x",
        "<p onclick=\"x()\">x</p>",
        "<img src=\"x.png\" onerror=\"x()\"/>x",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"JavaScript:alert(1)\">x</a>",
        "<a href=\" &#9;java&#10;script:alert(1)\">x</a>",
        "<a href=\"java&#x73;cript&#58;alert(1)\">x</a>",
        "<a href=\"vbscript:x\">x</a>",
        "<a href=\"data:text/html,x\">x</a>",
        "<img src=\"data:image/svg+xml;base64,PHN2Zy8+\"/>x",
        "<img src=\"javascript:x\"/>x",
        "<a href=\"javascript&colon;alert(1)\">x</a>",
        "<blockquote cite=\"javascript:x\">x</blockquote>",
        "<iframe src=\"http://x.example\">x</iframe>",
        "<object data=\"x\">x</object>",
        "<embed src=\"x\"/>x",
        "<form action=\"x\">x</form>",
        "<input type=\"text\"/>x",
        "<button>x</button>",
        "<link rel=\"stylesheet\" href=\"x\"/>x",
        "<style>p {}</style>x",
        "<meta http-equiv=\"refresh\"/>x",
        "<base href=\"x\"/>x",
        "<svg><text>x</text></svg>",
        "<math>x</math>",
        "<video src=\"x\">x</video>",
        "<p style=\"background: url(http://x.example/a.png)\">x</p>",
        "<p style=\"width: expression(x)\">x</p>",
        "<p style=\"background: u\\72l(x)\">x</p>",
        "<p style=\"a: /**/ url&#40;x)\">x</p>",
        "<p srcdoc=\"x\">x</p>",
        "<a href=\"x\" target=\"_blank\" formaction=\"x\">x</a>",
        "<p xmlns=\"http://www.w3.org/2000/svg\">x</p>",
        "<x:p xmlns:x=\"http://www.w3.org/1999/xhtml\">x</x:p>",
        "<!--><img src=\"x\"/>-->x",
        "<![CDATA[<script>x</script>]]>x",
        "<?xml-stylesheet href=\"x\"?>x",
    ] {
        refused(service, &format!("<div {XHTML}>{inside}</div>")).await;
    }
}

async fn narrative_that_is_none_is_refused(service: &Service) {
    for div in [
        "",
        " ",
        "plain text",
        CANARY,
        "<p>no div</p>",
        "<div>",
        "<div>x",
        "<div><p>x</div>",
        "<div><b><i>x</b></i></div>",
        "<div>x</div><div>y</div>",
        "<div>x</div>y",
        "y<div>x</div>",
        "<div>a & b</div>",
        "<div>a < b</div>",
        "<div>&unheardof;</div>",
        "<div>&#0;</div>",
        "<div>&#xD800;</div>",
        "<div class=x>x</div>",
        "<div class=\"x\" class=\"y\">x</div>",
        "<div class=\"a<b\">x</div>",
        "<div class=\"x\"id=\"y\">x</div>",
        "<!DOCTYPE html><div>x</div>",
        "<div></div>",
        "<div/>",
        "<div> \n<p/>\t</div>",
        "<div><!-- x --></div>",
        "<div>a -- <!-- a -- b --></div>",
        "<div></div >x",
        "<Div>x</Div>",
    ] {
        let div = div.replacen("<div", &format!("<div {XHTML}"), 1);
        refused(service, &div).await;
    }
    let deep = format!("{}x{}", "<p>".repeat(5_000), "</p>".repeat(5_000));
    refused(service, &format!("<div {XHTML}>{deep}</div>")).await;
}

async fn narrative_has_a_status_and_a_div(service: &Service) {
    for (text, path) in [
        (json!({"status": "generated"}), "Patient.text.div"),
        (
            json!({"div": format!("<div {XHTML}>x</div>")}),
            "Patient.text.status",
        ),
        (json!("x"), "Patient.text"),
        (json!([{"status": "generated"}]), "Patient.text"),
        (
            json!({"status": "generated", "div": ["x"]}),
            "Patient.text.div",
        ),
        (
            json!({"status": 7, "div": format!("<div {XHTML}>x</div>")}),
            "Patient.text.status",
        ),
    ] {
        let mut own = patient("A");
        own["text"] = text;
        let answer = service
            .send(&service.integration(), "POST Patient", &own)
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        assert_eq!(answer.json()["issue"][0]["expression"][0], path);
    }
}

async fn narrative_comes_back_as_it_was_sent(service: &Service) {
    for inside in [
        "Generated by <a href=\"https://github.com/synthetichealth/synthea\">Synthea</a>.Version identifier: v2.4.0\n .   Person seed: 1",
        "<p><b>a</b> &amp; &lt;b&gt; &#160;&nbsp;&eacute;&#x1F600; \"'</p>",
        "<table class='grid' border=\"1\"><colgroup><col width=\"10%\"/></colgroup><thead><tr><th scope=\"col\">a</th></tr></thead><tbody><tr><td colspan=\"2\" style=\"color: red; font-weight: bold\">b</td></tr></tbody></table>",
        "<h1 id=\"a\" xml:lang=\"en\" lang=\"en\" dir=\"ltr\" title=\"x\">x</h1><hr/><br/><ul><li>x</li></ul><pre>x\n y</pre>",
        "<a name=\"x\">x</a><a href=\"#x\">x</a><a href=\"mailto:a@b.example\">x</a><a href=\"Patient/1\">x</a><a href=\"urn:oid:1.2\">x</a><a href=\"tel:1\">x</a><a href=\"?a:b\">x</a>",
        "<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"x\"/>",
        "<!-- a comment -->x",
        "<p>a > b, \u{a0}é 漢字</p >",
    ] {
        let own = with(&format!("<div {XHTML}>{inside}</div>"));
        let made = service
            .send(&service.integration(), "POST Patient", &own)
            .await
            .expect(201);
        assert_eq!(made.json()["text"], own["text"]);
        let read = service
            .get(&service.integration(), &format!("Patient/{}", made.id()))
            .await;
        assert_eq!(read.expect(200).json()["text"], own["text"]);
    }
    // Without content of its own, and with what stands beside.
    let mut own = with(&format!(" <div {XHTML}><img src=\"a.png\"/></div>\n"));
    own["text"]["_status"] = json!({"extension": [{"url": "urn:x", "valueCode": "y"}]});
    own["text"]["extension"] = json!([{"url": "urn:x", "valueString": "y"}]);
    let made = service
        .send(&service.integration(), "POST Patient", &own)
        .await;
    assert_eq!(made.expect(201).json()["text"], own["text"]);
}

async fn contained_narrative_is_narrative(service: &Service) {
    let mut own = patient("A");
    own["contained"] = json!([{
        "resourceType": "Organization",
        "id": "a",
        "text": {"status": "generated", "div": format!("<div {XHTML}><script>x</script></div>")},
    }]);
    let answer = service
        .send(&service.integration(), "POST Patient", &own)
        .await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
    let path = &answer.json()["issue"][0]["expression"][0];
    assert_eq!(path, "Patient.contained[0].text.div");
}
