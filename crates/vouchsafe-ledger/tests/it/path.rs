//! The normal path: append, acknowledge, publish, verify.

use vouchsafe::audit::{AuditLog, EntryKind};

use crate::support::{ORIGIN, TestLog, draft, text};

#[tokio::test(flavor = "multi_thread")]
async fn appended_entries_are_acknowledged_published_and_verified() {
    let test = TestLog::new();
    assert_eq!(test.log().size(), 0);
    let recorder = test.recorder();
    let client = test.client().await;
    let mut sent = Vec::new();
    for number in 0..300 {
        let drafts: Vec<_> = (0..=number % 3).map(|_| draft()).collect();
        let texts: Vec<_> = drafts.iter().map(text).collect();
        let recorded = client.append(drafts).await.unwrap();
        assert_eq!(recorded.entries().len(), texts.len());
        for (text, appended) in texts.into_iter().zip(recorded.entries()) {
            assert_eq!(appended.index(), sent.len() as u64);
            assert_eq!(appended.origin(), ORIGIN);
            sent.push(text);
        }
    }
    assert_eq!(client.unsettled().await.unwrap(), []);
    assert!(recorder.stop().success());

    let log = test.log();
    let report = log.verify();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.entries, report.sources), (600, 1));
    let entries: Vec<_> = log.entries(0).unwrap().map(Result::unwrap).collect();
    assert!(
        entries
            .iter()
            .all(|entry| entry.source == client.source() && entry.kind == EntryKind::Event)
    );
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry.json.clone())
            .collect::<Vec<_>>(),
        sent
    );
    let tail: Vec<_> = log.entries(597).unwrap().map(Result::unwrap).collect();
    assert_eq!(tail, entries[597..]);
    assert_eq!(log.entries(600).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_log_goes_on_where_it_was() {
    let test = TestLog::new();
    for round in 0..4u64 {
        let recorder = test.recorder();
        let client = test.client().await;
        for number in 0..100 {
            let recorded = client.append(vec![draft()]).await.unwrap();
            assert_eq!(recorded.entries()[0].index(), round * 100 + number);
        }
        assert!(recorder.stop().success());
        let report = test.log().verify();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(
            (report.entries, report.sources),
            ((round + 1) * 100, round + 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_batches_and_each_gets_its_own_places() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut places = Vec::new();
                for _ in 0..50 {
                    let recorded = client.append(vec![draft(), draft()]).await.unwrap();
                    let appended = recorded.entries();
                    assert_eq!(appended[1].index(), appended[0].index() + 1);
                    places.extend(appended.iter().map(vouchsafe::audit::Appended::index));
                }
                places
            })
        })
        .collect();
    let mut places = Vec::new();
    for task in tasks {
        places.extend(task.await.unwrap());
    }
    places.sort_unstable();
    assert_eq!(places, (0..6400).collect::<Vec<_>>());
    assert!(recorder.stop().success());
    let report = test.log().verify();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 6400);
}
