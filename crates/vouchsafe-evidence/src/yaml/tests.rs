use super::*;

fn refused(text: &str) -> String {
    documents(text.as_bytes()).unwrap_err()
}

#[test]
fn several_documents_are_read_with_their_lines_and_empty_ones_left_out() {
    let text = "# head\n---\na: 1\n---\n# nothing\n---\nb: [x, 'y']\nc: |\n  two\n  lines\n";
    let read = documents(text.as_bytes()).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].root.get("a").unwrap().int(), Some(1));
    assert_eq!(read[0].lines, (2, 3));
    assert_eq!(read[1].lines, (6, 10));
    assert_eq!(read[1].root.text_at(&["c"]), Some("two\nlines\n"));
    assert_eq!(read[1].root.get("c").unwrap().line, 9);
}

#[test]
fn quotes_make_a_text_of_what_looks_like_a_boolean_or_a_number() {
    let root = document(b"on: yes\noff: 'yes'\nn: \"3\"\nm: 3\nnone: ~\n").unwrap();
    assert_eq!(root.get("on").unwrap().bool(), Some(true));
    assert_eq!(root.get("off").unwrap().bool(), None);
    assert_eq!(root.get("n").unwrap().int(), None);
    assert_eq!(root.get("m").unwrap().int(), Some(3));
    assert_eq!(root.get("none"), None);
}

#[test]
fn an_alias_is_the_value_and_a_bomb_of_aliases_is_refused() {
    let root = document(b"a: &x [1, 2]\nb: *x\n").unwrap();
    assert_eq!(root.list_at(&["b"]).len(), 2);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let alias = format!("*a{}, ", n - 1).repeat(9);
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", alias.trim_end_matches(", ")));
    }
    assert!(refused(&bomb).contains("too many"));
    let long = "x".repeat(1 << 20);
    let bomb = format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(1000));
    assert!(refused(&bomb).contains("too many"));
    assert!(documents(b"a: &a [*a]\n").is_err());
}

#[test]
fn a_key_that_stands_there_twice_is_refused() {
    assert!(refused("a: 1\nb: 2\na: 3\n").contains("twice"));
    assert!(refused("{\"a\": 1, \"a\": 2}").contains("twice"));
    assert!(refused("{a: 1, a: 2}").contains("twice"));
    assert!(refused("a: &x {b: 1}\nc:\n  <<: *x\n").contains("merge"));
}

#[test]
fn what_is_too_large_too_deep_or_binary_is_refused() {
    let large = vec![b'#'; 50 << 20];
    assert!(documents(&large).unwrap_err().contains("16 MiB"));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(documents(deep.as_bytes()).is_err());
    let deep: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(refused(&deep).contains("deep"));
    assert!(refused("a: \0").contains("binary"));
    assert!(documents(&[0xff, 0xfe, 0, 1]).is_err());
}

#[test]
fn tabs_as_indentation_and_tags_of_programs_are_refused() {
    assert!(documents(b"a:\n\tb: 1\n").is_err());
    assert!(refused("a: !!python/object:os.system x\n").contains("tags"));
    assert!(refused("a: !Ref x\n").contains("tags"));
    assert_eq!(
        document(b"a: !!str 5\n").unwrap().get("a").unwrap().int(),
        None
    );
}

#[test]
fn json_with_tabs_is_read_as_json_and_a_message_repeats_nothing_of_the_file() {
    let root = document(b"{\n\t\"a\":\t{\"b\": [true, null, 1]}\n}").unwrap();
    assert_eq!(root.list_at(&["a", "b"]).len(), 3);
    assert!(!refused("secret-word: [\n").contains("secret"));
}

#[test]
fn no_text_makes_the_reader_panic_or_go_on_for_long() {
    for piece in [
        "[", "{", "- ", "? ", ": ", "a: ", "&a ", "*a ", "|\n", "'", "\"", "%", "---\n", "!",
        "\u{85}", "\t", "#", "{a: [", "- - ", "!<x> ",
    ] {
        let text = piece.repeat(3000);
        let _ = documents(text.as_bytes());
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(text in "[\\[\\]{}:,&*!|>'\"%#@a\\-? \\n\\t\\\\~0<]{0,200}") {
        let _ = documents(text.as_bytes());
    }

    #[test]
    fn what_is_written_as_json_is_read_the_same_by_both_readers(keys in proptest::collection::btree_map("[a-z ]{1,8}", "[ -~]{0,12}", 0..6)) {
        let json = serde_json::to_string(&keys).unwrap();
        let by_json = document(json.as_bytes()).unwrap();
        // A comment before it makes it YAML.
        let by_yaml = document(format!("# yaml\n{json}").as_bytes()).unwrap();
        for (key, value) in &keys {
            assert_eq!(by_json.get(key).unwrap().text(), Some(value.as_str()));
            assert_eq!(by_yaml.get(key).unwrap().text(), Some(value.as_str()));
        }
    }
}
