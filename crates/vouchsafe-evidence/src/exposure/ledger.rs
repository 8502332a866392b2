//! The join: which advisory concerned which lock file, from which commit to which.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::exposure::known::{Found, Known};
use crate::exposure::lockfile::{Format, Locked, Package};
use crate::exposure::patch::{Commit, Files, Kind};

/// What a window is about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Subject {
    /// A group of advisories that are one, by its place in [`Known::groups`].
    Group(usize),
    /// Something that cannot be seen: the package (or none, for the whole file), and why.
    Unseen(String, String),
}

/// A commit of the chain, with the time that is taken for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Moment {
    /// Its hash.
    pub(crate) commit: String,
    /// Its committer's date, or its parent's where that is later.
    pub(crate) at: Timestamp,
}

/// From when to when something was so in a lock file: from the commit that brought it to the commit that ended it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Window {
    /// What it is about.
    pub(crate) subject: Subject,
    /// The lock file.
    pub(crate) path: String,
    /// The commit with which it began.
    pub(crate) entered: Moment,
    /// The commit with which it ended; none while it lasts.
    pub(crate) left: Option<Moment>,
    /// The versions that were affected.
    pub(crate) versions: BTreeSet<String>,
    /// Since when it counts: earlier than it began, where the lock file only moved.
    pub(crate) since: Timestamp,
    /// The path that the lock file moved from.
    pub(crate) moved_from: Option<String>,
}

/// What was found of a package: the subjects that it makes true.
type Subjects = Arc<[(Subject, Option<String>)]>;

/// Builds windows, commit by commit. It holds what is open, what is closed, and no file.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    known: &'a Known,
    found: HashMap<(Format, Package), Subjects>,
    open: BTreeMap<String, BTreeMap<Subject, Window>>,
    /// The lock files of the last commit.
    pub(super) files: Files,
    /// Windows that ended.
    pub(crate) closed: Vec<Window>,
    last: Option<Timestamp>,
    /// Commits whose date is before that of their parent.
    pub(crate) backwards: u64,
    /// Revisions of lock files that were read.
    pub(crate) revisions: u64,
    /// The formats of lock files that there were.
    pub(crate) formats: BTreeSet<Format>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(known: &'a Known) -> Self {
        Self {
            known,
            found: HashMap::new(),
            open: BTreeMap::new(),
            files: Files::new(),
            closed: Vec::new(),
            last: None,
            backwards: 0,
            revisions: 0,
            formats: BTreeSet::new(),
        }
    }

    /// Takes the next commit of the chain.
    pub(crate) fn commit(&mut self, commit: &Commit, files: &Files) {
        let moment = self.moment(commit);
        let mut paths: Vec<_> = commit
            .paths
            .iter()
            .filter(|path| Format::of(path).is_some())
            .collect();
        paths.sort();
        paths.dedup();
        let (changed, gone): (Vec<_>, Vec<_>) = paths
            .into_iter()
            .partition(|path| files.contains_key(*path));
        let mut ended = Vec::new();
        for path in gone {
            let open = self.open.remove(path).unwrap_or_default();
            ended.extend(open.into_values());
        }
        for path in changed {
            let (Some(format), Some(file)) = (Format::of(path), files.get(path)) else {
                continue;
            };
            self.revisions += 1;
            self.formats.insert(format);
            let read = match file.kind {
                Kind::File => format.read(&file.content),
                Kind::Link | Kind::Submodule => Err("it is a link or a submodule".to_owned()),
            };
            let present = self.present(format, path, read);
            self.turn(path, present, &moment, &ended);
        }
        for mut window in ended {
            window.left = Some(moment.clone());
            self.closed.push(window);
        }
    }

    /// The windows that are still open, after the last commit.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Window> {
        self.open.values().flat_map(BTreeMap::values)
    }

    fn moment(&mut self, commit: &Commit) -> Moment {
        let at = self.last.map_or(commit.at, |last| last.max(commit.at));
        if at != commit.at {
            self.backwards += 1;
        }
        self.last = Some(at);
        Moment {
            commit: commit.id.clone(),
            at,
        }
    }

    /// What is so with this revision of a lock file. Of one that cannot be read nothing is known, so that what was so
    /// before stays so.
    fn present(
        &mut self,
        format: Format,
        path: &str,
        read: Result<Locked, String>,
    ) -> BTreeMap<Subject, BTreeSet<String>> {
        let mut present: BTreeMap<Subject, BTreeSet<String>> = BTreeMap::new();
        match read {
            Err(why) => {
                let open = self.open.get(path).into_iter().flatten();
                let groups = open.filter(|(subject, _)| matches!(subject, Subject::Group(_)));
                present.extend(groups.map(|(subject, _)| (subject.clone(), BTreeSet::new())));
                let why = format!("the file cannot be read: {why}");
                present.insert(Subject::Unseen(String::new(), why), BTreeSet::new());
            }
            Ok(locked) => {
                for package in locked.packages {
                    for (subject, version) in self.subjects(format, package).iter() {
                        let versions = present.entry(subject.clone()).or_default();
                        versions.extend(version.clone());
                    }
                }
                if let Some(hidden) = locked.hidden {
                    let whole = Subject::Unseen(String::new(), hidden.to_owned());
                    present.insert(whole, BTreeSet::new());
                }
            }
        }
        present
    }

    fn subjects(&mut self, format: Format, package: Package) -> Subjects {
        let key = (format, package);
        if let Some(found) = self.found.get(&key) {
            return Arc::clone(found);
        }
        let found = self.known.look_up(format.ecosystem(), &key.1);
        let found: Subjects = found
            .into_iter()
            .map(|found| match found {
                Found::Group(group, version) => (Subject::Group(group), Some(version)),
                Found::Unseen(why) => (Subject::Unseen(key.1.name.clone(), why), None),
            })
            .collect();
        self.found.insert(key, Arc::clone(&found));
        found
    }

    /// Ends what is no longer so, and begins what is new. What begins in a new file as it ends in a deleted one moved.
    fn turn(
        &mut self,
        path: &str,
        present: BTreeMap<Subject, BTreeSet<String>>,
        moment: &Moment,
        ended: &[Window],
    ) {
        let new_file = !self.open.contains_key(path);
        let open = self.open.entry(path.to_owned()).or_default();
        let kept: BTreeMap<_, _> = std::mem::take(open);
        for (subject, mut window) in kept {
            if present.contains_key(&subject) {
                open.insert(subject, window);
            } else {
                window.left = Some(moment.clone());
                self.closed.push(window);
            }
        }
        for (subject, versions) in present {
            let window = open.entry(subject.clone()).or_insert_with(|| {
                let same = ended
                    .iter()
                    .filter(|ended| new_file && ended.subject == subject);
                let moved = same.min_by_key(|ended| ended.since);
                Window {
                    subject,
                    path: path.to_owned(),
                    entered: moment.clone(),
                    left: None,
                    versions: BTreeSet::new(),
                    since: moved.map_or(moment.at, |moved| moved.since),
                    moved_from: moved.map(|moved| moved.path.clone()),
                }
            });
            window.versions.extend(versions);
        }
    }
}
