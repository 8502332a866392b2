//! Only the verifier makes a session, from a token.

use vouchsafe::ids::{SessionId, TenantId};
use vouchsafe::session::Session;

fn case(id: SessionId, tenant: TenantId) -> Session {
    Session { id, tenant }
}

fn main() {}
