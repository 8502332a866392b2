//! The recorder's answers.

use super::*;

/// Appends and commits; returns the index of the first entry, or the refusal.
fn append(
    log: &mut Stepped,
    connection: &Arc<Connection>,
    entries: &[TestEntry],
) -> Result<u64, Refusal> {
    log.append(connection, 9, entries);
    log.commit().unwrap();
    match replies(connection).pop() {
        Some(Reply::Committed(acknowledgement, placed)) => {
            assert_eq!(placed.len(), 1);
            Ok(acknowledgement.first_index + u64::from(placed[0].position))
        }
        Some(Reply::Refused(9, refusal)) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

fn unsettled(log: &mut Stepped, connection: &Arc<Connection>) -> Vec<u128> {
    let replica = connection.source.get().unwrap().replica;
    log.submit(connection, 5, Work::Unsettled(replica));
    log.commit().unwrap();
    match replies(connection).pop() {
        Some(Reply::Unsettled(5, ids)) => ids.iter().map(|id| id.uuid().as_u128()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_sent_again_has_the_same_place_and_the_same_signature() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    log.append(&connection, 1, &[entry(1), entry(2)]);
    log.append(&connection, 2, &[entry(3)]);
    log.append(&connection, 3, &[entry(4), entry(5)]);
    log.commit().unwrap();
    log.append(&connection, 4, &[entry(3)]);
    log.append(&connection, 5, &[entry(4), entry(5)]);
    log.commit().unwrap();
    let mut replies = replies(&connection).into_iter();
    let Some(Reply::Committed(first, placed)) = replies.next() else {
        panic!("no answer")
    };
    assert_eq!(first.leaves.len(), 5);
    let positions: Vec<_> = placed.iter().map(|placed| placed.position).collect();
    assert_eq!(positions, [0, 2, 3]);
    for (request, position) in [(4, 2), (5, 3)] {
        let Some(Reply::Committed(again, placed)) = replies.next() else {
            panic!("no answer")
        };
        assert_eq!((again.first_index, again.recorded), (0, first.recorded));
        assert_eq!(
            (&again.leaves, again.signature),
            (&first.leaves, first.signature)
        );
        assert_eq!((placed[0].request, placed[0].position), (request, position));
    }
    assert!(sim.key().verify(first).is_ok());
    log.stop().unwrap();
    assert_eq!(sim.report().entries, 5);
}

#[test]
fn it_has_the_same_place_after_a_restart_as_well() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    for counter in 1..=200 {
        assert_eq!(
            append(&mut log, &connection, &[entry(counter)]),
            Ok(counter - 1)
        );
        if counter % 20 == 0 {
            log.publish().unwrap();
        }
    }
    // Not stopped in order: dropped, as a killed process drops it.
    drop(log);
    let mut log = sim.open().unwrap();
    let (connection, last) = log.connect(source(1));
    assert_eq!(last, 200);
    for counter in 195..=200 {
        assert_eq!(
            append(&mut log, &connection, &[entry(counter)]),
            Ok(counter - 1)
        );
    }
    assert_eq!(append(&mut log, &connection, &[entry(201)]), Ok(200));
    log.stop().unwrap();
    let report = sim.report();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 201);
}

#[test]
fn other_bytes_under_a_stored_counter_are_refused() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    append(&mut log, &connection, &[entry(1), entry(2)]).unwrap();
    let text = TestEntry {
        text: r#"{"outcome":"refused"}"#.to_owned(),
        ..entry(1)
    };
    let kind = TestEntry {
        kind: EntryKind::Intent(IntentId::random()),
        ..entry(1)
    };
    for entries in [vec![text], vec![kind], vec![entry(1), entry(2), entry(3)]] {
        assert_eq!(
            append(&mut log, &connection, &entries),
            Err(Refusal::Conflict)
        );
    }
    assert_eq!(append(&mut log, &connection, &[entry(3)]), Ok(2));
}

#[test]
fn counters_must_follow_one_another() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, last) = log.connect(source(1));
    assert_eq!(last, 0);
    for entries in [
        vec![entry(2)],
        vec![entry(1), entry(3)],
        vec![entry(1), entry(1)],
    ] {
        assert_eq!(append(&mut log, &connection, &entries), Err(Refusal::Gap));
    }
    assert_eq!(append(&mut log, &connection, &[entry(1)]), Ok(0));
    // Every source has counters of its own.
    let (other, last) = log.connect(source(2));
    assert_eq!(last, 0);
    assert_eq!(append(&mut log, &other, &[entry(2)]), Err(Refusal::Gap));
    assert_eq!(append(&mut log, &other, &[entry(1)]), Ok(1));
}

