//! What the process keeps to itself: keys and opened records are in its memory.

use rustix::process::{self, Resource, Rlimit};

/// No core file is written, and no other process of the same user may read this one's memory or attach to it.
///
/// Root may all the same; see the threat model.
pub(crate) fn keep_to_itself() -> std::io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    process::setrlimit(Resource::Core, none)?;
    #[cfg(target_os = "linux")]
    process::set_dumpable_behavior(process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_process_can_be_dumped() {
        keep_to_itself().unwrap();
        let limit = process::getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            process::dumpable_behavior().unwrap(),
            process::DumpableBehavior::NotDumpable
        );
        // It cannot be taken back by whoever runs in the process, without the privilege.
        let more = Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        if !process::geteuid().is_root() {
            assert!(process::setrlimit(Resource::Core, more).is_err());
        }
    }
}
