//! Names of people in sentences.
//!
//! A name is a run of capitalised words. Alone it is none: dictionaries, or what stands before and after it, must say
//! that it is a person's.

use crate::bytes::{at, before, is_word, part, run_end};
use crate::class::Confidence;
use crate::lexicon::{Said, said};

/// At most this many words make a name.
const MAX_TOKENS: usize = 5;

/// A word that could be part of a name.
#[derive(Clone, Copy, Debug, Default)]
struct Token {
    start: usize,
    end: usize,
    said: Said,
    /// A single letter, with or without a full stop.
    initial: bool,
    /// Written in capitals throughout.
    capitals: bool,
}

impl Token {
    /// Nobody knows the word, and it is long enough to be a name.
    const fn unknown(self) -> bool {
        self.said.unknown() && !self.initial && self.end - self.start >= 2
    }

    const fn could_be_surname(self) -> bool {
        !self.said.term
            && (self.said.name_only()
                || self.said.common_surname
                || self.unknown()
                || (self.said.surname && self.said.given))
    }
}

/// What stands before a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Left {
    /// Nothing that says anything.
    Nothing,
    /// A word for people that stands before names of things, too: member, owner.
    Weak,
    /// A word for people, or what is done by or with people: patient, seen by.
    Noun,
    /// Mr., Dr.
    Title,
}

const TITLES: [&[u8]; 26] = [
    b"mr",
    b"mrs",
    b"ms",
    b"miss",
    b"dr",
    b"prof",
    b"professor",
    b"mx",
    b"doctor",
    b"nurse",
    b"sra",
    b"sr",
    b"srta",
    b"rev",
    b"reverend",
    b"rabbi",
    b"imam",
    b"father",
    b"sister",
    b"officer",
    b"judge",
    b"mister",
    b"madam",
    b"monsieur",
    b"herr",
    b"frau",
];

const NOUNS: &[&[u8]] = &[
    b"patient",
    b"pt",
    b"patients",
    b"guarantor",
    b"subscriber",
    b"beneficiary",
    b"mother",
    b"mom",
    b"dad",
    b"son",
    b"daughter",
    b"wife",
    b"husband",
    b"spouse",
    b"partner",
    b"brother",
    b"guardian",
    b"caregiver",
    b"physician",
    b"surgeon",
    b"therapist",
    b"caller",
    b"applicant",
    b"claimant",
    b"employee",
    b"resident",
    b"child",
    b"parent",
    b"infant",
    b"donor",
    b"named",
    b"name",
    b"dear",
    b"hi",
    b"hello",
    b"attn",
    b"attending",
    b"clinician",
    b"dentist",
    b"pharmacist",
    b"psychologist",
    b"psychiatrist",
    b"cardiologist",
    b"oncologist",
    b"pediatrician",
    b"radiologist",
    b"neurologist",
    b"dermatologist",
    b"midwife",
    b"interpreter",
    b"neighbor",
    b"friend",
    b"aunt",
    b"uncle",
    b"grandmother",
    b"grandfather",
    b"niece",
    b"nephew",
    b"cousin",
    b"fiance",
    b"boyfriend",
    b"girlfriend",
    b"stepson",
    b"stepdaughter",
    b"decedent",
    b"veteran",
    b"insured",
    b"policyholder",
    b"cardholder",
    b"paciente",
    b"twin",
    b"roommate",
    b"coworker",
    b"boss",
    b"cardholder",
    b"referring",
    b"daughter",
    b"client's",
    b"rider",
    b"nok",
    b"pcp",
    b"consultant",
    b"doctors",
];

const WEAK_NOUNS: &[&[u8]] = &[
    b"member",
    b"contact",
    b"customer",
    b"client",
    b"user",
    b"owner",
    b"author",
    b"assignee",
    b"reviewer",
    b"provider",
    b"recipient",
    b"participant",
    b"by",
    b"with",
    b"from",
    b"for",
    b"to",
    b"called",
    b"emailed",
    b"texted",
    b"spoke",
    b"and",
    b"met",
    b"notified",
    b"contacted",
    b"operator",
    b"invited",
    b"booked",
    b"verified",
    b"bring",
    b"or",
    b"traveller",
    b"page",
    b"paged",
    b"admitted",
    b"discharged",
    b"transferred",
    b"holder",
    b"of",
    b"visitor",
    b"student",
    b"clerk",
];