#[test]
fn a_time_far_from_the_recorders_clock_is_refused() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    let at = |micros: i64| TestEntry {
        time: Timestamp::from_microsecond(now().as_microsecond() + micros).unwrap(),
        ..entry(1)
    };
    for micros in [5_000_001, -5_000_001, 1 << 50, -(1 << 50)] {
        let refused = append(&mut log, &connection, &[at(micros)]);
        assert_eq!(refused, Err(Refusal::ClockSkew));
    }
    assert_eq!(append(&mut log, &connection, &[at(5_000_000)]), Ok(0));
}

#[test]
fn a_newer_connection_speaks_for_its_source_alone() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (old, _) = log.connect(source(1));
    append(&mut log, &old, &[entry(1)]).unwrap();
    let (new, last) = log.connect(source(1));
    assert_eq!(last, 1);
    assert_eq!(
        append(&mut log, &old, &[entry(2)]),
        Err(Refusal::Superseded)
    );
    // The end of the old connection does not close the new one.
    log.submit(&old, 0, Work::Gone);
    assert_eq!(append(&mut log, &new, &[entry(2)]), Ok(1));
}

#[test]
fn open_intents_are_told_to_their_replica_until_they_are_settled() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    let intents = [intent(1, 30), intent(2, 10), intent(3, 20)];
    append(&mut log, &connection, &intents).unwrap();
    append(&mut log, &connection, &[outcome(4, 30)]).unwrap();
    assert_eq!(unsettled(&mut log, &connection), [10, 20]);
    let stranger = Source {
        replica: Uuid::from_u128(8),
        ..source(1)
    };
    let (other, _) = log.connect(stranger);
    assert_eq!(unsettled(&mut log, &other), [0; 0]);
    log.stop().unwrap();

    for lose_the_file in [false, true] {
        if lose_the_file {
            sim.disk.remove(&sim.layout.sources()).unwrap();
        }
        // Another boot of the same replica.
        let mut log = sim.open().unwrap();
        let (connection, last) = log.connect(source(2));
        assert_eq!(unsettled(&mut log, &connection), [10, 20]);
        let settled = [intent(last + 1, 40), outcome(last + 2, 40)];
        append(&mut log, &connection, &settled).unwrap();
        log.stop().unwrap();
    }
    assert_eq!(sim.report().unsettled.len(), 2);
}

#[test]
fn sources_are_the_same_from_their_file_and_from_the_tiles() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    for counter in 1..=300 {
        let entry = match counter % 7 {
            0 => intent(counter, u128::from(counter)),
            3 => outcome(counter, u128::from(counter) - 3),
            _ => entry(counter),
        };
        append(&mut log, &connection, &[entry]).unwrap();
        if counter % 30 == 0 {
            log.publish().unwrap();
        }
    }
    let expected = log.engine.committer.sources.clone();
    drop(log);
    let reopened = sim.open().unwrap();
    assert_eq!(reopened.engine.committer.sources, expected);
    sim.disk.remove(&sim.layout.sources()).unwrap();
    assert_eq!(sim.open().unwrap().engine.committer.sources, expected);
}

#[test]
fn a_clock_behind_the_log_refuses_to_start() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    append(&mut log, &connection, &[entry(1)]).unwrap();
    log.stop().unwrap();
    let behind = || Timestamp::from_second(now().as_second() - 6).unwrap();
    let error = sim.open_at(behind).map(|_| ()).unwrap_err();
    assert!(
        matches!(error, RecorderError::ClockBehind { .. }),
        "{error}"
    );
    let slightly = || Timestamp::from_second(now().as_second() - 4).unwrap();
    assert!(sim.open_at(slightly).is_ok());
}

