use proptest::prelude::*;

use super::test_layout::{SeededLayout, TestLayout};
use super::*;
use crate::class::DataClass;
use crate::ids::Version;

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

/// The texts of the parts, by slot.
type Texts = Vec<(Slot, Vec<u8>)>;

fn texts(document: &Document, layout: &dyn Layout, old: Option<&Tree>, number: u32) -> Texts {
    let mut next = u64::from(number) << 32;
    let mut ids = || {
        next += 1;
        next
    };
    split(document.root(), layout, old, version(number), &mut ids)
        .iter()
        .map(|part| {
            let mut text = Vec::new();
            part.write(&mut text);
            (part.slot().clone(), text)
        })
        .collect()
}

fn merge<'a>(texts: impl IntoIterator<Item = &'a (Slot, Vec<u8>)>) -> Tree {
    let mut tree = Tree::empty();
    for (_, text) in texts {
        tree.merge(Tree::parse(text).unwrap());
    }
    tree.settle();
    tree
}

fn same(a: &Document, b: &Document) -> Result<(), TestCaseError> {
    prop_assert!(
        a.root().same_as(b.root()),
        "{} is not {}",
        a.to_json(),
        b.to_json()
    );
    Ok(())
}

/// A few names that occur often, with some that look like the wrapper's.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]",
        1 => prop::sample::select(vec!["~", "~~", "~a", "", "id", "\u{0}", "é\"\\"])
            .prop_map(str::to_owned),
    ]
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Seed::Null),
        any::<bool>().prop_map(Seed::Bool),
        prop::sample::select(vec![
            "0",
            "-0",
            "1.50",
            "1e9",
            "123456789012345678901234567890"
        ])
        .prop_map(Seed::Number),
        prop_oneof!["[a-c]?", "\\PC{0,6}", "[\\x00-\\x20\"\\\\]{0,3}"].prop_map(Seed::String),
    ];
    let tree = leaf.prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Seed::Array),
            prop::collection::vec((names(), inner), 0..5).prop_map(Seed::Object),
        ]
    });
    tree.prop_map(|seed| seed.node())
}

/// The source of a [`Node`]: strategies need `Clone` and `Debug`.
#[derive(Clone, Debug)]
enum Seed {
    Null,
    Bool(bool),
    Number(&'static str),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Seed {
    fn node(&self) -> Node {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(text) => Node::Number((*text).into()),
            Self::String(text) => Node::string(text),
            Self::Array(items) => Node::Array(items.iter().map(Self::node).collect()),
            Self::Object(members) => Node::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.node()))
                    .collect(),
            ),
        }
    }
}

fn documents() -> impl Strategy<Value = Document> {
    prop::collection::vec((names(), nodes()), 0..6).prop_map(|members| {
        let members = members
            .iter()
            .map(|(name, value)| (name.as_str(), copy(value)));
        Document::from_object(members.collect())
    })
}

/// Documents in which a name always has the same kind of value, and nothing is empty.
fn typed_documents() -> impl Strategy<Value = Document> {
    let object = prop::collection::btree_map("[aejk]", "[x-z]".prop_map(Seed::String), 1..4)
        .prop_map(|members| members.into_iter().collect::<Vec<_>>());
    let tree = object.prop_recursive(4, 60, 4, |inner| {
        let objects =
            prop::collection::btree_map("[bfl]", inner.clone().prop_map(Seed::Object), 0..3);
        let arrays = prop::collection::btree_map(
            "[cgm]",
            prop::collection::vec(inner.clone().prop_map(Seed::Object), 1..4).prop_map(Seed::Array),
            0..3,
        );
        (inner, objects, arrays).prop_map(|(members, objects, arrays)| {
            let leaves = members
                .into_iter()
                .filter(|(name, _)| "aejk".contains(name.as_str()));
            leaves.chain(objects).chain(arrays).collect()
        })
    });
    tree.prop_filter_map("an empty object", |members: Vec<(String, Seed)>| {
        let node = Seed::Object(members).node();
        (!has_empty(&node)).then(|| Document::from_node(node).unwrap())
    })
}

