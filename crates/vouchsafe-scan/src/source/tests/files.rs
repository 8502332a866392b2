//! Files, folders, links, and what is no file.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::*;

/// A folder of files, each of which holds its name.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

/// The names of what was read, and the problems, below the folder.
fn names(
    folder: &tempfile::TempDir,
    paths: &[&str],
    options: &Options,
) -> (Vec<String>, Vec<(String, Problem)>) {
    let paths: Vec<_> = paths.iter().map(|path| folder.path().join(path)).collect();
    let (seen, _) = scanned(&paths, options);
    let base = format!("{}/", folder.path().display());
    let below = |name: &str| name.strip_prefix(&base).unwrap_or(name).to_owned();
    let problems = seen.problems.iter();
    let problems = problems
        .map(|(name, problem)| (below(name), *problem))
        .collect();
    let documents = seen.documents.iter();
    (documents.map(|(name, _)| below(name)).collect(), problems)
}

#[test]
fn folders_are_read_in_the_order_of_names() {
    let folder = folder(&[
        "b.log",
        "a/2.log",
        "a/10.log",
        "c.log",
        ".git/objects/00/11",
    ]);
    let order = [
        ".git/objects/00/11",
        "a/10.log",
        "a/2.log",
        "b.log",
        "c.log",
    ];
    let (read, problems) = names(&folder, &[""], &Options::default());
    assert_eq!(read, order);
    assert_eq!(problems, []);
}

#[test]
fn what_is_excluded_is_counted() {
    let folder = folder(&["a.log", "b.png", ".git/x", ".git/y"]);
    let options = Options {
        exclude: [".git", "*.png"]
            .map(|glob| Glob::new(glob).unwrap())
            .into(),
        ..Options::default()
    };
    let (seen, summary) = scanned(&[folder.path().into()], &options);
    assert_eq!((seen.documents.len(), summary.excluded), (1, 2));
    let given = [folder.path().join("b.png"), folder.path().join("a.log")];
    assert_eq!(scanned(&given, &options).0.documents.len(), 2);
}

#[test]
fn names_need_not_be_utf_8() {
    let folder = folder(&[]);
    fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9.log")), "x").unwrap();
    let (seen, summary) = scanned(&[folder.path().into()], &Options::default());
    assert!(seen.documents[0].0.ends_with("caf\u{fffd}.log"));
    assert_eq!(
        (summary.files, summary.bytes, summary.incomplete),
        (1, 1, 0)
    );
}

#[test]
fn a_file_is_read_once_however_it_is_reached() {
    let folder = folder(&["a.log", "below/b.log"]);
    let path = |name: &str| folder.path().join(name);
    fs::hard_link(path("a.log"), path("below/again.log")).unwrap();
    symlink("../a.log", path("below/link.log")).unwrap();
    symlink(path("below"), path("link")).unwrap();
    let once = ["a.log", "below/b.log"];
    for paths in [&[""][..], &["", "a.log"], &["", "below", "below/b.log"]] {
        assert_eq!(names(&folder, paths, &Options::default()).0, once);
    }
    let (read, _) = names(
        &folder,
        &["below/b.log", "a.log", "a.log", ""],
        &Options::default(),
    );
    assert_eq!(read, ["below/b.log", "a.log"]);
    let (read, _) = names(&folder, &["below/link.log", ""], &Options::default());
    assert_eq!(read, ["below/link.log", "below/b.log"]);
}

#[test]
fn links_to_files_elsewhere_are_followed() {
    let elsewhere = folder(&["a.log", "b.log"]);
    let folder = folder(&["c.log"]);
    symlink(elsewhere.path().join("a.log"), folder.path().join("1")).unwrap();
    symlink(elsewhere.path().join("a.log"), folder.path().join("2")).unwrap();
    symlink(elsewhere.path(), folder.path().join("3")).unwrap();
    let (read, problems) = names(&folder, &[""], &Options::default());
    assert_eq!(read, ["1", "c.log"]);
    assert_eq!(problems, [("3".into(), Problem::LinkElsewhere)]);
}

