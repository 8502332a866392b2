//! The purpose of a wrapped key: the context that its wrapping authenticates.

use vouchsafe::ids::{SubjectId, TenantId};

/// The purpose of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Proves that the root key is the right one.
    Check,
    /// Wraps subject keys.
    Branch,
    /// Makes blind-index tags.
    Index,
    /// Tokens and details of the audit log.
    Audit,
    /// Seals records without a subject.
    TenantRecords,
    /// Seals one subject's records.
    Subject(SubjectId),
}

/// The context of a key: every part has its length before it, so that no two contexts are equal.
pub(crate) fn context(purpose: Purpose, tenant: Option<TenantId>, version: u32) -> Vec<u8> {
    let (name, subject): (&str, Option<SubjectId>) = match purpose {
        Purpose::Check => ("check", None),
        Purpose::Branch => ("branch", None),
        Purpose::Index => ("index", None),
        Purpose::Audit => ("audit", None),
        Purpose::TenantRecords => ("tenant-records", None),
        Purpose::Subject(subject) => ("subject", Some(subject)),
    };
    let tenant = tenant.map(|id| id.uuid().into_bytes());
    let subject = subject.map(|id| id.uuid().into_bytes());
    let parts: [&[u8]; 5] = [
        b"vouchsafe wrapped key v1",
        name.as_bytes(),
        tenant.as_ref().map_or(&[], |id| id.as_slice()),
        subject.as_ref().map_or(&[], |id| id.as_slice()),
        &version.to_be_bytes(),
    ];
    let mut context = Vec::with_capacity(96);
    for part in parts {
        // Every part is shorter than 256 bytes.
        context.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        context.extend_from_slice(part);
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_contexts_are_alike() {
        let (one, other) = (TenantId::random(), TenantId::random());
        let subject = SubjectId::from_uuid(one.uuid());
        let all = [
            context(Purpose::Check, None, 1),
            context(Purpose::Branch, Some(one), 1),
            context(Purpose::Branch, Some(one), 2),
            context(Purpose::Branch, Some(other), 1),
            context(Purpose::Index, Some(one), 1),
            context(Purpose::Audit, Some(one), 1),
            context(Purpose::TenantRecords, Some(one), 1),
            context(Purpose::Subject(subject), Some(one), 1),
            context(Purpose::Subject(subject), Some(other), 1),
            context(Purpose::Subject(SubjectId::random()), Some(one), 1),
        ];
        for (at, context) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != context));
        }
    }
}