/// What is done by, with or to people, before a little word: seen by, spoke with.
const DEEDS: &[&[u8]] = &[
    b"seen",
    b"signed",
    b"reviewed",
    b"ordered",
    b"approved",
    b"referred",
    b"prescribed",
    b"examined",
    b"evaluated",
    b"treated",
    b"admitted",
    b"discharged",
    b"dictated",
    b"cosigned",
    b"performed",
    b"assisted",
    b"interviewed",
    b"spoke",
    b"spoken",
    b"discussed",
    b"met",
    b"consulted",
    b"accompanied",
    b"brought",
    b"transported",
    b"authored",
    b"transcribed",
    b"appointment",
    b"called",
    b"prescription",
    b"chart",
    b"record",
    b"records",
    b"results",
    b"labs",
    b"visit",
    b"booked",
    b"scheduled",
    b"registered",
    b"intake",
    b"claim",
    b"invoice",
    b"refill",
    b"consult",
    b"handoff",
    b"belongs",
    b"referral",
    b"reminder",
    b"form",
    b"opened",
    b"referring",
    b"this",
    b"spoke",
    b"sent",
    b"issued",
    b"delivered",
    b"letter",
    b"message",
    b"received",
    b"reply",
    b"paged",
    b"page",
];

/// Words that begin the name of the next field: "First Name: Ana Last Name: Silva".
const FIELD_WORDS: &[&[u8]] = &[
    b"first",
    b"last",
    b"middle",
    b"date",
    b"phone",
    b"email",
    b"sex",
    b"gender",
    b"age",
    b"dob",
    b"mrn",
    b"ssn",
    b"city",
    b"state",
    b"zip",
    b"number",
    b"name",
    b"birth",
    b"home",
    b"work",
    b"cell",
    b"medical",
    b"member",
    b"address",
    b"account",
    b"patient",
    b"provider",
    b"insurance",
    b"fax",
    b"mobile",
    b"relationship",
    b"room",
    b"unit",
    b"bed",
];

const GREETINGS: &[&[u8]] = &[
    b"hi",
    b"hello",
    b"hey",
    b"dear",
    b"back",
    b"welcome",
    b"thanks",
    b"morning",
    b"afternoon",
    b"kin",
    b"per",
];

const LITTLE: [&[u8]; 14] = [
    b"by",
    b"with",
    b"for",
    b"to",
    b"of",
    b"is",
    b"was",
    b"as",
    b"from",
    b"about",
    b"regarding",
    b"re",
    b"behalf",
    b"per",
];

const AFTER: [&[u8]; 30] = [
    b"presented",
    b"presents",
    b"denies",
    b"denied",
    b"complains",
    b"complained",
    b"reports",
    b"reported",
    b"states",
    b"stated",
    b"underwent",
    b"arrived",
    b"lives",
    b"resides",
    b"visited",
    b"checked",
    b"cancelled",
    b"canceled",
    b"rescheduled",
    b"tolerated",
    b"requests",
    b"requested",
    b"has",
    b"called",
    b"died",
    b"is",
    b"was",
    b"will",
    b"verbalized",
    b"agreed",
];

/// What is said of a person right after the name: "Jane Roe, DOB …", "Jane Roe (MRN …".
const BESIDE: &[&[u8]] = &[
    b"dob",
    b"d.o.b",
    b"born",
    b"mrn",
    b"ssn",
    b"age",
    b"aged",
    b"npi",
    b"phone",
    b"cell",
    b"mobile",
    b"fax",
    b"email",
    b"signed",
    b"answered",
    b"consented",
    b"booked",
    b"complained",
    b"verbalizes",
    b"ambulates",
    b"admitted",
    b"seen",
    b"diagnosed",
    b"discharged",
    b"weighs",
    b"endorses",
    b"brother",
    b"sister",
    b"mother",
    b"father",
    b"son",
    b"daughter",
    b"husband",
    b"wife",
    b"spouse",
    b"notified",
];

