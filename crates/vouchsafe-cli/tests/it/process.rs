//! Processes of this host, as Linux tells of them.

/// A child of a process: of a service, its recorder.
pub(crate) fn child_of(parent: u32) -> Option<u32> {
    let parent = format!("PPid:\t{parent}");
    let is_child = |process: &u32| {
        std::fs::read_to_string(format!("/proc/{process}/status"))
            .is_ok_and(|status| status.lines().any(|line| line == parent))
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .find(is_child)
}
