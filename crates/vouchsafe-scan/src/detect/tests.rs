use super::*;

/// The classes found in a line, with what was found.
fn found(line: &str) -> Vec<(Class, &str)> {
    let detector = Detector::new();
    let mut found = Vec::new();
    detector.scanner().line(line.as_bytes(), &mut found);
    found
        .into_iter()
        .map(|finding| (finding.class, line.get(finding.span).unwrap_or_default()))
        .collect()
}

#[test]
fn names_of_fields_after_escaped_quotes_are_no_values() {
    let line = r#"{"a":{"password":[100000,"ü\"\\"]},"b":{},"password":true}"#;
    let values: Vec<&str> = found(line).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["100000", r#"ü\"\\"#]);
}

#[test]
fn what_stands_between_escaped_quotes_is_found() {
    let line = r#"{"body":"{\"ssn\":\"219-09-9999\",\"n\":1}"}"#;
    assert_eq!(found(line), [(Class::Ssn, "219-09-9999")]);
    let line = r#"{"note":"first line\nMRN: 00482913 seen"}"#;
    assert_eq!(found(line), [(Class::Mrn, "00482913")]);
}

#[test]
fn ids_of_requests_are_no_record_numbers() {
    assert_eq!(found(r#"{"RequestId":"0HMC6AWB43MR:00000008"}"#), []);
}

#[test]
fn random_ids_are_findings_only_where_they_name_a_device() {
    let id = "3f2b6c1e-8a4d-4e21-9f3a-2b1c0d9e8f7a";
    let advertising = format!(r#"{{"idfa":"{id}"}}"#);
    assert_eq!(found(&advertising), [(Class::Device, id)]);
    for name in [
        "mrn",
        "patient_id",
        "device_id",
        "fingerprint_id",
        "photo",
        "token",
    ] {
        let line = format!(r#"{{"{name}":"{id}"}}"#);
        assert_eq!(found(&line), [], "{name}");
    }
}

#[test]
fn pictures_of_patients_are_found_by_their_paths() {
    let line = "stored patient photo /data/patient-photos/0f9ee0e781041428.heic (42254 bytes)";
    let path = "/data/patient-photos/0f9ee0e781041428.heic";
    assert_eq!(found(line), [(Class::Photo, path)]);
}

#[test]
fn quoted_values_of_statements_are_found() {
    let line = "33 Query\tUPDATE patients SET address='9338 Prairie Blvd', city='Duluth'";
    assert_eq!(
        found(line),
        [
            (Class::Geography, "9338 Prairie Blvd"),
            (Class::Geography, "Duluth")
        ]
    );
}

#[test]
fn dates_that_programs_print_are_found() {
    let line = "Employee(id='E1', hired=datetime.date(2024, 11, 4), plate=None)";
    let classes: Vec<Class> = found(line).into_iter().map(|(class, _)| class).collect();
    assert_eq!(classes, [Class::Date]);
}

#[test]
fn pages_of_portals_are_found() {
    let line = r#"{"portal url":"https://portal.example.com/p/43926164/summary"}"#;
    let url = "https://portal.example.com/p/43926164/summary";
    assert_eq!(found(line), [(Class::Url, url)]);
    assert_eq!(found(&format!("opened {url} now")), [(Class::Url, url)]);
}

#[test]
fn hostile_lines_take_time_in_proportion_to_their_length() {
    // Each of these once took time by the square of its length: minutes instead of moments here.
    for part in [
        "PID|",
        "1-",
        "://",
        "mrn: 1 ",
        "ssn 1-2 ",
        "row contains (",
        "parameters: $1 ",
        "k=\\\"",
        "\\\"ssn\\\":\\\"219-09-9999\\\",",
        "(0010,0010) PN [",
        "PID.5=",
        "CLM*1234~",
        "mrn 1234567 a1:",
        "mrn 1234567 A+",
        "mrn 1234567 a.b-",
        "Jane Roe a.jpg",
        "Jane Roe http://a.b/",
        "where b = ? and ",
        "(a, b)=(c, d)",
        "<a Name=\"sn\"><b>",
        "PV2|A^B^C|",
        "{\"mrn\":\"7788123 x ",
        "\"mrns\":[\"7788123 ssn x\",",
        "mrn='7788123 mrn=\"7788123 x ",
        "login -p ",
    ] {
        let line = part.repeat(200_000 / part.len());
        let detector = Detector::new();
        let mut found = Vec::new();
        detector.scanner().line(line.as_bytes(), &mut found);
        assert!(found.len() <= line.len(), "{part}");
    }
}

#[test]
fn a_word_for_places_without_a_place_does_not_stop_the_scan() {
    // The scan stood still at the first of these for ever.
    for line in [
        "lives in Status: ok",
        "moved from Term: x",
        "lives in A: ok",
    ] {
        let mut found = Vec::new();
        Detector::new().scanner().line(line.as_bytes(), &mut found);
        assert_eq!(found, [], "{line}");
    }
}

/// The lines of a document, with what was found left out.
fn shown(document: &str) -> Vec<String> {
    let detector = Detector::new();
    let mut scanner = detector.scanner();
    let show = |line: &str| {
        let mut found = Vec::new();
        scanner.line(line.as_bytes(), &mut found);
        let mut shown = line.to_owned();
        for finding in found.iter().rev() {
            shown.replace_range(finding.span.clone(), "_");
        }
        shown
    };
    document.lines().map(show).collect()
}

#[test]
fn values_apart_from_their_columns_and_values_that_come_again_are_found() {
    for (document, expected) in [
        (
            "INSERT INTO `p` (`id`, `last_name`, `dob`) VALUES\n(1, 'Qorvanth', '1980-02-03'),\n(2, 'Ylleem', '1981-02-03');\n(3, 'Other', 'x')",
            "INSERT INTO `p` (`id`, `last_name`, `dob`) VALUES\n(1, '_', '_'),\n(2, '_', '_');\n(3, 'Other', 'x')",
        ),
        (
            "Preparing: select * from p where ssn = ? and mrn = ?\nParameters: 219099999(String), 7788123(String)",
            "Preparing: select * from p where ssn = ? and mrn = ?\nParameters: _(String), _(String)",
        ),
        (
            "select p from P p where p.ssn=?\nbinding parameter (1:VARCHAR) <- [219099999]",
            "select p from P p where p.ssn=?\nbinding parameter (1:VARCHAR) <- [_]",
        ),
        (
            "select id from p where surname = ?\n[\"Qorvanth\"]",
            "select id from p where surname = ?\n[\"_\"]",
        ),
        (
            "where \"p\".\"ssn\" = '219099999' LIMIT 21; args=('219099999',)",
            "where \"p\".\"ssn\" = '_' LIMIT 21; args=('_',)",
        ),
        ("mrn in ('7788123', '7788124')", "mrn in ('_', '_')"),
        (
            "mrn changed from 7788123 to 7788124",
            "mrn changed from _ to _",
        ),
        (
            "{\"00100020\": {\"vr\": \"LO\", \"Value\": [\"7788123\"]}}",
            "{\"00100020\": {\"vr\": \"LO\", \"Value\": [\"_\"]}}",
        ),
    ] {
        assert_eq!(shown(document), expected.lines().collect::<Vec<_>>());
    }
}

#[test]
fn values_are_found_behind_systems_in_errors_conditions_and_names_of_files() {
    for (line, expected) in [
        (
            "GET /Patient?identifier=http://hospital.example.org/mrn|9592715 200",
            (Class::Mrn, "9592715"),
        ),
        (
            "on field 'ssn': rejected value [266848826]; codes",
            (Class::Ssn, "266848826"),
        ),
        (
            "where last_name ilike 'Qorvath%' and dob = 1",
            (Class::Name, "Qorvath"),
        ),
        (
            r#"{"birthDate":[1961,4,12],"x":1}"#,
            (Class::Date, "1961,4,12"),
        ),
        ("IDCHK ssn696918815;result=PASS", (Class::Ssn, "696918815")),
        ("call me at (415)5552671", (Class::Phone, "(415)5552671")),
        (
            "put scans/Vilsaint_Dean_MRN3438429_20240110.pdf",
            (Class::Mrn, "3438429"),
        ),
        (
            "put scans/Roe_Jane_MRN3438429_20240110.pdf",
            (Class::Name, "Roe_Jane"),
        ),
        (
            "claim C2=087779806 CA=ALIZA CB=RODRIGUEZ C4=19970108",
            (Class::HealthPlan, "087779806"),
        ),
        ("nurse called Qorvanth back", (Class::Name, "Qorvanth")),
    ] {
        assert!(found(line).contains(&expected), "{line}: {:?}", found(line));
    }
}

#[test]
fn authors_calls_of_programs_buses_goods_and_servers_are_no_people() {
    for line in [
        "Copyright 2024 John Smith",
        "rpc call 8412345678 took 12ms",
        "usb usb1: SerialNumber: 0000:00:14.0",
        r#"{"products":["Amy","Charlotte","Oliver Stone"]}"#,
        r#"error upstream: "https://151.101.1.69:443/healthz""#,
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}

#[test]
fn json_over_several_lines_is_read_with_the_lines_before() {
    let lines = [
        r#"  "identifier": ["#,
        "    {",
        r#"      "system": "http://hl7.org/fhir/sid/us-ssn","#,
        r#"      "value": "666121234""#,
    ];
    let detector = Detector::new();
    let mut scanner = detector.scanner();
    let mut found = Vec::new();
    for line in lines {
        scanner.line(line.as_bytes(), &mut found);
    }
    let classes: Vec<Class> = found.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [Class::Ssn]);
}

#[test]
fn in_a_list_of_things_only_names_are_passed_over() {
    for (line, expected) in [
        (
            r#"{"products":["Amy","219-09-9999","jane@example.org","call (415) 555-2671"]}"#,
            &["219-09-9999", "jane@example.org", "(415) 555-2671"][..],
        ),
        (r#"{"brands":["Amy",{"ssn":"219099999"}]}"#, &["219099999"]),
        (r#"{"brand":"219-09-9999"}"#, &["219-09-9999"]),
        (r#"{"brand":"Oliver Stone"}"#, &[]),
    ] {
        let values: Vec<&str> = found(line).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, expected, "{line}");
    }
    // Beside somebody's address names are looked for everywhere.
    let line = r#"{"brand":"Oliver Stone, jane@example.org"}"#;
    assert!(found(line).contains(&(Class::Email, "jane@example.org")));
}

#[test]
fn calls_that_people_take_are_no_calls_of_programs() {
    for line in [
        "call 3125550142 completed",
        "patient phone 3125550142 rejected",
        "phone 3125550142 started ringing",
        "call 3125550142 took 12 minutes",
        "call 3125550142 completed ok in 4m43s",
    ] {
        assert_eq!(found(line), [(Class::Phone, "3125550142")], "{line}");
    }
    for line in [
        "rpc call 8412345678 took 12ms",
        "gRPC call 8412345678 completed",
        "call 8412345678 completed ok in 541us",
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}

#[test]
fn addresses_of_servers_stand_right_behind_their_words() {
    for line in [
        "backend refused, client 151.101.1.69",
        "relayed for 151.101.1.69",
        "backend timed out for client 151.101.1.69",
        r#"{"endpoint":"/login","client":"151.101.1.69"}"#,
        "endpoint 151.101.1.69",
        "no ntp from user at 151.101.1.69",
    ] {
        assert_eq!(found(line), [(Class::Ip, "151.101.1.69")], "{line}");
    }
    for line in [
        "upstream: \"http://151.101.1.69:8080/\"",
        "nameserver 151.101.1.69",
        "using dns server 151.101.1.69",
        "relay=mx.example.org[151.101.1.69]:25",
        "upstream_addr=151.101.1.69:443",
        "backend server 151.101.1.69 is up",
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}

#[test]
fn one_word_in_lower_case_can_be_a_name() {
    let line = r#"{"patient":{"last_name":"card","first_name":"page"}}"#;
    assert_eq!(found(line).len(), 2, "{:?}", found(line));
    for line in [
        r#"{"last_name":"full_name","first_name":"firstname"}"#,
        r#"{"last_name":"date_of_birth"}"#,
        r#"insert into "workers" ("full_name", "ssn") values ($1, $2)"#,
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}

#[test]
fn a_name_may_follow_one_empty_component() {
    // The fourth component of an identifier is who gave it out; the third is empty there as well.
    let line = "seen 8841^^Qorvanth^Jane";
    assert!(
        found(line).contains(&(Class::Name, "Qorvanth^Jane")),
        "{:?}",
        found(line)
    );
    let line = "seen 88412^^^Smith^Jane";
    assert!(
        found(line).iter().all(|(class, _)| *class != Class::Name),
        "{:?}",
        found(line)
    );
}

#[test]
fn lines_with_many_names_pages_and_cells_take_time_in_proportion() {
    for part in [
        "Jane Roe 0045512 http://a.example/b ",
        "mrn 0045512 http://a.example/b ",
        "^DPT(\"B\",\"",
        "{ \"a\": ",
    ] {
        let line = part.repeat(200_000 / part.len());
        let detector = Detector::new();
        let mut found = Vec::new();
        let mut scanner = detector.scanner();
        scanner.line(b"{", &mut found);
        scanner.line(line.as_bytes(), &mut found);
        assert!(found.len() <= line.len(), "{part}");
    }
}

#[test]
fn a_line_that_names_a_field_says_what_the_next_one_holds() {
    for (document, expected) in [
        (
            "object(Car)#1 (1) {\n  [\"surname\":protected]=>\n  string(8) \"Qorvanth\"",
            "  string(8) \"_\"",
        ),
        ("$surname\n[1] \"Qorvanth\"", "[1] \"_\""),
        ("1) \"surname\"\n2) \"Qorvanth\"", "2) \"_\""),
        // A value of Redis that is the name of a field names nothing.
        ("2) \"surname\"\n3) \"Qorvanth\"", "3) \"Qorvanth\""),
        ("$surname = x\nQorvanth", "Qorvanth"),
    ] {
        let lines = shown(document);
        assert_eq!(lines.last().map(String::as_str), Some(expected));
    }
}

#[test]
fn what_was_raised_is_the_name_of_no_field() {
    let line = "ValueError: '219099999' is not valid for Katherine Scott";
    assert!(found(line).contains(&(Class::Ssn, "219099999")), "{line}");
}

#[test]
fn names_of_types_in_a_property_list_leave_the_word_to_the_key() {
    let line = "<key>birthDate</key><date>1980-01-31T00:00:00Z</date>";
    assert_eq!(found(line), [(Class::Date, "1980-01-31T00:00:00Z")]);
    let line = "<key>buildDate</key><date>1980-01-31T00:00:00Z</date>";
    assert_eq!(found(line), []);
}

#[test]
fn what_else_stands_in_the_value_of_a_field_is_found() {
    for (line, expected) in [
        (
            r#"{"mrn":"7788123 ssn 219-09-9999"}"#,
            &["7788123", "219-09-9999"][..],
        ),
        (
            r#"{"phone":"3125550142, or 312-555-0143"}"#,
            &["3125550142", "312-555-0143"],
        ),
        (
            r#"{"dob":"1980-01-31, jane@example.org","x":1}"#,
            &["1980-01-31", "jane@example.org"],
        ),
        (
            r#"{"mrns":["7788123, ssn 219-09-9999","7788124"]}"#,
            &["7788123", "219-09-9999", "7788124"],
        ),
    ] {
        let values: Vec<&str> = found(line).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, expected, "{line}");
    }
}

#[test]
fn the_last_short_group_of_a_number_is_a_part_of_it() {
    for (line, value) in [
        ("health card 1234 567 890 AB valid", "1234 567 890 AB"),
        ("medicare no 2123 45670 1 found", "2123 45670 1"),
        ("member ID 123 456 789 01 found", "123 456 789 01"),
    ] {
        assert_eq!(found(line), [(Class::HealthPlan, value)], "{line}");
    }
}

#[test]
fn passwords_of_commands_and_in_sentences_are_found() {
    for (line, value) in [
        (
            "+ docker login -u ci -p hK9xQ2mPz7 registry.internal",
            "hK9xQ2mPz7",
        ),
        ("sshpass -p 'hK9xQ2mPz7' ssh host", "hK9xQ2mPz7"),
        ("mysql -u root -phK9xQ2mPz7 -h db", "hK9xQ2mPz7"),
        ("temporary password set to hK9xQ2mPz7.", "hK9xQ2mPz7"),
        ("the password is now hK9xQ2mPz7", "hK9xQ2mPz7"),
    ] {
        assert_eq!(found(line), [(Class::Secret, value)], "{line}");
    }
    for line in [
        "docker login -u ci -p $PASSWORD registry.internal",
        "mysql -h db -p -u root",
        "mysql -h db -port 3306",
        "login failed -p 33060000",
        "password is set to expire in 2026",
    ] {
        assert_eq!(found(line), [], "{line}");
    }
}
