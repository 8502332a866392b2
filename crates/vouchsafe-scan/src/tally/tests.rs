use super::*;

fn finding(class: Class) -> Finding {
    Finding {
        class,
        confidence: Confidence::High,
        span: 0..3,
        field: None,
    }
}

fn line(line: u64) -> Place<'static> {
    Place::Line { line, column: 1 }
}

fn summary(tally: Tally) -> Vec<(Vec<u8>, Class, u64, Vec<Spot>)> {
    let groups = tally.into_groups();
    groups
        .listed
        .into_iter()
        .map(|(key, group)| (key.document.to_vec(), key.class, group.count, group.first))
        .collect()
}

#[test]
fn a_group_has_an_exact_count_and_its_first_places() {
    let mut tally = Tally::new();
    for number in (1..=1000).rev() {
        tally.add(b"a.log", line(number), &finding(Class::Ssn));
    }
    let groups = summary(tally);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].2, 1000);
    assert_eq!(
        groups[0].3,
        (1..=5)
            .map(|line| Spot::Line { line, column: 1 })
            .collect::<Vec<_>>()
    );
}

#[test]
fn findings_beyond_the_bound_are_counted_by_class() {
    let mut tally = Tally::with_bounds(10, 1 << 20);
    for number in 0..100_u32 {
        tally.add(
            format!("{number:03}").as_bytes(),
            line(1),
            &finding(Class::Ssn),
        );
        tally.add(
            format!("{number:03}").as_bytes(),
            line(2),
            &finding(Class::Mrn),
        );
    }
    assert_eq!(tally.total(), 200);
    let groups = tally.into_groups();
    assert_eq!(groups.listed.len(), 10);
    assert_eq!(groups.more, vec![(Class::Ssn, 95), (Class::Mrn, 95)]);
}

#[test]
fn a_name_too_long_to_list_hides_no_other_document() {
    let mut tally = Tally::new();
    tally.add(&[b'!'; 1 << 20], line(1), &finding(Class::Email));
    tally.add(b"b.log", line(1), &finding(Class::Email));
    let groups = tally.into_groups();
    assert_eq!(groups.listed.len(), 1);
    assert_eq!(groups.more, vec![(Class::Email, 1)]);
}

#[test]
fn workers_give_the_same_result_in_whatever_order_they_are_merged() {
    let all: Vec<(String, u64)> = (0..500_u64)
        .map(|number| (format!("{:03}", number * 7 % 90), number % 13 + 1))
        .collect();
    let mut whole = Tally::with_bounds(40, 100);
    for (name, number) in &all {
        whole.add(name.as_bytes(), line(*number), &finding(Class::Phone));
    }
    let whole_more = {
        let mut tally = Tally::with_bounds(40, 100);
        tally.merge(whole);
        tally.into_groups()
    };
    for step in [2_usize, 3, 7] {
        let mut workers: Vec<Tally> = (0..step).map(|_| Tally::with_bounds(40, 100)).collect();
        for (index, (name, number)) in all.iter().enumerate() {
            workers[index % step].add(name.as_bytes(), line(*number), &finding(Class::Phone));
        }
        let mut merged = Tally::with_bounds(40, 100);
        for worker in workers.into_iter().rev() {
            merged.merge(worker);
        }
        assert_eq!(merged.total(), 500);
        let groups = merged.into_groups();
        assert_eq!(groups.more, whole_more.more);
        assert!(groups.listed.keys().eq(whole_more.listed.keys()));
        assert!(
            groups
                .listed
                .values()
                .map(|g| (g.count, &g.first))
                .eq(whole_more.listed.values().map(|g| (g.count, &g.first)))
        );
    }
}

#[test]
fn debug_shows_no_name() {
    let mut tally = Tally::new();
    let place = Place::Cell {
        table: b"canary",
        column: b"canary",
        row: Some(4),
    };
    tally.add(b"canary.db", place, &finding(Class::Name));
    assert!(!format!("{tally:?} {place:?}").contains("canary"));
}

#[test]
fn a_million_findings_in_a_hundred_thousand_documents_stay_small() {
    let mut tally = Tally::new();
    for (number, class) in (0..1_000_000_u64).zip(Class::ALL.into_iter().cycle()) {
        let name = format!("/var/log/service/{:06}.log", number / 10);
        tally.add(name.as_bytes(), line(number), &finding(class));
    }
    assert_eq!(tally.total(), 1_000_000);
    let groups = tally.into_groups();
    assert_eq!(groups.listed.len(), GROUPS);
    let listed: u64 = groups.listed.values().map(|group| group.count).sum();
    let more: u64 = groups.more.iter().map(|(_, count)| count).sum();
    assert_eq!(listed + more, 1_000_000);
}
