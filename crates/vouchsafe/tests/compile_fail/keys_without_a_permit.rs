//! A subject gets keys when its record may be created.

use vouchsafe::ids::{NewSubject, SubjectId, TenantId};

fn case(tenant: TenantId, subject: SubjectId) -> NewSubject {
    NewSubject { tenant, subject }
}

fn main() {}