#[test]
fn loops_and_links_to_nowhere_are_told() {
    let folder = folder(&["a/b.log"]);
    let path = |name: &str| folder.path().join(name);
    symlink("..", path("a/up")).unwrap();
    symlink(".", path("a/self")).unwrap();
    symlink("y", path("x")).unwrap();
    symlink("x", path("y")).unwrap();
    symlink("nothing", path("z")).unwrap();
    let (read, problems) = names(&folder, &[""], &Options::default());
    assert_eq!(read, ["a/b.log"]);
    let told = [
        ("a/self".into(), Problem::LinkLoop),
        ("a/up".into(), Problem::LinkLoop),
        ("x".into(), Problem::LinkLoop),
        ("y".into(), Problem::LinkLoop),
        ("z".into(), Problem::DanglingLink),
    ];
    assert_eq!(problems, told);
}

#[test]
fn pipes_and_sockets_in_a_folder_are_passed_over() {
    let folder = folder(&["a.log"]);
    let made = Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    symlink("/dev/null", folder.path().join("x")).unwrap();
    let (seen, summary) = scanned(&[folder.path().into()], &Options::default());
    let problems: Vec<_> = seen.problems.iter().map(|(_, problem)| *problem).collect();
    assert_eq!(problems, [Problem::Pipe, Problem::Socket, Problem::Device]);
    assert_eq!((summary.passed_over, summary.incomplete), (3, 0));
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let folder = folder(&[]);
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let writer = pipe.clone();
    let writer = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(writer).unwrap();
        pipe.write_all(b"one\n").unwrap();
        pipe.write_all(b"two").unwrap();
    });
    let (seen, _) = scanned(&[pipe], &Options::default());
    writer.join().unwrap();
    assert_eq!(seen.lines(), ["1: one", "2: two"]);
}

#[test]
fn what_is_not_there_is_told_and_the_rest_is_read() {
    let folder = folder(&["a.log"]);
    let (read, problems) = names(&folder, &["gone.log", "a.log"], &Options::default());
    assert_eq!(read, ["a.log"]);
    assert_eq!(problems, [("gone.log".into(), Problem::NotFound)]);
}

#[test]
fn a_file_removed_between_listing_and_reading_is_told() {
    struct Remover(PathBuf, Seen);
    impl Sink for Remover {
        fn begin(&mut self, document: &DocumentName) {
            let _ = fs::remove_file(&self.0);
            self.1.begin(document);
        }
        fn line(&mut self, line: Line<'_>) {
            self.1.line(line);
        }
        fn cell(&mut self, _: Cell<'_>) {}
        fn end(&mut self) {
            self.1.end();
        }
        fn problem(&mut self, document: &DocumentName, problem: Problem) {
            self.1.problem(document, problem);
        }
    }
    let folder = folder(&["a.log", "b.log"]);
    let path = folder.path().join("b.log");
    let mut sinks = [Remover(path, Seen::default())];
    read(
        &[folder.path().into()],
        &Options::default(),
        &Progress::new(),
        &mut sinks,
    );
    assert_eq!(sinks[0].1.problems[0].1, Problem::NotFound);
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&["a.log", "b.log", "c/d.log"]);
    for name in ["a.log", "c"] {
        let none = fs::Permissions::from_mode(0o0);
        fs::set_permissions(folder.path().join(name), none).unwrap();
    }
    if File::open(folder.path().join("a.log")).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let (read, problems) = names(&folder, &[""], &Options::default());
    let denied = Problem::Unreadable(std::io::ErrorKind::PermissionDenied);
    assert_eq!(read, ["b.log"]);
    assert_eq!(problems, [("a.log".into(), denied), ("c".into(), denied)]);
}

#[test]
fn what_fails_to_be_read_is_told_and_what_came_is_read() {
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::ErrorKind::ConnectionReset.into());
            }
            (&b"one\ntwo"[..]).read(into)
        }
    }
    let seen = seen_from(Failing(false), &Options::default());
    let reset = Problem::Unreadable(std::io::ErrorKind::ConnectionReset);
    assert_eq!(seen.problems, [("x".into(), reset)]);
    assert_eq!(seen.documents[0].1, ["1: one", "2: two"]);
    // A memory file of the own process at its front: opens, and cannot be read.
    let (seen, summary) = scanned(&["/proc/self/mem".into()], &Options::default());
    assert_eq!((seen.problems.len(), summary.incomplete), (1, 1));
}