const CREDENTIALS: [&[u8]; 26] = [
    b"MD", b"M.D", b"DO", b"RN", b"NP", b"PA", b"PA-C", b"LPN", b"DDS", b"DMD", b"PhD", b"PharmD",
    b"Jr", b"Sr", b"III", b"II", b"Esq", b"DPM", b"FNP", b"LCSW", b"DNP", b"CRNA", b"CNM", b"OD",
    b"PsyD", b"RPh",
];

const PARTICLES: [&[u8]; 22] = [
    b"de", b"la", b"del", b"van", b"von", b"der", b"den", b"bin", b"ibn", b"al", b"el", b"da",
    b"dos", b"di", b"du", b"le", b"ter", b"y", b"e", b"bint", b"das", b"ten",
];

/// The word that begins at a place, if it could be part of a name.
fn token(text: &[u8], start: usize) -> Option<Token> {
    let first = at(text, start);
    if !(first.is_ascii_uppercase() || first >= 0xc3) {
        return None;
    }
    let mut end = start;
    let mut lowers = 0;
    let mut uppers = 0;
    let mut turns = 0;
    loop {
        let byte = at(text, end);
        let joins = matches!(byte, b'\'' | b'-')
            && (at(text, end + 1).is_ascii_alphabetic() || at(text, end + 1) >= 0x80);
        if !(byte.is_ascii_alphabetic() || byte >= 0x80 || joins) || end - start > 40 {
            break;
        }
        if byte.is_ascii_uppercase() {
            uppers += 1;
            turns += usize::from(before(text, end).is_ascii_lowercase() && end > start);
        }
        lowers += usize::from(byte.is_ascii_lowercase());
        end += 1;
    }
    let word = part(text, start, end);
    let camel = turns > usize::from(has_prefix(word));
    if camel || is_word(at(text, end)) || end - start > 40 {
        return None;
    }
    let initial = end - start == 1;
    if initial && at(text, end) == b'.' {
        end += 1;
    }
    let capitals = lowers == 0 && uppers > 1;
    // A hyphenated name is known when one of its parts is.
    let known = said(word);
    let known = if known.unknown() && word.contains(&b'-') {
        let parts = || word.split(|byte| *byte == b'-').map(said);
        // Smith-Jones, Al-Sayed: all of it can be a surname, and a part of it is one.
        let surname = parts().all(|said| !said.term)
            && parts().any(|said| said.surname || said.given)
            && parts().all(|said| said.surname || said.given || said.unknown());
        Said {
            surname,
            common_surname: surname,
            given: parts().all(|said| said.clearly_given),
            word: !surname && parts().any(|said| said.word),
            term: parts().any(|said| said.term),
            ..Said::default()
        }
    } else if known.unknown() && word.contains(&b'\'') {
        let joined: Vec<u8> = word.iter().copied().filter(|byte| *byte != b'\'').collect();
        said(&joined)
    } else {
        known
    };
    Some(Token {
        start,
        end,
        said: known,
        initial,
        capitals,
    })
}

/// Mc, Mac, De, La, Le, Van, Di, Du, Fitz: a capital follows within the word.
fn has_prefix(word: &[u8]) -> bool {
    [
        b"Mc".as_slice(),
        b"Mac",
        b"De",
        b"La",
        b"Le",
        b"Van",
        b"Di",
        b"Du",
        b"Fitz",
        b"O'",
        b"D'",
        b"Von",
        b"St",
        b"Al",
    ]
    .iter()
    .any(|prefix| {
        word.starts_with(prefix) && word.get(prefix.len()).is_some_and(u8::is_ascii_uppercase)
    })
}

/// The run of words from a place on.
fn tokens(text: &[u8], start: usize, limit: usize) -> ([Token; MAX_TOKENS], usize) {
    let mut found = [Token::default(); MAX_TOKENS];
    let mut count = 0;
    let mut place = start;
    while let Some(slot) = found.get_mut(count) {
        let Some(token) = token(text, place).filter(|token| token.end <= limit) else {
            break;
        };
        *slot = token;
        count += 1;
        if !matches!(at(text, token.end), b' ' | b'+') {
            break;
        }
        place = after_particles(text, token.end + 1);
    }
    (found, count)
}

