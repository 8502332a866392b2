//! What narrative may be made of: elements, attributes, addresses, styles, entities.

pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// More attributes than this no element has.
pub(super) const MAX_ATTRIBUTES: usize = 64;

/// The elements of txt-1, and of what it says in words (chapters 7 to 11 and 15 of HTML 4.0, without what is deprecated)
/// those that its list left out: `address`, `bdo`, `kbd`, and `map` and `area` of images.
const ELEMENTS: &str = " a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var ";

/// The attributes of txt-1, those aside that are looked into, and those that belong to the elements added above.
const ATTRIBUTES: &str = " abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset class colspan compact coords dir frame headers height hreflang hspace id ismap lang name nohref nowrap rel rev rowspan rules scope shape span start summary tabindex title type usemap valign value vspace width ";

/// The schemes that an address may have; one without a scheme is relative.
const SCHEMES: &str = " cid ftp ftps http https mailto oid sip tel urn ";

/// Images that are in the address itself: none that holds a script.
const IMAGES: [&str; 6] = [
    "data:image/bmp;",
    "data:image/gif;",
    "data:image/jpeg;",
    "data:image/jpg;",
    "data:image/png;",
    "data:image/webp;",
];

/// What a style that reaches out or acts is written with.
const ACTIVE: [&str; 9] = [
    "\\",
    "/*",
    "url(",
    "expression(",
    "@import",
    "script:",
    "behavior:",
    "-moz-binding",
    "image-set(",
];

fn has(list: &str, word: &str) -> bool {
    let sound = !word.is_empty() && !word.contains(' ');
    sound && list.contains(&format!(" {word} "))
}

pub(super) fn is_element(name: &str) -> bool {
    has(ELEMENTS, name)
}

pub(super) fn is_attribute(name: &str) -> bool {
    has(ATTRIBUTES, name)
}

/// Whether following the address runs nothing. As a browser reads it: white space and control characters are not there.
pub(super) fn is_address(element: &str, value: &str) -> bool {
    let address: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let Some((scheme, _)) = address.split_once(':') else {
        return true;
    };
    // A colon behind one of these belongs to a path, a query or a fragment.
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    has(SCHEMES, scheme)
        || (element == "img" && IMAGES.iter().any(|image| address.starts_with(image)))
}

/// Whether a style stays within the narrative: what is said in comments and escapes is no style.
pub(super) fn is_style(value: &str) -> bool {
    let style: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    !ACTIVE.iter().any(|word| style.contains(word))
}

/// The entities of HTML 4.0 (chapter 24). XML does not know them; what is served is JSON, and pages are HTML.
const ENTITIES: &str = " nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml fnof Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon Phi Chi Psi Omega alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega thetasym upsih piv bull hellip prime Prime oline frasl weierp image real trade alefsym larr uarr rarr darr harr crarr lArr uArr rArr dArr hArr forall part exist empty nabla isin notin ni prod sum minus lowast radic prop infin ang and or cap cup int there4 sim cong asymp ne equiv le ge sub sup nsub sube supe oplus otimes perp sdot lceil rceil lfloor rfloor lang rang loz spades clubs hearts diams OElig oelig Scaron scaron Yuml circ tilde ensp emsp thinsp zwnj zwj lrm rlm ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo dagger Dagger permil lsaquo rsaquo euro ";

pub(super) fn is_entity(name: &str) -> bool {
    has(ENTITIES, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_a_browser_reads_it() {
        for address in [
            "",
            "#a",
            "x/y:z",
            "?a:b",
            "HTTP://x",
            "mailto:a@b",
            "urn:uuid:x",
            "Patient/1",
        ] {
            assert!(is_address("a", address), "{address}");
        }
        for address in [
            "javascript:x",
            " Java\tScript :x",
            "data:image/png;base64,x",
            "file:///etc",
            "x:y",
            ":x",
            "\u{1}javascript:x",
        ] {
            assert!(!is_address("a", address), "{address}");
        }
        assert!(is_address("img", "data:image/png;base64,x"));
        assert!(!is_address("img", "data:image/svg+xml;base64,x"));
        assert!(!is_address("img", "data:text/html,image/png;"));
    }

    #[test]
    fn a_style_stays_within() {
        for style in ["color: red", "text-align:left; border: 1px solid #ccc"] {
            assert!(is_style(style), "{style}");
        }
        for style in [
            "background: URL(x)",
            "width: exp ression(x)",
            "a: u\\rl(x)",
            "a: ur/**/l(x)",
        ] {
            assert!(!is_style(style), "{style}");
        }
    }
}
