use crate::detect::Detector;

/// The lines of a document, with what was found left out.
fn shown(document: &str) -> Vec<String> {
    let detector = Detector::new();
    let mut scanner = detector.scanner();
    let show = |line: &str| {
        let mut found = Vec::new();
        scanner.line(line.as_bytes(), &mut found);
        let mut shown = line.to_owned();
        let mut last = usize::MAX;
        for finding in found.iter().rev() {
            // A token in an encoding has a finding for each class.
            if finding.span.start != last {
                shown.replace_range(finding.span.clone(), "_");
            }
            last = finding.span.start;
        }
        shown
    };
    document.lines().map(show).collect()
}

#[test]
fn a_stray_quote_hides_no_row_after_it() {
    for (document, expected) in [
        // The last cell.
        (
            "mrn,surname,height\n7788123,Qorvanth,\"6'1\n7788124,Ylleem,5'11\n7788125,Vosstrup,5'9",
            ["_,_,\"6'1", "_,_,5'11", "_,_,5'9"],
        ),
        // A cell in the middle.
        (
            "mrn,height,surname\n7788123,\"6'1,Qorvanth\n7788124,5'11,Ylleem\n7788125,5'9,Vosstrup",
            ["_,\"6'1,_", "_,5'11,_", "_,5'9,_"],
        ),
        // The rows after it have quotes of their own.
        (
            "mrn,surname,height\n7788123,Qorvanth,\"6'1\n7788124,\"Ylleem\",5'11\n7788125,\"Vosstrup\",5'9",
            ["_,_,\"6'1", "_,\"_\",5'11", "_,\"_\",5'9"],
        ),
    ] {
        assert_eq!(
            shown(document).get(1..),
            Some(expected.map(str::to_owned).as_slice())
        );
    }
}

#[test]
fn a_line_may_close_one_cell_and_open_another() {
    let document = "mrn,note,surname,note2\n7788123,\"first\nend\",Qorvanth,\"second\nend\"\n7788124,a,Ylleem,b";
    assert_eq!(
        shown(document).get(1..),
        Some(
            ["_,\"first", "end\",_,\"second", "end\"", "_,a,_,b",]
                .map(str::to_owned)
                .as_slice()
        )
    );
}

#[test]
fn two_quotes_together_close_no_cell() {
    let document = "mrn,note,surname\n7788123,\"she said\n\"\"no\"\", and left\",Qorvanth\n7788124,\"\",Ylleem\n7788125,\"\"\"no\"\"\",Vosstrup\n7788126,\"x\n\"\"\ny\",Zaunmark";
    assert_eq!(
        shown(document).get(1..),
        Some(
            [
                "_,\"she said",
                "\"\"no\"\", and left\",_",
                "_,\"\",_",
                "_,\"\"\"no\"\"\",_",
                "_,\"x",
                "\"\"",
                "y\",_",
            ]
            .map(str::to_owned)
            .as_slice()
        )
    );
}

#[test]
fn columns_that_count_elsewhere_and_texts_are_looked_at_beside_a_person() {
    for (document, expected) in [
        (
            "mrn,names,plan,seats\n7788123,Qorvanth Ylleem,gold,3",
            "_,_,gold,3",
        ),
        (
            "mrn,patients,plan,seats\n7788123,Qorvanth Ylleem,gold,3",
            "_,_,gold,3",
        ),
        (
            "mrn,build,plan,seats\n7788123,seen 3/14/2024 Qorvanth Ylleem,gold,3",
            "_,seen _ _,gold,3",
        ),
        (
            "mrn,created_at,plan,seats\n7788123,2024-03-01 08:51:21,gold,3",
            "_,2024-03-01 08:51:21,gold,3",
        ),
    ] {
        let lines = shown(document);
        assert_eq!(lines.last().map(String::as_str), Some(expected));
    }
}

