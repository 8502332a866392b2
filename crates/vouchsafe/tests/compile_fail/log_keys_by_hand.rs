//! Nobody would find entries under other audit keys.

use vouchsafe::audit::AuditKeys;
use vouchsafe::ids::TenantId;

fn case(tenant: TenantId) {
    let _ = AuditKeys::new(&[0; 32], tenant, 1);
}

fn main() {}
