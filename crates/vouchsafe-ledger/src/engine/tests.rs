//! The committer and the integrator on a disk that fails and forgets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;
use vouchsafe::audit::{EntryKind, RecorderKey, Source};
use vouchsafe::ids::IntentId;

use super::*;
use crate::connection::Connection;
use crate::disk::sim::SimDisk;
use crate::queue::{End, Job, Work};
use crate::reader::Log;
use crate::wire::{self, Entry, Refusal, Reply, Request, first_frame};

mod answers;
mod faults;

const ORIGIN: &str = "log.example.org/sim";
/// Small, so that a test uses many segments.
const SEGMENT: u64 = 16 << 10;

fn now() -> Timestamp {
    Timestamp::from_second(1_750_000_000).unwrap()
}

/// A log on a disk in memory.
struct Sim {
    disk: SimDisk,
    layout: Layout,
}

impl Sim {
    fn new(disk: SimDisk) -> Self {
        let layout = Layout::new(&PathBuf::from("/sim"));
        Self { disk, layout }
    }

    fn create(disk: SimDisk) -> Result<Self, RecorderError> {
        let sim = Self::new(disk);
        create(&sim.arc(), &sim.layout, ORIGIN, SEGMENT)?;
        Ok(sim)
    }

    fn fresh() -> Self {
        Self::create(SimDisk::default()).unwrap()
    }

    fn arc(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    fn open(&self) -> Result<Stepped, RecorderError> {
        self.open_at(now)
    }

    fn open_at(&self, clock: Clock) -> Result<Stepped, RecorderError> {
        self.open_over(clock, Gap::Refused)
    }

    fn open_over(&self, clock: Clock, gap: Gap) -> Result<Stepped, RecorderError> {
        let pace = Pace {
            news: Duration::from_secs(1),
            heartbeat: Duration::from_secs(60),
        };
        let options = Options {
            segment_bytes: SEGMENT,
            pace,
            clock,
            gap,
        };
        let engine = open(&self.arc(), &self.layout, options)?;
        Ok(Stepped {
            engine,
            connections: 0,
        })
    }

    fn key(&self) -> RecorderKey {
        let public = keys::read_public(&self.disk, &self.layout).unwrap();
        vouchsafe::trusted::recorder(ORIGIN, public.acknowledgement)
    }

    /// The report of the readers of real files on the published log.
    fn report(&self) -> crate::reader::Report {
        let folder = tempfile::TempDir::new().unwrap();
        self.disk.copy_out(&self.layout.log(), folder.path());
        Log::open(folder.path()).unwrap().verify()
    }
}

/// An engine whose threads run as steps of the test.
struct Stepped {
    engine: Engine,
    connections: u64,
}

impl Stepped {
    /// A connection that has said hello, and the last counter in the answer.
    fn connect(&mut self, source: Source) -> (Arc<Connection>, u64) {
        self.connections += 1;
        let connection = Arc::new(Connection::new(self.connections));
        connection.source.set(source).unwrap();
        self.submit(&connection, 0, Work::Hello(source));
        self.commit().unwrap();
        let last = match replies(&connection).pop() {
            Some(Reply::Welcome(0, welcome)) => welcome.last_counter,
            other => panic!("{other:?}"),
        };
        (connection, last)
    }

    fn submit(&self, connection: &Arc<Connection>, request: u64, work: Work) {
        let connection = Arc::clone(connection);
        self.engine.shared.submit([Job {
            connection,
            request,
            work,
        }]);
    }

    fn append(&self, connection: &Arc<Connection>, request: u64, entries: &[TestEntry]) {
        let work = Work::Append {
            body: body(entries),
            entries: entries.len(),
        };
        self.submit(connection, request, work);
    }

    /// Commits what has queued up.
    fn commit(&mut self) -> Result<(), RecorderError> {
        self.engine.committer.step(Duration::ZERO).map(|_| ())
    }

    /// Publishes what is committed, as the integrator does each second.
    fn publish(&mut self) -> Result<(), RecorderError> {
        let committed = self.engine.committer.wal.position();
        self.engine.integrator.publish(committed)?;
        self.engine.integrator.recycle(committed)
    }

    /// Ends both threads in order.
    fn stop(self) -> Result<(), RecorderError> {
        let Engine {
            shared,
            committer,
            integrator,
        } = self.engine;
        shared.stop();
        committer.run()?;
        integrator.run()
    }
}

#[derive(Clone, Debug)]
struct TestEntry {
    kind: EntryKind,
    time: Timestamp,
    counter: u64,
    text: String,
}

fn entry(counter: u64) -> TestEntry {
    TestEntry {
        kind: EntryKind::Event,
        time: now(),
        counter,
        text: format!(
            r#"{{"n":{counter},"outcome":"permitted","pad":"{:0<300}"}}"#,
            1
        ),
    }
}

fn intent(counter: u64, id: u128) -> TestEntry {
    let id = IntentId::from_uuid(Uuid::from_u128(id));
    TestEntry {
        kind: EntryKind::Intent(id),
        text: format!(r#"{{"intent":"{id}","outcome":"intent"}}"#),
        ..entry(counter)
    }
}

fn outcome(counter: u64, id: u128) -> TestEntry {
    let id = IntentId::from_uuid(Uuid::from_u128(id));
    TestEntry {
        kind: EntryKind::Outcome(id),
        text: format!(r#"{{"intent":"{id}","outcome":"committed"}}"#),
        ..entry(counter)
    }
}

fn source(boot: u128) -> Source {
    Source {
        replica: Uuid::from_u128(7),
        boot: Uuid::from_u128(boot),
    }
}

fn body(entries: &[TestEntry]) -> Vec<u8> {
    let mut frame = Vec::new();
    let sent = entries.iter().map(|entry| Entry {
        kind: entry.kind,
        time: entry.time,
        counter: entry.counter,
        bytes: entry.text.as_bytes(),
    });
    wire::put_append(&mut frame, 1, sent);
    let (_, _, body, _) = first_frame(&frame).unwrap();
    assert!(Request::read(wire::APPEND, body).is_ok());
    body.to_vec()
}

/// Takes the waiting answers of a connection.
fn replies(connection: &Connection) -> Vec<Reply> {
    connection.close();
    let mut replies = Vec::new();
    for outgoing in connection.outgoing() {
        let (verb, request, body, length) = first_frame(&outgoing.bytes).unwrap();
        assert_eq!(length, outgoing.bytes.len());
        replies.push(Reply::read(verb, request, body).unwrap());
    }
    replies
}