#[test]
fn cells_of_a_row_are_no_places_of_a_text_in_it() {
    // {"mrn":"7788123","seen":"2024-03-01","therapist":"Aurelie Qorvanth"}
    let token = "eyJtcm4iOiI3Nzg4MTIzIiwic2VlbiI6IjIwMjQtMDMtMDEiLCJ0aGVyYXBpc3QiOiJBdXJlbGllIFFvcnZhbnRoIn0=";
    let detector = Detector::new();
    let classes = |document: String| {
        let mut scanner = detector.scanner();
        let mut found = Vec::new();
        for line in document.lines() {
            found.clear();
            scanner.line(line.as_bytes(), &mut found);
        }
        let mut classes: Vec<&str> = found
            .iter()
            .filter(|finding| finding.span.len() > 40)
            .map(|finding| finding.class.name())
            .collect();
        classes.sort_unstable();
        classes
    };
    let alone = classes(token.to_owned());
    assert!(alone.contains(&"date"), "{alone:?}");
    // The cell before it, which says nothing of anybody, is as long as the text itself.
    let row = format!("mrn,created_at,body\n7788123,{},{token}", "a".repeat(120));
    assert_eq!(classes(row), alone);
}

#[test]
fn doubled_quotes_end_no_literal() {
    for (line, expected) in [
        (
            "where surname ilike 'O''Qorvanth%' and x = 1",
            "where surname ilike '_%' and x = 1",
        ),
        (
            "where surname in ('O''Qorvanth', 'Ylleem')",
            "where surname in ('_', '_')",
        ),
        (
            "where lower(surname) = lower('O''Qorvanth')",
            "where lower(surname) = lower('_')",
        ),
        (
            r"where surname like 'O\'Qorvanth'",
            r"where surname like '_'",
        ),
        (
            "Incorrect string value: 'O''Qorvanth' for column 'surname' at row 1",
            "Incorrect string value: '_' for column 'surname' at row 1",
        ),
        (
            "Duplicate entry 'O'Qorvanth' for key 'patients.surname'",
            "Duplicate entry '_' for key 'patients.surname'",
        ),
        (
            "on column 'surname': rejected value 'O''Qorvanth'",
            "on column 'surname': rejected value '_'",
        ),
        (
            "SELECT 1 FROM p WHERE surname = @p0',N'@p0 nvarchar(9)',@p0='O''Qorvanth'",
            "SELECT 1 FROM p WHERE surname = @p0',N'@p0 nvarchar(9)',@p0='_'",
        ),
    ] {
        assert_eq!(shown(line), [expected]);
    }
    let document = "select 1 from p where surname = $1 and mrn = $2\nDETAIL:  parameters: $1 = 'O''Qorvanth', $2 = '7788123'";
    assert_eq!(
        shown(document).last().map(String::as_str),
        Some("DETAIL:  parameters: $1 = '_', $2 = '_'")
    );
}

#[test]
fn a_backslash_before_the_end_of_a_literal_is_a_part_of_it() {
    assert_eq!(
        shown(r"where path like 'C:\' and surname like 'Qorvanth'"),
        [r"where path like 'C:\' and surname like '_'"]
    );
    assert_eq!(
        shown("where surname in ('', 'Qorvanth')"),
        ["where surname in ('', '_')"]
    );
}

#[test]
fn a_framed_table_of_two_columns_is_one() {
    let document = "mysql> select mrn, last_name from p;\n+---------+-----------+\n| mrn     | last_name |\n+---------+-----------+\n| 7788123 | Qorvanth  |\n| 7788124 | Ylleem    |\n+---------+-----------+";
    let lines = shown(document);
    assert_eq!(lines[4], "| _ | _  |");
    assert_eq!(lines[5], "| _ | _    |");
}

#[test]
fn a_cell_may_have_as_many_breaks_as_the_documents_say() {
    let last = |breaks: usize| {
        let cell = vec!["line"; breaks + 1].join("\n");
        let document = format!("mrn,address,surname\n7788123,\"{cell}\",Qorvanth");
        shown(&document).pop().unwrap()
    };
    assert_eq!(last(32), "line\",_");
    assert_eq!(last(33), "line\",Qorvanth");
}

#[test]
fn frames_that_are_drawn_are_frames() {
    let document = "\u{250c}─────────┬──────────┐\n│ mrn     │ surname  │\n├─────────┼──────────┤\n│ 7788123 │ Qorvanth │\n└─────────┴──────────┘";
    assert_eq!(shown(document)[3], "│ _ │ _ │");
    let document = "\u{250c}─────────┬──────────┐\n│ (index) │ Values   │\n├─────────┼──────────┤\n│ mrn     │ 7788123  │\n│ surname │ Qorvanth │";
    let lines = shown(document);
    assert_eq!(lines[3], "│ mrn     │ _  │");
    assert_eq!(lines[4], "│ surname │ _ │");
}

