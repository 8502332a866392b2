//! Protects the process's memory, which holds keys and opened records.

use rustix::process::{self, Resource, Rlimit};

/// Prevents core files, and prevents other processes of the same user from reading this one's memory or attaching to
/// it.
///
/// Root still can; see the threat model.
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
        // Code in the process cannot raise the hard limit again without the privilege.
        let more = Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        if !process::geteuid().is_root() {
            assert!(process::setrlimit(Resource::Core, more).is_err());
        }
    }
}
