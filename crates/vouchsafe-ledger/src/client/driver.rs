//! The task that owns the connection.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use vouchsafe::access::BundleHash;
use vouchsafe::audit::{AppendError, RecorderKey, Source};

use super::flight::{Flight, Then};
use super::standing::{Standing, State};
use super::{Call, ConnectError};
use crate::wire::{self, Framing, Refusal, Reply, Welcome, first_frame};

/// Time limit for the recorder's `hello`.
const HELLO_WITHIN: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// While this many bytes wait to be written, the driver accepts no calls.
const MAX_UNWRITTEN: usize = 1 << 20;
const READ_AT_ONCE: usize = 64 << 10;
const CALLS_AT_ONCE: usize = 256;

/// The connection and everything that must outlive it.
#[derive(Debug)]
pub(super) struct Driver {
    socket: PathBuf,
    recorder: RecorderKey,
    bundle: Option<BundleHash>,
    calls: mpsc::Receiver<Call>,
    standing: Arc<Standing>,
    flight: Flight,
    stream: UnixStream,
    unread: Vec<u8>,
    unwritten: Vec<u8>,
    chunk: Box<[u8]>,
}

/// The reason why a connection ended.
enum Ended {
    /// It broke.
    Broken,
    /// All clients are gone.
    Finished,
}

impl Driver {
    pub(super) async fn connect(
        socket: PathBuf,
        recorder: RecorderKey,
        (source, bundle): (Source, Option<BundleHash>),
        calls: mpsc::Receiver<Call>,
        standing: Arc<Standing>,
    ) -> Result<Self, ConnectError> {
        let mut flight = Flight::new(source, recorder.clone());
        let (stream, welcome, unread) =
            greet(&socket, &recorder, (&source, bundle.as_ref())).await?;
        let mut unwritten = Vec::new();
        // A fresh source has nothing to lose.
        flight
            .welcome(&welcome, &mut unwritten)
            .map_err(|_| ConnectError::Untrusted)?;
        Ok(Self {
            socket,
            recorder,
            bundle,
            calls,
            standing,
            flight,
            stream,
            unread,
            unwritten,
            chunk: vec![0; READ_AT_ONCE].into(),
        })
    }

    /// Serves calls over one connection after another, until all clients are gone.
    pub(super) async fn run(mut self) {
        while let Ended::Broken = self.serve().await {
            self.stand(State::Disconnected);
            if self.reconnect().await.is_none() {
                return;
            }
            self.stand(State::Connected);
        }
    }

    fn stand(&self, state: State) {
        self.standing.set(state);
    }

    async fn serve(&mut self) -> Ended {
        let mut calls = Vec::with_capacity(CALLS_AT_ONCE);
        loop {
            if self.write().is_err() {
                return Ended::Broken;
            }
            let interest = match self.unwritten.is_empty() {
                true => Interest::READABLE,
                false => Interest::READABLE | Interest::WRITABLE,
            };
            let take = self.takes();
            tokio::select! {
                ready = self.stream.ready(interest) => {
                    let Ok(ready) = ready else { return Ended::Broken };
                    if (ready.is_readable() || ready.is_read_closed()) && self.read().is_err() {
                        return Ended::Broken;
                    }
                }
                taken = self.calls.recv_many(&mut calls, CALLS_AT_ONCE), if take => {
                    if taken == 0 {
                        return Ended::Finished;
                    }
                    calls.drain(..).for_each(|call| self.take(call));
                    // Callers that are about to append join the same write, which wakes the recorder only once.
                    yield_now().await;
                    while self.takes()
                        && let Ok(call) = self.calls.try_recv()
                    {
                        self.take(call);
                    }
                }
            }
        }
    }

    /// Whether the driver accepts calls now.
    const fn takes(&self) -> bool {
        self.flight.open() && self.unwritten.len() < MAX_UNWRITTEN
    }

    fn take(&mut self, call: Call) {
        match call {
            Call::Append(append) if append.is_late() => {}
            Call::Append(append) => self.flight.append(append, &mut self.unwritten),
            Call::Unsettled(reply) => self.flight.unsettled(reply, &mut self.unwritten),
        }
    }

    /// Writes as much as the socket accepts now.
    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = self
            .unwritten
            .get(written..)
            .filter(|rest| !rest.is_empty())
        {
            match self.stream.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unwritten.drain(..written);
        Ok(())
    }