/// Past little words within a name: "van der" in "Ludwig van der Berg".
fn after_particles(text: &[u8], start: usize) -> usize {
    let mut place = start;
    for _ in 0..2 {
        let end = run_end(text, place, |byte| byte.is_ascii_lowercase());
        if !PARTICLES.contains(&part(text, place, end))
            || !matches!(at(text, end), b' ' | b'-' | b'\'')
        {
            break;
        }
        place = end + 1;
    }
    if token(text, place).is_some() {
        place
    } else {
        start
    }
}

/// The word before a place, in lower case, and where it begins.
fn word_before(text: &[u8], place: usize) -> (usize, [u8; 16], usize) {
    let mut end = place;
    while place - end < 3
        && matches!(
            before(text, end),
            b' ' | b'.' | b':' | b'"' | b'(' | b'+' | b',' | b'\''
        )
    {
        end -= 1;
    }
    let mut start = end;
    while end - start < 16 && before(text, start).is_ascii_alphabetic() {
        start -= 1;
    }
    let mut lower = [0; 16];
    for (slot, byte) in lower.iter_mut().zip(part(text, start, end)) {
        *slot = byte.to_ascii_lowercase();
    }
    (start, lower, end - start)
}

fn left(text: &[u8], start: usize) -> Left {
    let (place, lower, length) = word_before(text, start);
    let word = part(&lower, 0, length);
    // "id,Garcia": a mark other than a blank parts what belongs to others.
    if part(text, start.saturating_sub(4), start) == b" w/ " {
        return Left::Noun;
    }
    if length == 0 || matches!(before(text, start), b',' | b'\'') {
        return Left::Nothing;
    }
    // "Welcome back, Jane", "her mother, Jane Roe, …"
    let apart = part(text, start.saturating_sub(2), start) == b", ";
    if apart
        && !GREETINGS.contains(&word)
        && !(NOUNS.contains(&word) && word != b"name")
        && word != b"kin"
    {
        return Left::Nothing;
    }
    if GREETINGS.contains(&word) {
        return Left::Noun;
    }
    let close = matches!(before(text, start), b' ' | b'.');
    if TITLES.contains(&word) {
        let whole = close && !matches!(before(text, place), b'-' | b'0'..=b'9' | b'_' | b'/');
        return if whole { Left::Title } else { Left::Nothing };
    }
    if NOUNS.contains(&word) {
        return Left::Noun;
    }
    if LITTLE.contains(&word) {
        let (_, deed, deed_length) = word_before(text, place);
        let deed = part(&deed, 0, deed_length);
        if DEEDS.contains(&deed) || NOUNS.contains(&deed) {
            return Left::Noun;
        }
    }
    if WEAK_NOUNS.contains(&word) {
        return Left::Weak;
    }
    Left::Nothing
}

/// The name that begins with the capitalised word at a place: where it stands, and how sure that is.
pub(crate) fn scan(text: &[u8], start: usize, limit: usize) -> Option<(usize, usize, Confidence)> {
    let first = token(text, start)?;
    let word = part(text, first.start, first.end).to_ascii_lowercase();
    if TITLES.contains(&word.as_slice()) || NOUNS.contains(&word.as_slice()) {
        return None;
    }
    let left = left(text, start);
    if left == Left::Nothing
        && !first.said.given
        && !first.said.surname
        && !first.unknown()
        && !first.initial
    {
        return None;
    }
    if let Some(found) = surname_first(text, first, left, limit) {
        return Some(found);
    }
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    judge(text, tokens, left).map(|(end, confidence)| (start, end, confidence))
}

