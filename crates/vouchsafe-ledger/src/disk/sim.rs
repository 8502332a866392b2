//! A disk in memory that can fail at the n-th operation, and that forgets unsynced data.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile, Identity};

const SECTOR: usize = 512;

/// The content that programs see, and the content after a power cut.
#[derive(Clone, Debug, Default)]
struct Node {
    cached: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl Node {
    /// Writes what is dirty to the platter, and nothing else.
    fn sync(&mut self) {
        self.durable.resize(self.cached.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(self.cached.len());
            self.durable[from..to].copy_from_slice(&self.cached[from..to]);
        }
    }
}

#[derive(Debug, Default)]
struct State {
    nodes: BTreeMap<u64, Node>,
    cached: BTreeMap<PathBuf, u64>,
    durable: BTreeMap<PathBuf, u64>,
    next_inode: u64,
    operations: u64,
    fail_at: Option<u64>,
    failed: Option<String>,
}

impl State {
    /// Counts a changing operation; the chosen one and all after it fail.
    fn operation(&mut self, what: &str, path: &Path) -> io::Result<()> {
        self.operations += 1;
        if self.fail_at.is_some_and(|at| self.operations >= at) {
            self.failed
                .get_or_insert_with(|| format!("{what} {}", path.display()));
            return Err(io::Error::other("injected"));
        }
        Ok(())
    }

    fn inode(&self, path: &Path) -> io::Result<u64> {
        self.cached
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: u64,
    path: PathBuf,
}

impl SimDisk {
    /// An empty disk whose n-th changing operation, and all after it, fail.
    pub(crate) fn failing_at(n: Option<u64>) -> Self {
        let disk = Self::default();
        disk.lock().fail_at = n;
        disk
    }

    /// Chooses again which operation fails, counted from now.
    pub(crate) fn fail_after(&self, n: u64) {
        let mut state = self.lock();
        state.fail_at = Some(state.operations + n);
    }

    /// Number of changing operations.
    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// The operation that failed first.
    pub(crate) fn failed(&self) -> Option<String> {
        self.lock().failed.clone()
    }

    /// The disk after a power cut: synced content stays; each other sector and name stays by chance.
    pub(crate) fn after_power_cut(&self, mut seed: u64) -> Self {
        let mut chance = move || {
            // xorshift64: a fixed seed gives the same crash again.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.is_multiple_of(2)
        };
        let old = self.lock();
        let mut names = old.durable.clone();
        for (path, inode) in &old.cached {
            if old.durable.get(path) != Some(inode) && chance() {
                names.insert(path.clone(), *inode);
            }
        }
        for path in old.durable.keys() {
            if !old.cached.contains_key(path) && chance() {
                names.remove(path);
            }
        }
        let mut nodes = BTreeMap::new();
        for inode in names.values() {
            let mut node = old.nodes[inode].clone();
            for sector in std::mem::take(&mut node.dirty) {
                let (from, to) = (
                    sector * SECTOR,
                    ((sector + 1) * SECTOR).min(node.cached.len()),
                );
                if chance() && from < to {
                    if node.durable.len() < to {
                        node.durable.resize(to, 0);
                    }
                    node.durable[from..to].copy_from_slice(&node.cached[from..to]);
                }
            }
            node.cached.clone_from(&node.durable);
            nodes.insert(*inode, node);
        }
        let state = State {
            nodes,
            cached: names.clone(),
            durable: names,
            next_inode: old.next_inode,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The disk as the next process finds it after operations failed: unsynced data are still in the page cache and
    /// count as clean, so that no later sync writes them.
    pub(crate) fn after_failure(&self) -> Self {
        let old = self.lock();
        let mut nodes = old.nodes.clone();
        nodes.values_mut().for_each(|node| node.dirty.clear());
        let state = State {
            nodes,
            cached: old.cached.clone(),
            durable: old.durable.clone(),
            next_inode: old.next_inode,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Writes the content that programs see into a real folder, for the readers of real files.
    pub(crate) fn copy_out(&self, from: &Path, to: &Path) {
        let state = self.lock();
        for (path, inode) in &state.cached {
            let Ok(rest) = path.strip_prefix(from) else {
                continue;
            };
            let target = to.join(rest);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, &state.nodes[inode].cached).unwrap();
        }
    }

    /// Changes a file's bytes without any operation, also on the platter.
    pub(crate) fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.lock();
        let inode = state.inode(path).unwrap();
        let node = state.nodes.get_mut(&inode).unwrap();
        change(&mut node.cached);
        node.durable.clone_from(&node.cached);
    }

    /// All file names.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.lock().cached.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl DiskFile for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let outcome = state.operation("write", &self.path);
        // A failing write has written a part; a disk writes whole sectors.
        let bytes = if outcome.is_ok() {
            bytes
        } else {
            &bytes[..bytes.len() / 2 / SECTOR * SECTOR]
        };
        let offset = usize::try_from(offset).unwrap();
        let node = state.nodes.get_mut(&self.inode).unwrap();
        let end = offset + bytes.len();
        if node.cached.len() < end {
            node.cached.resize(end, 0);
        }
        node.cached[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            node.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
        }
        outcome
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.lock();
        let offset = usize::try_from(offset).unwrap();
        let content = &state.nodes[&self.inode].cached;
        let part = content.get(offset..offset + buffer.len());
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.operation("sync", &self.path)?;
        state.nodes.get_mut(&self.inode).unwrap().sync();
        Ok(())
    }

    fn identity(&self) -> io::Result<Identity> {
        let state = self.disk.lock();
        Ok(identity(&state, self.inode))
    }
}

fn identity(state: &State, inode: u64) -> Identity {
    Identity {
        device: 1,
        inode,
        links: state
            .cached
            .values()
            .filter(|other| **other == inode)
            .count() as u64,
        length: state.nodes[&inode].cached.len() as u64,
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.lock();
        state.operation("create", path)?;
        if state.cached.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.next_inode += 1;
        let inode = state.next_inode;
        state.nodes.insert(inode, Node::default());
        state.cached.insert(path.to_owned(), inode);
        Ok(Box::new(SimFile {
            disk: self.clone(),
            inode,
            path: path.to_owned(),
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.lock().inode(path)?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            inode,
            path: path.to_owned(),
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.lock();
        Ok(state.nodes[&state.inode(path)?].cached.clone())
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        let state = self.lock();
        Ok(identity(&state, state.inode(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.operation("rename", to)?;
        let inode = state.inode(from)?;
        state.cached.remove(from);
        state.cached.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.inode(path)?;
        state.operation("remove", path)?;
        state.cached.remove(path);
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.operation("remove", path)?;
        state.cached.retain(|name, _| !name.starts_with(path));
        Ok(())
    }

    fn make_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.lock();
        let mut names = BTreeSet::new();
        for name in state.cached.keys() {
            if let Some(first) = name
                .strip_prefix(path)
                .ok()
                .and_then(|rest| rest.iter().next())
            {
                names.insert(first.to_string_lossy().into_owned());
            }
        }
        Ok(names.into_iter().collect())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.operation("sync folder", path)?;
        let inside = |name: &Path| name.parent() == Some(path);
        let now: Vec<_> = state
            .cached
            .iter()
            .filter(|(name, _)| inside(name))
            .map(|(n, i)| (n.clone(), *i))
            .collect();
        state.durable.retain(|name, _| !inside(name));
        state.durable.extend(now);
        Ok(())
    }
}
