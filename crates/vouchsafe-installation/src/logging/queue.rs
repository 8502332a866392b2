//! Lines on their way to standard error.
//!
//! Whoever logs never waits for whoever reads: a pipe that nobody reads would otherwise stop every thread of the service, one
//! after the other. Lines wait in memory, up to a bound; beyond it they are lost and counted, and the count is logged in their
//! place as soon as somebody reads again.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that wait before lines are lost.
const MOST: usize = 1 << 20;
/// What cannot be written now is tried again after this time.
const AGAIN: Duration = Duration::from_millis(50);

/// The queue; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that were lost and are not told of yet.
    untold: u64,
    lost: u64,
    /// Lines that were taken and are not written yet.
    writing: bool,
}

/// What the thread that writes takes.
struct Taken {
    lines: VecDeque<Vec<u8>>,
    untold: u64,
}

impl Queue {
    /// Writes what comes, on a thread of its own, for as long as the process lives.
    pub(super) fn start(&self, out: impl Write + Send + 'static) -> io::Result<()> {
        let queue = self.clone();
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || queue.write_all(out)).map(drop)
    }

    /// How many lines were lost.
    pub(super) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Waits until everything is written, at most so long.
    pub(super) fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        while state.writing || !state.lines.is_empty() || state.untold > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes.saturating_add(line.len()) > MOST {
            state.untold += 1;
            state.lost += 1;
        } else {
            state.bytes += line.len();
            state.lines.push_back(line.to_vec());
        }
        drop(state);
        self.0.changed.notify_all();
    }

    fn write_all(&self, mut out: impl Write) {
        loop {
            let Taken { lines, untold } = self.take();
            for line in lines {
                write(&mut out, &line);
                // What was written makes room, one line after the other: a reader may be slow, and not gone.
                let mut state = self.state();
                state.bytes = state.bytes.saturating_sub(line.len());
            }
            if untold > 0 {
                write(&mut out, &told(untold));
            }
            self.state().writing = false;
            self.0.changed.notify_all();
        }
    }

    fn take(&self) -> Taken {
        let mut state = self.state();
        while state.lines.is_empty() && state.untold == 0 {
            let waited = self.0.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.writing = true;
        Taken {
            lines: std::mem::take(&mut state.lines),
            untold: std::mem::take(&mut state.untold),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a line. What standard error does not take for good is lost: there is nobody to tell.
fn write(out: &mut impl Write, line: &[u8]) {
    let mut rest = line;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(0) => return,
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A pipe that does not block.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(AGAIN),
            Err(_) => return,
        }
    }
}

/// The line that stands for those that were lost, in the form of the others.
fn told(lost: u64) -> Vec<u8> {
    let at = crate::clock::now();
    let line = format!(
        r#"{{"timestamp":"{at:.6}","level":"WARN","fields":{{"message":"lines of this log were lost: nobody read them in time","detail":"lines={lost}"}},"target":"vouchsafe"}}"#
    );
    (line + "\n").into_bytes()
}

impl<'w> MakeWriter<'w> for Queue {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line {
            queue: self.clone(),
            text: Vec::new(),
        }
    }
}

/// One line, pushed as a whole when it is dropped.
#[derive(Debug)]
pub(super) struct Line {
    queue: Queue,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.queue.push(&self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A reader that takes nothing until it is told to.
    struct Blocked {
        go_on: mpsc::Receiver<()>,
        read: mpsc::Sender<Vec<u8>>,
        open: bool,
    }

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.open {
                self.go_on.recv().unwrap();
                self.open = true;
            }
            self.read.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_never_waits_and_what_is_lost_is_counted_and_told() {
        let ((open, go_on), (read, lines)) = (mpsc::channel(), mpsc::channel());
        let queue = Queue::default();
        let blocked = Blocked {
            go_on,
            read,
            open: false,
        };
        queue.start(blocked).unwrap();
        let (line, count) = ([b'x'; 1024], 3 * MOST / 1024);
        for _ in 0..count {
            queue.make_writer().write_all(&line).unwrap();
        }
        let lost = queue.lost();
        assert!(lost > 0 && lost < count as u64, "{lost}");
        queue.flush(Duration::from_millis(10));
        open.send(()).unwrap();
        queue.flush(PATIENCE);
        let written: Vec<Vec<u8>> = lines.try_iter().collect();
        let whole = written.iter().filter(|written| **written == line).count();
        assert_eq!(whole as u64 + lost, count as u64);
        let mut told = 0;
        for text in written.iter().filter(|written| **written != line) {
            let text: serde_json::Value = serde_json::from_slice(text).unwrap();
            assert_eq!(text["target"], "vouchsafe");
            let detail = text["fields"]["detail"].as_str().unwrap();
            told += detail
                .strip_prefix("lines=")
                .unwrap()
                .parse::<u64>()
                .unwrap();
        }
        assert_eq!(told, lost);
        // And it goes on.
        queue.make_writer().write_all(b"after\n").unwrap();
        queue.flush(PATIENCE);
        assert_eq!(lines.try_iter().last().unwrap(), b"after\n");
        assert_eq!(queue.lost(), lost);
    }

    #[test]
    fn a_reader_that_is_gone_stops_nobody() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queue = Queue::default();
        queue.start(Gone).unwrap();
        for _ in 0..10_000 {
            queue.make_writer().write_all(&[b'x'; 1024]).unwrap();
        }
        queue.flush(PATIENCE);
        assert_eq!(queue.state().bytes, 0);
    }
}
