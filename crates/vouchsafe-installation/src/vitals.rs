//! Whether what a service stands on works at this moment: looked at every second, where the preflight runs every hour.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use crate::installation::Installation;

/// Log and databases need room for what they write next; below this, the next write may be the one that fails.
const ROOM_BYTES: u64 = 4 << 20;
const ROOM_FILES: u64 = 16;

impl Installation {
    /// What does not work, by the names of the preflight's checks. Each part is asked at once, and has this long to answer.
    pub async fn pulse(&self, within: Duration) -> Vec<&'static str> {
        let (log, records, identity, keys) = tokio::join!(
            self.log().answers(within),
            timeout(within, self.engine().store().pulse()),
            timeout(within, self.identity().pulse()),
            timeout(within, self.keys().pulse()),
        );
        let (folder, is_file) = (self.folder(), self.settings().database.records.is_none());
        // A server looks after its own disk.
        let full = |place| is_file && !has_room(&folder.at(place));
        let fails = [
            ("audit-log", !log || !has_room(&folder.audit())),
            ("records", !matches!(records, Ok(Ok(()))) || full("data")),
            ("identity", !matches!(identity, Ok(Ok(()))) || full("data")),
            ("key-database", !matches!(keys, Ok(Ok(()))) || full("keys")),
        ];
        let failing = fails.into_iter().filter(|(_, fails)| *fails);
        failing.map(|(name, _)| name).collect()
    }
}

/// Whether the disk has room for what is written next. A file system that does not count has room.
fn has_room(folder: &Path) -> bool {
    let Ok(found) = rustix::fs::statvfs(folder) else {
        // Its own check says why.
        return folder.is_dir();
    };
    let bytes = found.f_bavail.saturating_mul(found.f_frsize);
    let counts_files = found.f_files > 0;
    let few_files = counts_files && found.f_favail < ROOM_FILES;
    (bytes >= ROOM_BYTES || found.f_blocks == 0) && !few_files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_gone_has_no_room() {
        let folder = tempfile::tempdir().unwrap();
        assert!(has_room(folder.path()));
        assert!(!has_room(&folder.path().join("gone")));
    }
}