/// "Garcia, Maria L." and "GARCIA, MARIA".
fn surname_first(
    text: &[u8],
    first: Token,
    left: Left,
    limit: usize,
) -> Option<(usize, usize, Confidence)> {
    if at(text, first.end) != b',' {
        return None;
    }
    let gap = first.end + 1 + usize::from(at(text, first.end + 1) == b' ');
    let second = token(text, gap).filter(|second| second.end <= limit)?;
    if second.capitals != first.capitals && !second.initial && first.end - first.start > 2 {
        return None;
    }
    let surname = (first.said.surname || first.unknown()) && !first.said.term;
    let sure = first.said.name_only()
        || first.said.common_surname
        || matches!(left, Left::Noun | Left::Title);
    let stranger = |token: Token| {
        (token.unknown() || token.said.name_only())
            && !token.capitals
            && token.end - token.start >= 3
    };
    let third = (at(text, second.end) == b' ')
        .then(|| token(text, second.end + 1))
        .flatten();
    let quoted = enclosed(text, first.start, second.end);
    let said_so = left != Left::Nothing
        || quoted
        || third.is_some_and(|third| third.initial)
        || right(text, second.end) == Right::Credential;
    let strangers = stranger(first) && stranger(second) && said_so;
    let known = surname && sure && second.said.clearly_given && !second.initial;
    if !(known || strangers) {
        return None;
    }
    let mut end = second.end;
    if let Some(third) = (at(text, end) == b' ')
        .then(|| token(text, end + 1))
        .flatten()
    {
        let goes_on = third.initial || third.said.clearly_given;
        if goes_on && third.end <= limit {
            end = third.end;
        }
    }
    Some((first.start, end, Confidence::Medium))
}

/// Whether the words are a name, and how far it goes.
fn judge(text: &[u8], tokens: &[Token], left: Left) -> Option<(usize, Confidence)> {
    let [first, rest @ ..] = tokens else {
        return None;
    };
    let second = rest.first().copied();
    let reach = reach(text, tokens);
    let last = tokens.get(reach.checked_sub(1)?)?;
    let right = right(text, last.end);
    let names = tokens
        .iter()
        .take(reach)
        .filter(|token| token.said.name_only())
        .count();
    match left {
        Left::Title => {
            let sound = first.could_be_surname()
                || first.said.surname && !first.said.term
                || (first.initial && reach > 1);
            sound.then_some((last.end, Confidence::High))
        }
        Left::Noun => {
            let alone = first.said.name_only()
                || (first.unknown() && first.end - first.start >= 3 && !first.capitals);
            let both = reach >= 2
                && (first.initial || first.could_be_surname() || first.said.given)
                && second.is_some_and(|second| second.could_be_surname() || second.initial);
            (alone || both).then_some((
                last.end,
                if names > 0 {
                    Confidence::High
                } else {
                    Confidence::Medium
                },
            ))
        }
        Left::Weak | Left::Nothing => {
            if right == Right::Aged && (names > 0 || first.unknown()) {
                return Some((last.end, Confidence::Medium));
            }
            if reach < 2 {
                return None;
            }
            let second = second?;
            let person = matches!(right, Right::Credential | Right::Deed | Right::Aged);
            let mixed = first.capitals != second.capitals && !second.initial && !first.initial;
            if mixed {
                return None;
            }
            // An address of their own, or an initial before it, says that a word is a surname: "John Q Public".
            let any = !second.said.term || second.said.given;
            let initialled = second.initial && reach >= 2;
            if first.said.given
                && !mixed
                && any
                && (right == Right::Credential || (initialled && first.said.clearly_given))
            {
                return Some((last.end, Confidence::Medium));
            }
            if first.said.clearly_given {
                let third = tokens.get(2).filter(|_| reach >= 3);
                let surname = if second.initial {
                    third.copied().unwrap_or(second)
                } else {
                    second
                };
                let confidence = if surname.said.name_only() {
                    Confidence::High
                } else if surname.said.common_surname
                    || (surname.unknown() && !surname.capitals && surname.end - surname.start >= 3)
                {
                    Confidence::Medium
                } else {
                    return None;
                };
                return Some((last.end, confidence));
            }
            // Not words that nobody knows and that are written in capitals: those are abbreviations.
            let plain =
                |token: Token| !token.capitals && token.end - token.start >= 3 && !token.initial;
            let stranger =
                |token: Token| plain(token) && (token.unknown() || token.said.name_only());
            let given = first.said.given
                && !first.said.term
                && !first.capitals
                && second.said.surname
                && (second.said.name_only() || person);
            let foreign = stranger(*first) && stranger(second);
            let accented = part(text, first.start, last.end)
                .iter()
                .any(|byte| *byte >= 0x80);
            let supported = person || left == Left::Weak || enclosed(text, first.start, last.end);
            (given || (foreign && (supported || accented || names >= 2 && first.said.given)))
                .then_some((last.end, Confidence::Medium))
        }
    }
}

