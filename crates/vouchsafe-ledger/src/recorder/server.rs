//! The recorder's socket: two threads for each connection, one that reads and one that writes.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use vouchsafe::access::BundleHash;

use super::{private_folder, spawn};
use crate::connection::Connection;
use crate::error::{At, RecorderError};
use crate::leaf;
use crate::queue::{Job, Shared, Work};
use crate::wire::{self, Framing, Refusal, Request, first_frame};

/// More connections than any deployment has replicas on one host.
const MAX_CONNECTIONS: usize = 64;
/// Time limit for `hello`; then the connection ends.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// A service that reads no answer for this time hangs; its connection ends.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
const READ_AT_ONCE: usize = 256 << 10;

/// The listening socket.
#[derive(Debug)]
pub(super) struct Server {
    path: PathBuf,
    live: Arc<Live>,
}

/// The open connections.
#[derive(Debug, Default)]
struct Live {
    stopping: AtomicBool,
    count: AtomicUsize,
    /// The policy bundles that entries may name.
    bundles: Vec<String>,
    streams: Mutex<Vec<(u64, UnixStream, Arc<Connection>)>>,
}

impl Server {
    /// Listens. The socket of an earlier recorder is replaced: the lock guarantees that no other one runs.
    pub(super) fn start(
        path: &Path,
        shared: &Arc<Shared>,
        bundles: &[BundleHash],
    ) -> Result<Self, RecorderError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            private_folder(folder)?;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).at("remove", path);
            }
            _ => {}
        }
        let listener = UnixListener::bind(path).at("listen on", path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).at("protect", path)?;
        let live = Arc::new(Live {
            bundles: bundles.iter().map(ToString::to_string).collect(),
            ..Live::default()
        });
        let (shared, accepting) = (Arc::clone(shared), Arc::clone(&live));
        spawn("accept", move || accept(&listener, &shared, &accepting))?;
        Ok(Self {
            path: path.to_owned(),
            live,
        })
    }

    /// Accepts no more connections: new ones wait for the next recorder.
    pub(super) fn close(&self) {
        self.live.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which would otherwise stay in the system call for ever.
        drop(UnixStream::connect(&self.path));
        // The next recorder would remove it as well.
        let _ = fs::remove_file(&self.path);
    }

    /// Sends the waiting answers, then ends all connections.
    pub(super) fn stop(self) {
        let streams = std::mem::take(
            &mut *self
                .live
                .streams
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for (_, stream, connection) in &streams {
            connection.close();
            connection.drained(WRITE_WITHIN);
            // It may be closed already.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>, live: &Arc<Live>) {
    for (id, stream) in (1..).zip(listener.incoming()) {
        if live.stopping.load(Ordering::SeqCst) {
            return;
        }
        let served = match stream {
            Ok(stream) if live.count.load(Ordering::SeqCst) < MAX_CONNECTIONS => {
                serve(id, stream, shared, live)
            }
            Ok(_) => Ok(()),
            Err(_) => {
                // Most likely no file descriptors are left: no retry in a tight loop.
                std::thread::sleep(Duration::from_millis(100));
                Ok(())
            }
        };
        if served.is_err() {
            tracing::warn!("a connection could not be served");
        }
    }
}

fn serve(
    id: u64,
    stream: UnixStream,
    shared: &Arc<Shared>,
    live: &Arc<Live>,
) -> Result<(), RecorderError> {
    let path = Path::new("connection");
    stream
        .set_read_timeout(Some(HELLO_WITHIN))
        .at("set up", path)?;
    stream
        .set_write_timeout(Some(WRITE_WITHIN))
        .at("set up", path)?;
    let connection = Arc::new(Connection::new(id));
    let (reading, kept) = (
        stream.try_clone().at("set up", path)?,
        stream.try_clone().at("set up", path)?,
    );
    live.count.fetch_add(1, Ordering::SeqCst);
    live.streams
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((id, kept, Arc::clone(&connection)));
    let writer = Arc::clone(&connection);
    spawn("answer", move || write_all(stream, &writer))?;
    let (shared, live) = (Arc::clone(shared), Arc::clone(live));
    spawn("read", move || {
        read_all(reading, &connection, &shared, &live.bundles);
        connection.close();
        shared.submit([Job {
            connection,
            request: 0,
            work: Work::Gone,
        }]);
        live.count.fetch_sub(1, Ordering::SeqCst);
        live.streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(other, ..)| *other != id);
    })?;
    Ok(())
}

fn write_all(mut stream: UnixStream, connection: &Connection) {
    loop {
        let outgoing = connection.outgoing();
        if outgoing.is_empty() {
            break;
        }
        let mut bytes = Vec::new();
        let mut settles = 0;
        for reply in outgoing {
            bytes.extend_from_slice(&reply.bytes);
            settles += reply.settles;
        }
        if stream.write_all(&bytes).is_err() {
            break;
        }
        connection.settled(settles);
    }
    connection.close();
    connection.ended();
    // Ends the reader as well.
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

/// Reads frames until the service goes away or violates the protocol.
fn read_all(
    mut stream: UnixStream,
    connection: &Arc<Connection>,
    shared: &Shared,
    bundles: &[String],
) {
    let mut buffer = Vec::new();
    let mut chunk = vec![0; READ_AT_ONCE];
    let mut known = false;
    loop {
        let read = match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let Ok(used) = take_frames(&buffer, connection, shared, bundles) else {
            return;
        };
        buffer.drain(..used);
        if !known && connection.source.get().is_some() {
            known = true;
            if stream.set_read_timeout(None).is_err() {
                return;
            }
        }
    }
}

/// The connection MUST end: the bytes are not a frame of the protocol.
struct Nonsense;

/// Passes every whole frame to the committer; returns their number of bytes.
fn take_frames(
    buffer: &[u8],
    connection: &Arc<Connection>,
    shared: &Shared,
    bundles: &[String],
) -> Result<usize, Nonsense> {
    let mut used = 0;
    let mut jobs = Vec::new();
    let outcome = loop {
        let rest = buffer.get(used..).unwrap_or_default();
        let (verb, request, body, length) = match first_frame(rest) {
            Ok(frame) => frame,
            Err(Framing::Incomplete(_)) => break Ok(used),
            Err(Framing::Impossible) => break Err(Nonsense),
        };
        used += length;
        let job = |work| Job {
            connection: Arc::clone(connection),
            request,
            work,
        };
        let (job, refused) = match asked(verb, body, connection, bundles) {
            Asked::Work(work) => (job(work), None),
            Asked::Refused(why) => (job(Work::Gone), Some(why)),
            Asked::Nonsense => {
                job(Work::Gone).refuse(Refusal::Malformed);
                break Err(Nonsense);
            }
        };
        // The frames read so far must be passed on before this thread may have to wait for their answers.
        if !job.connection.has_room(job.size()) {
            shared.submit(jobs.drain(..));
        }
        if !job.connection.admit(job.size()) {
            break Err(Nonsense);
        }
        if let Some(why) = refused {
            job.refuse(why);
        } else {
            jobs.push(job);
        }
    };
    if !jobs.is_empty() {
        shared.submit(jobs);
    }
    outcome
}

/// The request in a frame.
enum Asked {
    Work(Work),
    /// Invalid entries, or entries that must not be recorded.
    Refused(Refusal),
    Nonsense,
}

/// The request in a frame, if this connection may make it now: `hello` first, and once.
fn asked(verb: u8, body: &[u8], connection: &Connection, bundles: &[String]) -> Asked {
    match (Request::read(verb, body), connection.source.get()) {
        (
            Ok(Request::Hello {
                bundle: Some(bundle),
                ..
            }),
            None,
        ) if !bundles.contains(&bundle.to_string()) => Asked::Refused(Refusal::Bundle),
        (
            Ok(Request::Hello {
                version, source, ..
            }),
            None,
        ) if version == wire::VERSION => match connection.source.set(source) {
            Ok(()) => Asked::Work(Work::Hello(source)),
            Err(_) => Asked::Nonsense,
        },
        (Ok(Request::Append(entries)), Some(_)) => {
            for entry in &entries {
                let Some(said) = leaf::said(entry.bytes)
                    .ok()
                    .filter(|said| said.kind == entry.kind)
                else {
                    return Asked::Refused(Refusal::Malformed);
                };
                let told = |named: &str| bundles.iter().any(|told| told == named);
                if said.bundle.is_some_and(|named| !told(&named)) {
                    tracing::warn!(
                        "entries of a policy bundle that the recorder was not told of were refused"
                    );
                    return Asked::Refused(Refusal::Bundle);
                }
            }
            let (entries, body) = (entries.len(), body.to_vec());
            Asked::Work(Work::Append { body, entries })
        }
        (Ok(Request::Unsettled), Some(source)) => Asked::Work(Work::Unsettled(source.replica)),
        _ => Asked::Nonsense,
    }
}