    /// Reads the available bytes and handles every complete answer.
    fn read(&mut self) -> io::Result<()> {
        loop {
            match self.stream.try_read(&mut self.chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self
                    .unread
                    .extend_from_slice(self.chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let mut used = 0;
        loop {
            let (reply, length) = match first_frame(self.unread.get(used..).unwrap_or_default()) {
                Ok((verb, request, body, length)) => (Reply::read(verb, request, body), length),
                Err(Framing::Incomplete(_)) => break,
                Err(Framing::Impossible) => return Err(io::ErrorKind::InvalidData.into()),
            };
            used += length;
            let reply = reply.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            if self.flight.reply(reply, &mut self.unwritten) == Then::Reconnect {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        self.unread.drain(..used);
        Ok(())
    }

    /// Connects again, refusing calls until then; `None` if all clients are gone.
    async fn reconnect(&mut self) -> Option<()> {
        self.unread.clear();
        self.unwritten.clear();
        let mut pause = FIRST_PAUSE;
        loop {
            let source = *self.flight.source();
            let greeting = greet(
                &self.socket,
                &self.recorder,
                (&source, self.bundle.as_ref()),
            );
            let outcome = refusing(&mut self.calls, &self.standing, greeting).await?;
            if matches!(
                outcome,
                Err(ConnectError::Untrusted | ConnectError::Version)
            ) {
                tracing::error!("the recorder that answers is not the pinned one");
                self.stand(State::Untrusted);
            }
            if let Ok((stream, welcome, unread)) = outcome {
                if self.flight.welcome(&welcome, &mut self.unwritten).is_ok() {
                    (self.stream, self.unread) = (stream, unread);
                    return Some(());
                }
                tracing::error!("the recorder has lost entries that it had acknowledged");
                self.unwritten.clear();
                self.stand(State::Untrusted);
            }
            refusing(&mut self.calls, &self.standing, sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Awaits a future while every call is refused at once; `None` if all clients are gone.
async fn refusing<T>(
    calls: &mut mpsc::Receiver<Call>,
    standing: &Standing,
    what: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(what);
    loop {
        let call = tokio::select! {
            biased;
            done = &mut what => return Some(done),
            call = calls.recv() => call?,
        };
        let error = standing.look().err().unwrap_or(AppendError::Unavailable);
        // The caller may have given up.
        match call {
            Call::Append(append) => drop(append.reply.send(Err(error))),
            Call::Unsettled(reply) => drop(reply.send(Err(error))),
        }
    }
}

/// Connects and sends `hello`; returns the recorder's answer and any bytes after it.
async fn greet(
    socket: &PathBuf,
    recorder: &RecorderKey,
    (source, bundle): (&Source, Option<&BundleHash>),
) -> Result<(UnixStream, Welcome, Vec<u8>), ConnectError> {
    let unreachable = || ConnectError::Unreachable {
        path: socket.clone(),
    };
    let greeting = async {
        let stream = UnixStream::connect(socket)
            .await
            .map_err(|_| unreachable())?;
        let mut hello = Vec::new();
        wire::put_hello(&mut hello, 0, source, bundle);
        let mut unread = Vec::new();
        let mut chunk = [0; 1024];
        // A hello is a few dozen bytes: a new connection's buffer takes all of it, once it is writable.
        stream.writable().await.map_err(|_| unreachable())?;
        if stream.try_write(&hello).ok() != Some(hello.len()) {
            return Err(unreachable());
        }
        loop {
            stream.readable().await.map_err(|_| unreachable())?;
            match stream.try_read(&mut chunk) {
                Ok(0) => return Err(unreachable()),
                Ok(count) => unread.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => return Err(unreachable()),
            }
            let (reply, used) = match first_frame(&unread) {
                Ok((verb, request, body, length)) => (Reply::read(verb, request, body), length),
                Err(Framing::Incomplete(_)) => continue,
                Err(Framing::Impossible) => return Err(ConnectError::Version),
            };
            let welcome = match reply {
                Ok(Reply::Welcome(_, welcome)) => welcome,
                Ok(Reply::Refused(_, Refusal::Malformed)) => return Err(ConnectError::Version),
                Ok(Reply::Refused(_, Refusal::Bundle)) => return Err(ConnectError::Bundle),
                // The recorder is ending: the next one will accept.
                Ok(Reply::Refused(..)) => return Err(unreachable()),
                _ => return Err(ConnectError::Version),
            };
            unread.drain(..used);
            return Ok((stream, welcome, unread));
        }
    };
    let (stream, welcome, unread) = timeout(HELLO_WITHIN, greeting)
        .await
        .map_err(|_| unreachable())??;
    if welcome.version != wire::VERSION {
        return Err(ConnectError::Version);
    }
    recorder
        .verify(welcome.standing.clone())
        .map_err(|_| ConnectError::Untrusted)?;
    Ok((stream, welcome, unread))
}
