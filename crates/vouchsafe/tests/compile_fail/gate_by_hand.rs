//! A gate with other policies, log and clock comes only from the module that reviewers search for.

use std::sync::Arc;
use vouchsafe::access::Bundle;
use vouchsafe::audit::AuditLog;
use vouchsafe::gate::Gate;
use vouchsafe::trusted::Clock;

fn case(bundle: Arc<Bundle>, log: Arc<dyn AuditLog>, clock: Clock) -> Gate {
    Gate::new(bundle, log, clock)
}

fn main() {}
