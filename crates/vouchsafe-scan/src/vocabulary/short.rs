//! Abbreviations in names of fields: `MBR_NBR` is a member number, `disch_dt` a discharge date.

/// Words, and how names of fields shorten them.
const SHORT: &[(&str, &[&str])] = &[
    ("number", &["no", "nbr", "num", "nr"]),
    ("name", &["nm"]),
    ("date", &["dt", "dte", "dttm", "dtm"]),
    ("member", &["mbr", "memb", "mem"]),
    ("subscriber", &["subscr", "subs", "sbr"]),
    ("patient", &["pat", "pt", "ptnt"]),
    ("discharge", &["disch", "dsch"]),
    ("admission", &["adm", "admsn"]),
    ("admit", &["adm"]),
    ("license", &["lic", "licence"]),
    ("licence", &["lic"]),
    ("phone", &["ph", "phn"]),
    ("telephone", &["tel"]),
    ("address", &["addr", "adr"]),
    ("birth", &["brth", "bth"]),
    ("account", &["acct", "acc"]),
    ("effective", &["eff"]),
    ("guarantor", &["guar"]),
    ("provider", &["prov", "prvdr"]),
    ("policy", &["pol", "plcy"]),
    ("beneficiary", &["bene", "benef"]),
    ("identifier", &["ident", "id"]),
    ("identification", &["ident", "id"]),
    ("emergency", &["emerg", "emer"]),
    ("contact", &["cntct"]),
    ("appointment", &["appt", "apt"]),
    ("service", &["svc", "srv"]),
    ("procedure", &["proc"]),
    ("certificate", &["cert"]),
    ("vehicle", &["veh"]),
    ("serial", &["ser"]),
    ("medical", &["med"]),
    ("record", &["rec"]),
    ("insurance", &["ins"]),
    ("first", &["fst", "frst"]),
    ("last", &["lst"]),
    ("middle", &["mid", "mdl"]),
    ("template", &["tmpl", "tpl"]),
    ("birthday", &["bday"]),
    ("registration", &["reg", "regn"]),
];

/// Abbreviations that mean something else in the names of other fields: only with another shortened word beside them,
/// or not at all.
const ELSEWHERE: &[&str] = &[
    "id no",
    "acc no",
    "acc id",
    "ser no",
    "rec no",
    "rec id",
    "ins id",
    "med id",
    "proc id",
    "proc no",
    "cert no",
    "cert id",
    "cert name",
    "cert nm",
    "svc date",
    "svc dt",
    "srv date",
    "proc date",
    "apt no",
    "apt num",
    "apt number",
    "eff date",
    "mem no",
    "mem num",
    "mem id",
    "mem number",
    "pol id",
    "cert number",
    "proc number",
    "proc name",
    "svc name",
    "svc id",
    "srv name",
    "srv id",
    "id id",
    "id number",
    "id num",
    "id nbr",
    "id nr",
    "acc num",
    "acc number",
    "acc name",
    "prov id",
    "prov name",
    "rec num",
    "rec number",
    "rec date",
    "rec dt",
    "ser num",
    "ser number",
    "subs id",
    "subs no",
    "adm",
    "adm id",
    "adm no",
];

/// Other ways to write a phrase of several words, each with one or two of them shortened.
pub(super) fn of(phrase: &'static str) -> Vec<String> {
    let words: Vec<&str> = phrase.split(' ').collect();
    if words.len() < 2 {
        return Vec::new();
    }
    let mut ways: Vec<Vec<&str>> = vec![Vec::new()];
    for word in &words {
        let short = SHORT
            .iter()
            .find(|(long, _)| long == word)
            .map_or(&[] as &[&str], |(_, short)| short);
        ways = ways
            .into_iter()
            .flat_map(|way| {
                let long = std::iter::once(*word).chain(short.iter().copied());
                long.map(move |word| way.iter().copied().chain([word]).collect())
            })
            .collect();
        if ways.len() > 64 {
            return Vec::new();
        }
    }
    ways.into_iter()
        .map(|way| way.join(" "))
        .filter(|way| way != phrase && !ELSEWHERE.contains(&way.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::vocabulary::meaning_of;

    #[test]
    fn shortened_words_mean_what_the_long_ones_do() {
        for (name, class) in [
            ("MBR_NBR", Class::HealthPlan),
            ("SUBSCR_NM", Class::Name),
            ("disch_dt", Class::Date),
            ("ssn_txt", Class::Ssn),
            ("pat_tel_nr", Class::Phone),
        ] {
            let meaning = meaning_of(name.as_bytes());
            assert!(
                meaning.is_some_and(|meaning| meaning.is_of(class)),
                "{name}"
            );
        }
        assert_eq!(of("mrn"), Vec::<String>::new());
    }
}