fn has_empty(node: &Node) -> bool {
    match node {
        Node::Object(object) => {
            object.is_empty() || object.iter().any(|(_, value)| has_empty(value))
        }
        Node::Array(items) => items.is_empty() || items.iter().any(has_empty),
        _ => false,
    }
}

/// A text that is independent of the order of members and items.
fn sorted(node: &Node) -> String {
    match node {
        Node::Object(object) => {
            let members = object
                .iter()
                .map(|(name, value)| format!("{name}:{}", sorted(value)));
            let mut members: Vec<_> = members.collect();
            members.sort();
            format!("{members:?}")
        }
        Node::Array(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            items.sort();
            format!("{items:?}")
        }
        leaf => leaf.to_json(),
    }
}

fn copy(node: &Node) -> Node {
    parse(&format!("{{\"x\":{}}}", node.to_json()))
        .root_mut()
        .as_object_mut()
        .unwrap()
        .remove("x")
        .unwrap()
}

/// Pairwise, the first part alone would take minutes: 10^10 comparisons.
#[test]
fn a_hundred_thousand_members_of_two_slots_merge() {
    let layout = TestLayout::new(
        "T",
        &[("resourceType", "operational"), ("open", "operational")],
    );
    let members: Vec<String> = (0..100_000).map(|at| format!("\"m{at}\":{at}")).collect();
    // More than a caller's document may have: what merges is as fast all the same.
    let unbound = parse::Limits {
        members: usize::MAX,
        ..LIMITS
    };
    let text = format!(r#"{{"resourceType":"T","open":1,{}}}"#, members.join(","));
    let root = parse::parse(text.as_bytes(), unbound).unwrap();
    let document = Document::from_node(root).unwrap();
    let parts = texts(&document, &layout, None, 1);
    assert_eq!(parts.len(), 2);
    for parts in [[&parts[0], &parts[1]], [&parts[1], &parts[0]]] {
        let merged = merge(parts).into_document().unwrap();
        assert!(merged.root().same_as(document.root()));
    }
    let mut twice = merge(&parts);
    twice.merge(merge(&parts));
    assert!(
        twice
            .into_document()
            .unwrap()
            .root()
            .same_as(document.root())
    );
}

proptest! {
    #[test]
    fn what_was_written_reads_the_same(document in documents()) {
        let again = parse(&document.to_json());
        same(&again, &document)?;
        prop_assert_eq!(again.to_json(), document.to_json());
        let theirs: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
        prop_assert!(theirs.is_object());
    }

    #[test]
    fn what_was_split_merges_to_the_same(
        document in documents(),
        seed: u32,
        tells: bool,
        reversed: bool,
    ) {
        let layout = SeededLayout::new(seed, tells);
        let mut parts = texts(&document, &layout, None, 1);
        let slots: std::collections::HashSet<_> = parts.iter().map(|(slot, _)| slot).collect();
        prop_assert_eq!(slots.len(), parts.len(), "one part per slot");
        let classes = parts.iter().map(|(slot, _)| slot.class()).collect::<ClassSet>();
        prop_assert_eq!(document.classes(&layout), classes);
        if reversed {
            parts.reverse();
        }
        same(&merge(&parts).into_document().unwrap(), &document)?;
    }

    /// A full update leaves exactly the sent document, whatever was there before.
    #[test]
    fn a_full_update_replaces_all(before in documents(), after in documents(), seed: u32) {
        let layout = SeededLayout::new(seed, true);
        let old = merge(&texts(&before, &layout, None, 1));
        let parts = texts(&after, &layout, Some(&old), 2);
        same(&merge(&parts).into_document().unwrap(), &after)?;
    }

    /// Sending back the visible parts changes nothing, including hidden parts and order.
    #[test]
    fn an_update_without_change_keeps_all(document in documents(), seed: u32, hide: u8) {
        let layout = SeededLayout::new(seed, false);
        let (seen, hidden): (Texts, Texts) = texts(&document, &layout, None, 1)
            .into_iter()
            .partition(|(slot, _)| hide >> (slot.class() as u8) & 1 == 0);
        let sent = merge(&seen).into_document().unwrap();
        let written = texts(&sent, &layout, Some(&merge(&seen)), 2);
        prop_assert_eq!(written.len(), seen.len());
        let merged = merge(hidden.iter().chain(&written));
        same(&merged.into_document().unwrap(), &document)?;
    }

    /// After a partial update the writer sees the sent document, and other readers the hidden parts.
    #[test]
    fn a_partial_update_keeps_hidden_parts(
        before in typed_documents(),
        after in typed_documents(),
        seed: u32,
        hide: u8,
    ) {
        let layout = SeededLayout::new(seed, false);
        let hides = |slot: &Slot| hide >> (slot.class() as u8) & 1 == 1;
        let (seen, hidden): (Texts, Texts) = texts(&before, &layout, None, 1)
            .into_iter()
            .partition(|(slot, _)| !hides(slot));
        // A document that a writer of these classes could send.
        let mut sent = texts(&after, &layout, None, 1);
        sent.retain(|(slot, _)| !hides(slot));
        let sent = merge(&sent).into_document().unwrap();
        let written = texts(&sent, &layout, Some(&merge(&seen)), 2);
        prop_assert!(written.iter().all(|(slot, _)| !hides(slot)));
        same(&merge(&written).into_document().unwrap(), &sent)?;
        // The merged document holds both. (The writer may have moved items of which others see a part.)
        let whole = merge(hidden.iter().chain(&written)).into_document().unwrap();
        let (now_seen, now_hidden): (Texts, Texts) = texts(&whole, &layout, None, 3)
            .into_iter()
            .partition(|(slot, _)| !hides(slot));
        same(&merge(&now_seen).into_document().unwrap(), &sent)?;
        let unordered = |texts: &Texts| sorted(merge(texts).into_document().unwrap().root());
        prop_assert_eq!(unordered(&now_hidden), unordered(&hidden));
    }

    #[test]
    fn no_bytes_make_the_parsers_panic(bytes: Vec<u8>, text in "[\\[\\]{}\",:~0-9a-u\\\\ .-]{0,40}") {
        let _ = Document::parse(&bytes);
        let _ = Document::parse(text.as_bytes());
        let _ = Tree::parse(text.as_bytes());
    }

    /// The same verdict as another parser on texts that are almost valid. The other parser accepts duplicates.
    #[test]
    fn the_grammar_is_that_of_others(
        document in documents(),
        at: prop::sample::Index,
        put in "[\\[\\]{}\",:0-9aeful\\\\ .+-]{0,2}",
    ) {
        let mut text: Vec<char> = document.to_json().chars().collect();
        let at = at.index(text.len());
        text.splice(at..=at, put.chars());
        let text: String = text.into_iter().collect();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let ours = parse::parse(text.as_bytes(), LIMITS);
        let stricter = matches!(
            ours,
            Err(DocumentError::DuplicateMember { .. } | DocumentError::LongNumber { .. })
        );
        let too_large = |error: &serde_json::Error| error.to_string().contains("out of range");
        if !stricter && !theirs.as_ref().is_err_and(too_large) {
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text);
        }
    }
}