/// Does something to a file while it is read.
struct Meddler<F>(F, u64);

impl<F: FnMut()> Sink for Meddler<F> {
    fn begin(&mut self, _: &DocumentName) {}
    fn line(&mut self, _: Line<'_>) {
        self.1 += 1;
        (self.0)();
    }
    fn cell(&mut self, _: Cell<'_>) {}
    fn end(&mut self) {}
    fn problem(&mut self, _: &DocumentName, problem: Problem) {
        assert_eq!(problem, Problem::ChangedWhileRead);
        self.1 += 1_000_000;
    }
}

fn meddled(path: &Path, meddle: impl FnMut() + Send) -> u64 {
    let mut sinks = [Meddler(meddle, 0)];
    read(
        &[path.into()],
        &Options::default(),
        &Progress::new(),
        &mut sinks,
    );
    sinks[0].1
}

#[test]
fn a_file_is_read_to_the_end_that_it_had() {
    let folder = folder(&[]);
    let path = folder.path().join("a.log");
    fs::write(&path, "line\n".repeat(200_000)).unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    let mut once = Some(());
    let grow = || {
        if once.take().is_some() {
            file.write_all(&b"one more\n".repeat(100_000)).unwrap();
        }
    };
    assert_eq!(meddled(&path, grow), 200_000);
    // Rotated away and begun anew: it is still the same file that is read.
    fs::write(&path, "line\n".repeat(200_000)).unwrap();
    let away = folder.path().join("a.log.1");
    let mut once = Some(());
    let rotate = || {
        if once.take().is_some() {
            fs::rename(&path, &away)
                .and_then(|()| fs::write(&path, "new\n"))
                .unwrap();
        }
    };
    assert_eq!(meddled(&path, rotate), 200_000);
}

#[test]
fn a_file_that_shrinks_or_is_written_over_is_told() {
    let folder = folder(&[]);
    let path = folder.path().join("a.log");
    fs::write(&path, "line\n".repeat(200_000)).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let lines = meddled(&path, || file.set_len(0).unwrap());
    assert!((1_000_000..1_200_000).contains(&lines));
    fs::write(&path, "line\n".repeat(200_000)).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH;
    assert_eq!(
        meddled(&path, || file.set_modified(old).unwrap()),
        1_200_000
    );
}

#[test]
fn pseudo_files_are_read_to_their_end() {
    let (seen, _) = scanned(&["/proc/self/status".into()], &Options::default());
    assert!(seen.lines().len() > 10);
}

#[test]
fn many_small_files_are_shared_by_workers() {
    let folder = tempfile::tempdir().unwrap();
    let count = 5_000;
    for number in 0..count {
        if number % 1000 == 0 {
            fs::create_dir(folder.path().join(format!("{}", number / 1000))).unwrap();
        }
        let path = folder
            .path()
            .join(format!("{}/{number}.log", number / 1000));
        fs::write(path, format!("line {number}\n")).unwrap();
    }
    let mut sinks = [Seen::default(), Seen::default(), Seen::default()];
    let progress = Progress::new();
    let summary = ProgressLine::on(Vec::new()).beside(&progress, || {
        read(
            &[folder.path().into()],
            &Options::default(),
            &progress,
            &mut sinks,
        )
    });
    assert_eq!((summary.files, summary.incomplete), (count, 0));
    let read: usize = sinks.iter().map(|sink| sink.documents.len()).sum();
    assert_eq!(read as u64, count);
    assert_eq!(progress.snapshot().files, count);
}

#[test]
fn a_scan_can_be_stopped() {
    let folder = folder(&["a.log", "b.log"]);
    let progress = Progress::new();
    progress.stop();
    let mut sinks = [Seen::default()];
    let summary = read(
        &[folder.path().into()],
        &Options::default(),
        &progress,
        &mut sinks,
    );
    assert_eq!(summary, Summary::default());
}
