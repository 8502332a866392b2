//! An HTTP server for tests, which can also misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// Which request for this path and query it is, from 1.
    pub(crate) times: usize,
    /// Which request of all, from 1.
    pub(crate) number: usize,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Text(String),
    /// It says that more comes than does.
    Cut(String),
    /// It begins, and nothing more comes until the client goes away.
    Stalled,
    /// Bytes without end.
    Endless,
    /// It says that a gigabyte comes.
    Huge,
    /// No answer: the connection ends.
    None,
}

/// The value of a header.
pub(crate) struct Header(String);

impl From<&str> for Header {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Header {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<u64> for Header {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::of(200, Body::Text(body.to_string()))
    }

    pub(crate) fn of(status: u16, body: Body) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        let body =
            serde_json::json!({"message": message, "documentation_url": "https://docs.example"});
        Self::of(status, Body::Text(body.to_string()))
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Header>) -> Self {
        self.headers.push((name.to_owned(), value.into().0));
        self
    }
}

type Answers = dyn Fn(&Request) -> Reply + Send + Sync;

/// The server; it ends when it is dropped.
pub(crate) struct Double {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Double {
    pub(crate) fn start(answers: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, ending) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (all, end) = (Arc::clone(&seen), Arc::clone(&ending));
        let answers: Arc<Answers> = Arc::new(answers);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (all, answers) = (Arc::clone(&all), Arc::clone(&answers));
                std::thread::spawn(move || {
                    stream
                        .ok()
                        .and_then(|stream| serve(stream, &all, &*answers))
                });
            }
        });
        Self {
            address,
            seen,
            ending,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How often a path was asked for.
    pub(crate) fn times(&self, path: &str) -> usize {
        self.seen()
            .iter()
            .filter(|request| request.path == path)
            .count()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Request>>, answers: &Answers) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let request = {
        let mut seen = seen.lock().unwrap();
        let same = |one: &&Request| one.path == path && one.query == query;
        let request = Request {
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            times: seen.iter().filter(same).count() + 1,
            number: seen.len() + 1,
        };
        seen.push(request.clone());
        request
    };
    send(stream, reader, &answers(&request))
}

fn send(mut stream: TcpStream, mut reader: BufReader<TcpStream>, reply: &Reply) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = match &reply.body {
        Body::None => return Some(()),
        Body::Text(_) if reply.status == 304 => None,
        Body::Text(text) => Some(text.len()),
        Body::Cut(text) => Some(text.len() + 10),
        Body::Stalled => Some(100),
        Body::Endless => None,
        Body::Huge => Some(1 << 30),
    };
    if let Some(length) = length {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    match &reply.body {
        Body::Text(text) | Body::Cut(text) => stream.write_all(text.as_bytes()).ok()?,
        // Until the client closes the connection.
        Body::Stalled => {
            stream.write_all(b"[").ok()?;
            let _ = reader.read(&mut [0]);
        }
        Body::Endless | Body::Huge => loop {
            stream.write_all(&[b' '; 1 << 16]).ok()?;
        },
        Body::None => {}
    }
    stream.flush().ok()
}
