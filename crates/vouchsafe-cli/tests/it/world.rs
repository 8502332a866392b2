//! A folder, the program, and ways to run it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use serde_json::Value;

/// A temporary folder, with or without an installation.
pub(crate) struct World {
    folder: tempfile::TempDir,
    port: u16,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With settings beyond the ports.
    pub(crate) fn with(settings: &str) -> Self {
        Self::on(free_port(), settings)
    }

    /// On a port that the system chooses.
    pub(crate) fn on_any_port() -> Self {
        Self::on(0, "")
    }

    fn on(port: u16, settings: &str) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            port,
        };
        std::fs::create_dir(world.data()).unwrap();
        let settings = format!(
            "data_listen = \"127.0.0.1:{}\"\noperations_listen = \"127.0.0.1:0\"\n{settings}",
            world.port
        );
        std::fs::write(world.data().join("vouchsafe.toml"), settings).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// The program, on this installation.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .args(args)
            .env("VOUCHSAFE_DATA", self.data())
            .env_remove("VOUCHSAFE_TOKEN");
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }

    /// The JSON output of a command that must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert!(
            ran.0.status.success(),
            "{args:?}: {}{}",
            ran.out(),
            ran.err()
        );
        serde_json::from_slice(&ran.0.stdout).expect("JSON")
    }

    /// The service, once it has printed its addresses.
    pub(crate) fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve", "--json"]))
    }

    /// What the probe of a service says, and within which time it said it; a probe that does not answer within 5 seconds is 0.
    pub(crate) fn readyz(&self, serving: &Serving) -> (u16, String) {
        let operations = serving.said["operations"].as_str().unwrap();
        let ca = serving.said["cacert"].as_str().unwrap();
        let output = Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "5",
                "--write-out",
                "\n%{http_code}",
            ])
            .args(["--cacert", ca, &format!("{operations}/readyz")])
            .output()
            .expect("curl");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// Asks the probe until it says this status; how long that took. It MUST within the time.
    pub(crate) fn until(&self, serving: &Serving, status: u16, within: Duration) -> String {
        let begin = Instant::now();
        loop {
            let (said, text) = self.readyz(serving);
            if said == status {
                return text;
            }
            let passed = begin.elapsed();
            assert!(passed < within, "still {said} after {passed:?}: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A service with an administrator, so that it is ready.
    pub(crate) fn ready(&self, serving: &Serving) {
        let link = serving.said["enrolment"].as_str().expect("a first start");
        self.enrol(link, "seven odd mangoes on a shelf");
        self.until(serving, 200, Duration::from_secs(20));
    }

    /// Uses an enrolment link; the one-time-code key.
    pub(crate) fn enrol(&self, link: &str, password: &str) -> String {
        let shown = self.json(&["person", "enrol", link, "--show", "--json"]);
        let secret = shown["secret"].as_str().unwrap().to_owned();
        let file = self.password_file(password);
        let file = file.to_str().unwrap();
        let code = code(&secret, 0);
        let ran = self.run(&[
            "person",
            "enrol",
            link,
            "--password-file",
            file,
            "--code",
            &code,
        ]);
        assert!(ran.0.status.success(), "{}", ran.err());
        secret
    }

    /// Signs in with the code after that of the enrolment; returns the token's file.
    pub(crate) fn sign_in(&self, email: &str, password: &str, secret: &str) -> PathBuf {
        let (file, token) = (
            self.password_file(password),
            self.path(&format!("{email}.header")),
        );
        let code = code(secret, 1);
        let ran = self.run(&[
            "person",
            "sign-in",
            email,
            "--password-file",
            file.to_str().unwrap(),
            "--code",
            &code,
            "--token-file",
            token.to_str().unwrap(),
        ]);
        assert!(ran.0.status.success(), "{}", ran.err());
        token
    }

    fn password_file(&self, password: &str) -> PathBuf {
        let path = self.path("password");
        std::fs::write(&path, format!("{password}\n")).unwrap();
        path
    }

    /// A request by a client that trusts only the installation's certificate.
    pub(crate) fn get(&self, path: &str, token: &Path) -> (u16, String) {
        self.get_at(&self.url(""), path, token)
    }

    /// As [`Self::get`], from another base URL.
    pub(crate) fn get_at(&self, base: &str, path: &str, token: &Path) -> (u16, String) {
        let ca = self.data().join("tls/certificate.pem");
        let header = format!("@{}", token.display());
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--write-out",
                "\n%{http_code}",
                "--cacert",
            ])
            .arg(ca)
            .args(["--header", &header, &format!("{base}{path}")])
            .output()
            .expect("curl");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }
}

/// A command that has ended.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// A running program, killed when the test ends.
pub(crate) struct Serving {
    child: Child,
    /// Its standard error, read as it comes: a full pipe would block it.
    err: JoinHandle<String>,
    /// Its first output.
    pub(crate) said: Value,
}

impl Serving {
    pub(crate) fn start(command: Command) -> Self {
        let (read, now) = mpsc::channel();
        drop(read);
        Self::start_unread(command, now)
    }

    /// One whose standard error nobody reads until something comes, or nothing can come any more.
    pub(crate) fn start_unread(mut command: Command, read: mpsc::Receiver<()>) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let _ = read.recv();
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        if line.is_empty() {
            panic!("it did not start: {}", err.join().unwrap());
        }
        let said = serde_json::from_str(&line).expect("JSON");
        Self { child, err, said }
    }

    /// Everything that it and its recorder wrote to standard error, after its end.
    pub(crate) fn err(mut self) -> String {
        self.signal("TERM");
        assert!(self.wait().success());
        let err = std::mem::replace(&mut self.err, std::thread::spawn(String::new));
        err.join().unwrap()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Serving {
    /// In order, so that it cleans up; killed, if that takes too long.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The current one-time code, or the one this number of steps later (RFC 6238).
pub(crate) fn code(secret: &str, later: u64) -> String {
    let (mut key, mut bits, mut held) = (Vec::new(), 0, 0_u32);
    for letter in secret.bytes() {
        let value = if letter < b'A' {
            letter - b'2' + 26
        } else {
            letter - b'A'
        };
        held = (held << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            key.push((held >> bits & 0xff) as u8);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let mac = hmac::sign(&key, &(now.as_secs() / 30 + later).to_be_bytes());
    let mac = mac.as_ref();
    let offset = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