/// Whether quotes or brackets stand right around a text, and nothing else is between them.
fn enclosed(text: &[u8], start: usize, end: usize) -> bool {
    matches!(
        (before(text, start), at(text, end)),
        // A cell of a table.
        (b'\t', b'\t')
            | (b',', b',')
            | (b';', b';')
            | (b'|', b'|')
            | (b'>', b'<')
            | (b'"', b'"')
            | (b'\'', b'\'')
            | (b'[', b']')
            | (b'(', b')')
            | (b'\\' | b'"', b'\\')
    )
}

/// How many of the words belong to the name.
fn reach(text: &[u8], tokens: &[Token]) -> usize {
    let mut reach = 0;
    for (place, token) in tokens.iter().enumerate() {
        let credential = CREDENTIALS.contains(&part(text, token.start, token.end));
        let after_given = place > 0
            && tokens.first().is_some_and(|first| first.said.clearly_given)
            && token.said.surname
            && !token.said.term;
        let goes_on = after_given
            || token.initial
                && (place == 0
                    || token.end - token.start == 2
                    || place + 1 < tokens.len()
                    || part(text, token.start, token.end) != b"I")
            || token.could_be_surname()
            || (place == 0 && (token.said.given || token.said.surname));
        let field = place > 0
            && FIELD_WORDS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(part(text, token.start, token.end)));
        // "John Q Public": what follows an initial.
        let after_initial = place > 1
            && tokens.get(place - 1).is_some_and(|before| before.initial)
            && tokens.first().is_some_and(|first| first.said.clearly_given)
            && !token.said.term;
        if field || credential && place > 0 || !(goes_on || after_initial) {
            break;
        }
        reach = place + 1;
    }
    reach
}

/// What stands after a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Right {
    Nothing,
    /// What people do.
    Deed,
    /// "is a 42-year-old": whatever stands before it is a person.
    Aged,
    /// MD, RN, Jr, or an address of their own.
    Credential,
}

fn right(text: &[u8], end: usize) -> Right {
    // `Jane Roe <jane@…>`, `Jane Roe (jane@…)`
    let mark = run_end(text, end, |byte| matches!(byte, b'"' | b' ' | b'\\'));
    if mark - end <= 3 && matches!(at(text, mark), b'<' | b'(') {
        let rest = part(text, mark + 1, text.len().min(mark + 64));
        let address = rest
            .iter()
            .position(|byte| matches!(byte, b'@' | b'>' | b')' | b' '));
        if address.is_some_and(|place| place > 0 && at(rest, place) == b'@') {
            return Right::Credential;
        }
    }
    // "Jane Roe's records"
    if at(text, end) == b'\'' && at(text, end + 1) == b's' && at(text, end + 2) == b' ' {
        return Right::Deed;
    }
    let gap = run_end(text, end, |byte| matches!(byte, b',' | b' ' | b'('));
    if gap == end || gap - end > 2 {
        return Right::Nothing;
    }
    if matches!(part(text, gap, gap + 5), b"is a " | b"is an" | b"was a") {
        let rest = part(text, gap, text.len().min(gap + 48));
        let aged = [b"year-old".as_slice(), b"year old", b"yo ", b"y/o", b"y.o."];
        if aged
            .iter()
            .any(|sign| rest.windows(sign.len()).any(|window| window == *sign))
        {
            return Right::Aged;
        }
    }
    let stop = run_end(text, gap, |byte| {
        byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'-')
    });
    let word = part(text, gap, stop);
    let word = word.strip_suffix(b".").unwrap_or(word);
    if CREDENTIALS.contains(&word) {
        Right::Credential
    } else if BESIDE.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        Right::Deed
    } else if at(text, gap - 1) != b'('
        && AFTER.contains(&word)
        && !matches!(
            word,
            b"is" | b"was" | b"has" | b"will" | b"called" | b"requested" | b"checked"
        )
    {
        Right::Deed
    } else {
        Right::Nothing
    }
}