#[test]
fn number_text_and_array_order_are_kept() {
    let text = r#"{"a":[3,1.50,-0.0,1E+2,2],"b":12345678901234567890.000,"c":1e-999}"#;
    assert_eq!(parse(text).to_json(), text);
    let longest = format!("{{\"a\":{}}}", "1".repeat(128));
    assert_eq!(parse(&longest).to_json(), longest);
}

#[test]
fn escapes_are_decoded() {
    let document = parse(r#"{"a":"\u0041\n\ud83d\ude00\/\"\\\b\f\r\té"}"#);
    let text = document.root().get("a").and_then(Node::as_str);
    assert_eq!(text, Some("A\n😀/\"\\\u{8}\u{c}\r\té"));
    assert_eq!(document.to_json(), r#"{"a":"A\n😀/\"\\\b\f\r\té"}"#);
}

#[test]
fn bad_texts_are_refused_where_they_break() {
    use DocumentError::{DuplicateMember, LoneSurrogate, NotAnObject, NotUtf8, Syntax, TooDeep};
    let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(Document::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let many: Vec<String> = (0..20).map(|n| format!("\"m{}\":1", n % 19)).collect();
    let cases: Vec<(Vec<u8>, DocumentError)> = vec![
        (b"".into(), Syntax { offset: 0 }),
        (b"[]".into(), NotAnObject),
        (b"{} x".into(), Syntax { offset: 3 }),
        (b"\xef\xbb\xbf{}".into(), Syntax { offset: 0 }),
        (b"{\"a\":\xff}".into(), NotUtf8 { offset: 5 }),
        (br#"{"a":1,}"#.into(), Syntax { offset: 7 }),
        (br#"{"a":01}"#.into(), Syntax { offset: 6 }),
        (br#"{"a":+1}"#.into(), Syntax { offset: 5 }),
        (br#"{"a":1.}"#.into(), Syntax { offset: 7 }),
        (br#"{"a":.5}"#.into(), Syntax { offset: 5 }),
        (br#"{"a":NaN}"#.into(), Syntax { offset: 5 }),
        (b"{\"a\":\"\n\"}".into(), Syntax { offset: 6 }),
        (br#"{"a":"\x"}"#.into(), Syntax { offset: 7 }),
        (br#"{"a":"\u00g0"}"#.into(), Syntax { offset: 10 }),
        (br#"{"a":"x"#.into(), Syntax { offset: 7 }),
        (br#"{"a":"\ud800"}"#.into(), LoneSurrogate { offset: 6 }),
        (
            br#"{"a":"\udc00\ud800"}"#.into(),
            LoneSurrogate { offset: 6 },
        ),
        (
            br#"{"a":"\ud800\u0041"}"#.into(),
            LoneSurrogate { offset: 6 },
        ),
        (br#"{"a":1,"a":2}"#.into(), DuplicateMember { offset: 0 }),
        (
            br#"{"x":{"a":1,"\u0061":2}}"#.into(),
            DuplicateMember { offset: 5 },
        ),
        (
            format!("{{{}}}", many.join(",")).into(),
            DuplicateMember { offset: 0 },
        ),
        (
            nested(MAX_DEPTH + 1).into(),
            TooDeep {
                offset: 5 * MAX_DEPTH,
            },
        ),
        ("[".repeat(1_000_000).into(), TooDeep { offset: MAX_DEPTH }),
    ];
    for (text, error) in cases {
        let got = Document::parse(&text).err();
        assert_eq!(got, Some(error), "{:.40}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn what_is_too_much_is_refused_where_it_is_too_much() {
    use DocumentError::{LongNumber, TooMany};
    let cases: [(String, DocumentError); 5] = [
        (
            format!(
                "{{{}}}",
                (0..1_001)
                    .map(|n| format!("\"{n:04}\":1"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            TooMany {
                offset: 1 + 9 * 1_000,
            },
        ),
        (
            format!("{{\"a\":[{}]}}", vec!["1"; 999_999].join(",")),
            TooMany {
                offset: 6 + 2 * 999_998,
            },
        ),
        (r#"{"a":1e9999}"#.to_owned(), LongNumber { offset: 5 }),
        (r#"{"a":-1E+0001}"#.to_owned(), LongNumber { offset: 5 }),
        (
            format!("{{\"a\":{}}}", "1".repeat(129)),
            LongNumber { offset: 5 },
        ),
    ];
    for (text, error) in cases {
        let got = Document::parse(text.as_bytes()).err();
        assert_eq!(got, Some(error), "{:.40}", text);
    }
}

#[test]
fn parts_that_nobody_wrote_are_refused() {
    for text in [
        "",
        r#"{"~":1}"#,
        r#"{"~":[1]}"#,
        r#"{"~":[["0000000000000001",1,1]]}"#,
        r#"{"~":[["1",1,1,{}]]}"#,
        r#"{"~":[["0000000000000001",-1,1,{}]]}"#,
        r#"{"~":[["0000000000000001",1,4294967296,{}]]}"#,
        r#"{"~":[],"a":1}"#,
        r#"{"~a":1}"#,
        r#"{"a":[{"~":[]}]}"#,
    ] {
        assert!(Tree::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(
        Tree::parse(br#"{"~":[]}"#)
            .unwrap()
            .into_document()
            .is_err()
    );
}

fn patient() -> TestLayout {
    TestLayout::new(
        "Patient",
        &[
            ("resourceType", "operational"),
            ("identifier.use", "operational"),
            ("identifier.system", "operational"),
            ("identifier.value", "identifier"),
            ("identifier[system=ssn].system", "operational"),
            ("identifier[system=ssn].value", "identifier+ssn"),
            ("contact.id", "contact"),
            ("contact.name", "demographic"),
            ("contact.phone", "contact"),
        ],
    )
}

fn part<'a>(texts: &'a Texts, slot: &str) -> Option<&'a str> {
    let found = texts.iter().find(|(name, _)| name.name() == slot);
    found.map(|(_, text)| std::str::from_utf8(text).unwrap())
}

#[test]
fn elements_with_an_envelope_of_their_own_are_apart() {
    let text = r#"{"resourceType":"Patient","identifier":[
        {"system":"ssn","value":"999-12-3456"},{"system":"mrn","value":"77"}],"odd":{"~":[1]}}"#;
    let parts = texts(&parse(text), &patient(), None, 1);
    assert_eq!(
        part(&parts, "identifier+ssn"),
        Some(r#"{"identifier":{"~":[["0000000100000001",1048576,1,{"value":"999-12-3456"}]]}}"#)
    );
    assert_eq!(
        part(&parts, "identifier"),
        Some(r#"{"identifier":{"~":[["0000000100000002",2097152,1,{"value":"77"}]]}}"#)
    );
    assert_eq!(part(&parts, "restricted"), Some(r#"{"odd":{"~~":[1]}}"#));
    assert!(!part(&parts, "operational").unwrap().contains("77"));
}

/// The classes that the writer may see and write, then the document they read, then the one they send.
fn update(before: &str, writer: &[DataClass], change: impl Fn(&str) -> String) -> String {
    let layout = patient();
    let writer: ClassSet = writer.iter().copied().collect();
    let (seen, hidden): (Texts, Texts) = texts(&parse(before), &layout, None, 1)
        .into_iter()
        .partition(|(slot, _)| writer.contains(slot.class()));
    let read = merge(&seen).into_document().unwrap().to_json();
    let written = texts(&parse(&change(&read)), &layout, Some(&merge(&seen)), 2);
    merge(hidden.iter().chain(&written))
        .into_document()
        .unwrap()
        .to_json()
}

const CONTACTS: &str =
    r#"{"contact":[{"name":"A","phone":"1"},{"name":"B","phone":"2"},{"name":"C","phone":"3"}]}"#;

#[test]
fn an_item_that_moves_takes_its_hidden_part_along() {
    let after = update(CONTACTS, &[DataClass::Contact], |read| {
        assert_eq!(
            read,
            r#"{"contact":[{"phone":"1"},{"phone":"2"},{"phone":"3"}]}"#
        );
        r#"{"contact":[{"phone":"3"},{"phone":"1"},{"phone":"2"}]}"#.into()
    });
    let want = r#"{"contact":[{"name":"C","phone":"3"},{"name":"A","phone":"1"},{"name":"B","phone":"2"}]}"#;
    assert!(parse(&after).root().same_as(parse(want).root()), "{after}");
}

#[test]
fn an_item_put_between_gets_no_hidden_part_of_another() {
    let after = update(CONTACTS, &[DataClass::Contact], |_| {
        r#"{"contact":[{"phone":"1"},{"phone":"9"},{"phone":"2"},{"phone":"3"}]}"#.into()
    });
    let want = r#"{"contact":[{"name":"A","phone":"1"},{"phone":"9"},{"name":"B","phone":"2"},{"name":"C","phone":"3"}]}"#;
    assert!(parse(&after).root().same_as(parse(want).root()), "{after}");
}

#[test]
fn an_item_that_was_changed_is_known_by_its_id_or_not_at_all() {
    let with_id = r#"{"contact":[{"id":"x","name":"A","phone":"1"}]}"#;
    let after = update(with_id, &[DataClass::Contact], |read| {
        read.replace("\"1\"", "\"8\"")
    });
    let want = r#"{"contact":[{"id":"x","name":"A","phone":"8"}]}"#;
    assert!(parse(&after).root().same_as(parse(want).root()), "{after}");

    let without = r#"{"contact":[{"name":"A","phone":"1"}]}"#;
    let after = update(without, &[DataClass::Contact], |read| {
        read.replace("\"1\"", "\"8\"")
    });
    let items = parse(&after);
    let items = items
        .root()
        .get("contact")
        .and_then(Node::as_array)
        .unwrap();
    assert_eq!(items.len(), 2, "{after}");
}

#[test]
fn of_two_writers_who_cannot_see_one_another_the_later_order_holds() {
    let layout = patient();
    let first = texts(&parse(CONTACTS), &layout, None, 1);
    let of = |texts: &Texts, class: DataClass| -> Texts {
        texts
            .iter()
            .filter(|(slot, _)| slot.class() == class)
            .cloned()
            .collect()
    };
    let names = of(&first, DataClass::Demographic);
    let phones = of(&first, DataClass::Contact);
    let sent = parse(r#"{"contact":[{"phone":"3"},{"phone":"2"},{"phone":"1"}]}"#);
    let phones = texts(&sent, &layout, Some(&merge(&phones)), 2);
    // Version 3 rewrites the names in their old order: the order of version 2 stays.
    let sent = parse(r#"{"contact":[{"name":"A"},{"name":"B"},{"name":"C"}],"x":1}"#);
    let mut names = texts(&sent, &layout, Some(&merge(&names)), 3);
    names.retain(|(slot, _)| slot.class() == DataClass::Demographic);
    let merged = merge(phones.iter().chain(&names)).into_document().unwrap();
    let want = r#"{"contact":[{"phone":"3","name":"C"},{"phone":"2","name":"B"},{"phone":"1","name":"A"}]}"#;
    assert!(
        merged.root().same_as(parse(want).root()),
        "{}",
        merged.to_json()
    );
}

#[test]
fn where_parts_contradict_one_another_the_later_wins() {
    let parts =
        [r#"{"a":{"b":1}}"#, r#"{"a":[1]}"#].map(|text| ("clinical".parse().unwrap(), text.into()));
    assert_eq!(
        merge(&parts).into_document().unwrap().to_json(),
        r#"{"a":[1]}"#
    );
}

#[test]
fn nothing_of_a_document_can_be_printed() {
    let document = parse(r#"{"name":"Ann"}"#);
    let shown = format!(
        "{document:?} {:?} {:?}",
        document.root(),
        document.root().as_object()
    );
    assert!(!shown.contains("Ann") && !shown.contains("name"), "{shown}");
}

#[test]
fn slots_have_one_name() {
    for name in ["clinical", "identifier+ssn", "restricted+note-2"] {
        assert_eq!(name.parse::<Slot>().unwrap().name(), name);
    }
    for name in [
        "",
        "Clinical",
        "clinical+",
        "clinical+A",
        "x+ssn",
        "clinical+a+b",
    ] {
        assert!(name.parse::<Slot>().is_err(), "{name}");
    }
}
