//! A subject gets keys only with a permit to create its record.

use vouchsafe::ids::{NewSubject, SubjectId, TenantId};

fn case(tenant: TenantId, subject: SubjectId) -> NewSubject {
    NewSubject { tenant, subject }
}

fn main() {}