/// Where the capitalised words that could be a name end; the start when there is none.
pub(crate) fn sequence_end(text: &[u8], start: usize, limit: usize) -> usize {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let Some(first) = tokens.first() else {
        return start;
    };
    // "Roe, Jane" after a field that says that it is a name.
    if tokens.len() <= 2 && at(text, tokens.last().map_or(start, |last| last.end)) == b',' {
        let end = tokens.last().map_or(start, |last| last.end);
        let gap = end + 1 + usize::from(at(text, end + 1) == b' ');
        let (more, count) = self::tokens(text, gap, limit);
        let more = more.get(..count.min(2)).unwrap_or_default();
        if more.first().is_some_and(|next| {
            next.said.given
                || (next.unknown() && !first.said.given && before(text, end).is_ascii_alphabetic())
        }) && !is_key(text, more.last().map_or(gap, |last| last.end))
        {
            return more.last().map_or(end, |last| last.end);
        }
    }
    let mut end = start;
    for (place, token) in tokens.iter().enumerate() {
        let word = part(text, token.start, token.end);
        let title = TITLES.contains(&word.to_ascii_lowercase().as_slice());
        let stops = token.said.term && !token.said.given
            || (place > 0 && token.said.word && !token.said.given && !token.said.surname)
            || (place > 1 && token.said.word && !token.said.common_surname && !token.said.given)
            || (place == 0
                && token.said.word
                && !token.said.given
                && !token.said.surname
                && !title)
            || (place > 0
                && FIELD_WORDS
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(word)))
            || is_key(text, token.end);
        if stops {
            break;
        }
        end = token.end;
    }
    end
}

/// Whether the word that ends here is the name of the next field.
fn is_key(text: &[u8], end: usize) -> bool {
    matches!(at(text, end), b':' | b'=')
}

/// Where capitalised words end, whatever they are.
pub(crate) fn capitalised_end(text: &[u8], start: usize, limit: usize) -> usize {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let mut end = start;
    for token in tokens {
        if is_key(text, token.end) || token.said.term {
            break;
        }
        end = token.end;
    }
    end
}

/// Fits a value to a field that holds names of people, or of other things.
pub(crate) fn shape(
    text: &[u8],
    start: usize,
    end: usize,
    bounded: bool,
) -> Option<(usize, usize, Confidence)> {
    let (tokens, count) = tokens(text, start, end);
    let tokens = tokens.get(..count).unwrap_or_default();
    let Some(first) = tokens.first() else {
        return login(text, start, end);
    };
    let last = tokens.last()?;
    let mut stop = last.end;
    // All of a bounded value is looked at; "Roe, Jane" goes on after its comma.
    let mut all: Vec<Token> = tokens.to_vec();
    if at(text, stop) == b',' {
        let gap = stop + 1 + usize::from(matches!(at(text, stop + 1), b' ' | b'+'));
        let (more, count) = self::tokens(text, gap, end);
        let more = more.get(..count).unwrap_or_default();
        if let Some(next) = more.last() {
            stop = next.end;
            all.extend_from_slice(more);
        }
    }
    let rest = part(text, stop, end);
    let credential = rest.len() <= 8 && right(text, stop) == Right::Credential;
    if bounded
        && !rest.is_empty()
        && !credential
        && !rest.iter().all(|byte| matches!(byte, b'.' | b' '))
    {
        return None;
    }
    let reach = if bounded {
        all.len()
    } else {
        reach(text, &all)
    };
    let kept = all.get(..reach).unwrap_or_default();
    let titled = TITLES.contains(
        &part(text, first.start, first.end)
            .to_ascii_lowercase()
            .as_slice(),
    );
    let names = kept.iter().filter(|token| token.said.name_only()).count();
    let dull = kept.iter().skip(usize::from(titled)).any(|token| {
        token.said.term || (token.said.word && !token.said.given && !token.said.surname)
    });
    let strangers = kept
        .iter()
        .filter(|token| token.unknown() && !token.capitals)
        .count();
    let sound = names > 0
        || (strangers >= 2 && bounded)
        || (titled && kept.len() > 1)
        || (kept.len() >= 2
            && kept
                .iter()
                .all(|token| token.could_be_surname() || token.said.given || token.initial)
            && kept.iter().any(|token| !token.initial));
    let stop = if bounded { stop } else { kept.last()?.end };
    (!dull && sound).then_some((
        start,
        stop,
        if names > 0 {
            Confidence::High
        } else {
            Confidence::Medium
        },
    ))
}

