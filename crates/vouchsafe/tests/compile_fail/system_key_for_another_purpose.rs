//! A system key has only the defined purposes.

use vouchsafe::ids::TenantId;
use vouchsafe::keys::KeyService;

fn case(keys: &dyn KeyService, tenant: TenantId) {
    let _ = keys.system_key(tenant, "columns");
}

fn main() {}