#[test]
fn a_clock_far_ahead_of_the_log_refuses_to_start_until_somebody_looked() {
    let sim = Sim::fresh();
    let ahead = || Timestamp::from_second(now().as_second() + 32 * 86_400).unwrap();
    // An empty log has no time to compare with.
    assert!(sim.open_at(ahead).is_ok());
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    append(&mut log, &connection, &[entry(1)]).unwrap();
    log.stop().unwrap();
    let before = sim.disk.clone();
    let error = sim.open_at(ahead).map(|_| ()).unwrap_err();
    assert!(matches!(error, RecorderError::ClockAhead { .. }), "{error}");
    assert!(error.to_string().contains("31 days"), "{error}");
    assert!(error.to_string().contains("--clock-is-right"), "{error}");
    drop(before);
    assert!(sim.open().is_ok(), "nothing was changed");
    let month = || Timestamp::from_second(now().as_second() + 30 * 86_400).unwrap();
    assert!(sim.open_at(month).is_ok());
    assert!(sim.open_over(ahead, Gap::Confirmed).is_ok());
}

#[test]
fn a_clock_that_runs_far_ahead_of_the_time_that_passed_is_not_recorded() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    let ahead = || Timestamp::from_second(now().as_second() + 32 * 86_400).unwrap();
    log.engine.committer.clock = ahead;
    let mut jumped = entry(1);
    jumped.time = ahead();
    let refused = append(&mut log, &connection, &[jumped]).map(|_| ());
    assert_eq!(refused, Err(Refusal::ClockSkew));
    log.engine.committer.clock = now;
    append(&mut log, &connection, &[entry(1)]).unwrap();
}

fn act(counter: u64, operation: &str, time: Timestamp) -> TestEntry {
    TestEntry {
        time,
        text: format!(
            r#"{{"actor":"os-user/ada","operation":"{operation}","outcome":"permitted","stream":"system"}}"#
        ),
        ..entry(counter)
    }
}

/// Entries under a clock that was ahead are followed by those under the right one, if somebody says so in the log first.
#[test]
fn after_a_false_clock_times_go_back_once_and_the_log_says_so() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(1));
    append(&mut log, &connection, &[entry(1)]).unwrap();
    log.stop().unwrap();
    // The false clock, then the right one.
    let ahead = || Timestamp::from_second(now().as_second() + 25 * 3_600).unwrap();
    let mut log = sim.open_at(ahead).unwrap();
    let (connection, _) = log.connect(source(2));
    append(&mut log, &connection, &[act(1, "preflight", ahead())]).unwrap();
    log.stop().unwrap();
    let error = sim.open().map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("--clock-is-right"), "{error}");

    let mut log = sim.open_over(now, Gap::Confirmed).unwrap();
    let (connection, _) = log.connect(source(3));
    for operation in ["preflight", "recover-log"] {
        let refused = append(&mut log, &connection, &[act(1, operation, now())]);
        assert_eq!(refused.map(|_| ()), Err(Refusal::ClockSkew), "{operation}");
    }
    append(
        &mut log,
        &connection,
        &[act(1, "recover-clock", now()), entry(2)],
    )
    .unwrap();
    append(&mut log, &connection, &[entry(3)]).unwrap();
    log.publish().unwrap();
    log.stop().unwrap();

    // From there on it is as any other.
    let mut log = sim.open().unwrap();
    let (connection, _) = log.connect(source(4));
    append(&mut log, &connection, &[entry(1)]).unwrap();
    log.publish().unwrap();
    log.stop().unwrap();
    let report = sim.report();
    assert!(report.is_sound(), "{:?}", report.findings);
    let told: Vec<_> = report
        .recovered
        .iter()
        .map(|found| (found.index, found.operation.as_str()))
        .collect();
    assert_eq!(told, [(2, "recover-clock")]);
    let (_, last) = report.recorded.unwrap();
    assert_eq!(last, now());
}

#[test]
fn a_clock_that_was_said_to_be_right_may_not_go_back_later() {
    let sim = Sim::fresh();
    let mut log = sim.open_over(now, Gap::Confirmed).unwrap();
    let (connection, _) = log.connect(source(1));
    append(&mut log, &connection, &[entry(1)]).unwrap();
    let behind = || Timestamp::from_second(now().as_second() - 3_600).unwrap();
    log.engine.committer.clock = behind;
    append(&mut log, &connection, &[act(2, "recover-clock", behind())]).unwrap();
    log.publish().unwrap();
    log.stop().unwrap();
    let report = sim.report();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.recorded.map(|(_, last)| last), Some(now()));
}