/// Whether a text is one capitalised word that no dictionary of words knows.
pub(crate) fn is_one(word: &[u8]) -> bool {
    token(word, 0).is_some_and(|token| {
        token.end == word.len() && token.unknown() && !token.capitals && word.len() >= 3
    })
}

/// Whether a single word can be a given name or a surname: by a dictionary, or by its capital and no dictionary of
/// words.
pub(crate) fn could_be_one(word: &[u8]) -> bool {
    let known = said(word);
    let capital = word
        .first()
        .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    known.name_only()
        || (capital
            && !known.term
            && (known.given || known.surname || known.common_surname || !known.word))
}

/// `jane.roe` and "jane roe": two names in lower case.
fn login(text: &[u8], start: usize, end: usize) -> Option<(usize, usize, Confidence)> {
    let value = part(text, start, end);
    let plain = value
        .iter()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b' ' | b'_' | b'-'));
    let words: Vec<Said> = value
        .split(|byte| !byte.is_ascii_lowercase())
        .map(said)
        .collect();
    let [first, .., last] = words.as_slice() else {
        return None;
    };
    let sound = plain
        && words.len() <= 3
        && first.clearly_given
        && (last.name_only() || last.common_surname);
    sound.then_some((start, end, Confidence::Medium))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a text.
    fn names(text: &str) -> Vec<&str> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut place = 0;
        while place < bytes.len() {
            let first = bytes[place];
            if (first.is_ascii_uppercase() || first >= 0xc3) && !is_word(before(bytes, place)) {
                let end = match scan(bytes, place, bytes.len()) {
                    Some((start, end, confidence)) if confidence > Confidence::Low => {
                        found.push(&text[start..end]);
                        end
                    }
                    _ => run_end(bytes, place, is_word),
                };
                place = end.max(place + 1);
            } else {
                place += 1;
            }
        }
        found
    }

    #[test]
    fn names_are_found_by_dictionary_or_by_what_stands_beside_them() {
        for (text, name) in [
            (
                "Seen today: Jennifer Alvarez for follow-up",
                "Jennifer Alvarez",
            ),
            (
                "patient Oluwaseun Adebayo-Ogunleye arrived",
                "Oluwaseun Adebayo-Ogunleye",
            ),
            ("Dr. Kowalczyk ordered labs", "Kowalczyk"),
            ("spoke with Mrs. Young", "Young"),
            ("ALVAREZ, JENNIFER M", "ALVAREZ, JENNIFER M"),
            ("Alvarez, Jennifer", "Alvarez, Jennifer"),
            ("Jennifer L. McDonald called", "Jennifer L. McDonald"),
            ("seen by Tevita Fifita", "Tevita Fifita"),
            ("Maria de la Cruz presented", "Maria de la Cruz"),
            ("Xochiquetzal Tlapanco, MD", "Xochiquetzal Tlapanco"),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
    }

    #[test]
    fn words_of_the_trade_are_no_names() {
        for text in [
            "Patient Portal started",
            "Connection to Jenkins Master lost",
            "User Service started",
            "Grant Access to Spring Boot",
            "Java Heap Space",
            "Patient Record Not Found",
            "Internal Server Error",
            "Amazon Linux on Apache Tomcat",
            "GET /index HTTP",
            "by Kubernetes Scheduler",
            "May Contain Errors, Check Logs",
        ] {
            assert_eq!(names(text), Vec::<&str>::new(), "{text}");
        }
    }
}
