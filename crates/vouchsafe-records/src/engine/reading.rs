//! Reading one record.

use vouchsafe::document::Document;
use vouchsafe::gate::{Receipt, Target};
use vouchsafe::ids::{RecordId, RecordKey, RecordType, SubjectId, Version};
use vouchsafe::phi::Phi;

use super::{ANY_PHI, Caller, Engine, Failure, Proof, Released};
use crate::store::StoredRecord;

impl Engine {
    /// Reads a record, or one version of it.
    ///
    /// # Errors
    /// [`Failure`]: hidden and absent are both [`Failure::NotFound`], by the same way.
    pub async fn read(
        &self,
        caller: &Caller,
        record_type: &RecordType,
        id: RecordId,
        version: Option<Version>,
    ) -> Result<Released, Failure> {
        self.declared(record_type)?;
        let key = RecordKey {
            tenant: caller.session.tenant(),
            record_type: record_type.clone(),
            id,
        };
        let operation = if version.is_some() { "vread" } else { "read" };
        let audit = self.audit_keys(key.tenant).await?;
        let stored = self.store.read(&key, version).await?;
        // What is not there costs what is hidden costs: the same look-ups, the same decision.
        let subject = stored
            .as_ref()
            .map_or_else(|| Some(SubjectId::random()), |row| row.subject);
        let facts = self.facts(caller, subject).await?;
        let request = caller.request(&audit);
        let gate = &self.gate;
        let Some(stored) = stored else {
            let target = Target {
                record: &key,
                version: version.unwrap_or(Version::FIRST),
                subject: None,
                operation,
            };
            let _ = gate.sees(&request, &target, ANY_PHI, &facts);
            self.note(gate.absent(&request, &target)).await?;
            return Err(Failure::NotFound);
        };
        let target = Target {
            record: &key,
            version: stored.record.version,
            subject: stored.subject,
            operation,
        };
        // The decision comes before 410: to those who may not see it, it was never there.
        let present = match stored.deleted {
            true => ANY_PHI,
            false => stored.record.manifest.classes(),
        };
        let (permit, draft) = match gate.admit_read(&request, &target, present, &facts) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(self.refuse(refusal, Failure::NotFound).await),
        };
        if stored.deleted {
            self.note(draft).await?;
            return Err(Failure::Gone(stored.record.version));
        }
        let subsetted = !permit.classes().includes(present);
        let opening = async {
            let keys = self.record_keys(key.tenant, stored.subject).await?;
            Ok::<_, Failure>(gate.open(permit, &stored.record, &keys)?)
        };
        // The entry is written beside the opening; what is opened waits for both.
        let (recorded, opened) = tokio::join!(self.record(vec![draft]), opening);
        let receipt = recorded?.into_receipts().pop();
        let receipt = receipt.ok_or(Failure::Unavailable)?;
        released(&stored, record_type, id, subsetted, opened?, receipt)
    }
}

pub(super) fn released(
    stored: &StoredRecord,
    record_type: &RecordType,
    id: RecordId,
    subsetted: bool,
    phi: Phi<Document>,
    receipt: Receipt,
) -> Result<Released, Failure> {
    let proof = Proof::from(receipt.entry());
    Ok(Released {
        record_type: record_type.clone(),
        id,
        version: stored.record.version,
        last_updated: stored.last_updated,
        document: phi.release(receipt).map_err(|_| Failure::Damaged)?,
        subsetted,
        proof,
    })
}
