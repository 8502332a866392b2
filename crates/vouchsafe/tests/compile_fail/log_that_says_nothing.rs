//! An implementation of a log declares itself, with the name that reviewers search for.

use vouchsafe::BoxFuture;
use vouchsafe::audit::{AppendError, AuditLog, Outgoing, Pending, RecorderKey};
use vouchsafe::ids::IntentId;

struct Own(RecorderKey);

impl AuditLog for Own {
    fn recorder(&self) -> &RecorderKey {
        &self.0
    }

    fn begin(&self, _: Vec<Outgoing>) -> Pending {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

fn main() {}