#[test]
fn times_of_events_of_a_person_are_theirs() {
    let document = "mrn,surname,arrival_ts,updated_ts,ts\n7788123,Qorvanth,2024-03-01 08:51:21,2024-03-02 08:51:21,2024-03-03 08:51:21";
    assert_eq!(
        shown(document)[1],
        "_,_,_,2024-03-02 08:51:21,2024-03-03 08:51:21"
    );
}

#[test]
fn cells_with_a_blank_stand_between_wider_gaps() {
    let document = "Obs  SUBJECT  BRTHDTC     INVNAM           RANDDT\n1    201-101  1980-01-31  Qorvanth, Ilse   2024-03-01\n2    201-102  1981-01-31  Ylleem, Boris K  2024-03-02";
    let lines = shown(document);
    assert_eq!(lines[1], "1    _  _  _   _");
    assert_eq!(lines[2], "2    _  _  _  _");
}

#[test]
fn tables_within_a_value_are_read() {
    let document =
        r#"{"file":"a.csv","content":"surname,mrn,note\nQorvanth,7788123,x\nYlleem,7788124,y\n"}"#;
    assert_eq!(
        shown(document),
        [r#"{"file":"a.csv","content":"surname,mrn,note\n_,_,x\n_,_,y\n"}"#]
    );
    // surname,mrn,note and the same rows
    let token = "c3VybmFtZSxtcm4sbm90ZQpRb3J2YW50aCw3Nzg4MTIzLHgKWWxsZWVtLDc3ODgxMjQseQo=";
    let detector = Detector::new();
    let mut found = Vec::new();
    detector
        .scanner()
        .line(format!("attached {token}").as_bytes(), &mut found);
    let classes: Vec<&str> = found.iter().map(|finding| finding.class.name()).collect();
    assert_eq!(classes, ["name", "mrn"]);
}

#[test]
fn what_an_index_says_of_a_value_that_was_refused() {
    for (line, expected) in [
        (
            "with unique index 'IX_SSN'. The duplicate key value is (219099999).",
            "with unique index 'IX_SSN'. The duplicate key value is (_).",
        ),
        (
            "UNIQUE KEY constraint 'UQ_Device_Serial'. The duplicate key value is (SN12345678).",
            "UNIQUE KEY constraint 'UQ_Device_Serial'. The duplicate key value is (_).",
        ),
        (
            "with unique index 'IX_SSN'. The duplicate key value is (1, 2).",
            "with unique index 'IX_SSN'. The duplicate key value is (1, 2).",
        ),
        (
            "with unique index 'IX_Job'. The duplicate key value is (219099999).",
            "with unique index 'IX_Job'. The duplicate key value is (219099999).",
        ),
    ] {
        assert_eq!(shown(line), [expected]);
    }
}

/// A reading of 2026-12-01 found each of these left in clear.
#[test]
fn what_stood_in_clear_for_a_rule_that_was_too_wide_is_found() {
    for (document, values) in [
        (
            "  last_name     mrn\n1       Roe 7788123\n2     Smith 7788124",
            &["Roe", "7788123", "Smith", "7788124"][..],
        ),
        (
            "C2=087779806 CA=ALIZA CB=QORVANTH C4=REDACTED",
            &["087779806", "ALIZA", "QORVANTH"],
        ),
        (
            "<FS>CAALIZA<FS>CBQORVANTH<FS>CM12 ELM ST<FS>CNDULUTH<FS>CP55802",
            &["ALIZA", "QORVANTH", "55802"],
        ),
        (
            "$G(^DPT(4711,0))=\"QORVANTH,ILSE^F^2610412^^2^^^^666121234\"",
            &["QORVANTH,ILSE", "666121234"],
        ),
        ("patient asked tool call 3125550142 back", &["3125550142"]),
        (
            "Duplicate entry 'x'-'7788123' for key 'patients.mrn'",
            &["7788123"],
        ),
        (
            "{\n\"identifier\": [\n{\n\"type\": \"SSN\", // c\n\"value\": \"666121234\"\n}]}",
            &["666121234"],
        ),
    ] {
        let shown = shown(document).join("\n");
        for value in values {
            assert!(!shown.contains(value), "{shown}");
        }
    }
}
