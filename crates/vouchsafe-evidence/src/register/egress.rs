//! Where data goes: destinations outside, and cloud services that hold data without being called.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::given::{
    Staff, compare_document, days_over, deviation, optional, register, some, today,
};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Phi, Text};
use super::vendors::Vendors;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/egress.toml`.
#[derive(Debug)]
pub(crate) struct Egress {
    pub(crate) entries: Vec<Row<Destination>>,
}

/// A destination outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Destination {
    pub(crate) id: Text,
    pub(crate) vendor: Text,
    pub(crate) service: Text,
    /// Names of hosts; `*.` before a name stands for one or more labels.
    pub(crate) hosts: Vec<Host>,
    #[serde(rename = "purpose")]
    _purpose: Text,
    pub(crate) phi: Phi,
    pub(crate) owner: Text,
    /// What shows that no PHI goes there, for `phi = "none"`.
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
    /// Libraries that send there: `cargo/sentry`, `go/github.com/getsentry/sentry-go`.
    #[serde(default)]
    pub(crate) libraries: Vec<Text>,
}

/// What shows that no PHI goes somewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    #[serde(rename = "method")]
    _method: Method,
    pub(crate) on: Day,
    pub(crate) by: Text,
    #[serde(default)]
    pub(crate) document: Option<Document>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    /// What was sent was scanned for PHI.
    Scan,
    /// The format of what is sent has no place for PHI.
    Schema,
    /// Canary values were planted, and none arrived.
    Canary,
    /// Somebody read the code that sends.
    Review,
}

/// The name of a host, in lower case.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub(crate) struct Host(String);

impl TryFrom<String> for Host {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let labels = name.strip_prefix("*.").unwrap_or(&name);
        let mut each = labels.split('.');
        let valid = |label: &str| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if !each.all(valid) {
            return Err("it is the name of no host: write example.com or *.example.com, without a scheme, port or path".to_owned());
        }
        // `*.com` would cover half of the world.
        if labels.len() < name.len() && !labels.contains('.') {
            return Err("the part after `*.` is too short: name the vendor's domain".to_owned());
        }
        Ok(Self(name))
    }
}

impl Host {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name of a host is this one, or below it.
    pub(crate) fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self.0.strip_prefix("*.") {
            None => host == self.0,
            Some(domain) => host
                .strip_suffix(domain)
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty()),
        }
    }
}

impl Register for Egress {
    fn read(reader: &mut Reader<'_>) -> Self {
        let entries: Vec<Row<Destination>> = reader.rows("egress");
        reader.unique("egress", &entries, |entry| &entry.id);
        for entry in &entries {
            if entry.hosts.is_empty() {
                reader.fault(entry.line, "egress.hosts", "it names no host");
            }
            if entry.proof.is_some() && entry.phi.concerns() {
                let problem = format!(
                    "a proof of no PHI contradicts phi = \"{}\"",
                    entry.phi.name()
                );
                reader.fault(entry.line, "egress.proof", problem);
            }
        }
        Self { entries }
    }
}

impl Egress {
    /// Entries for a host.
    pub(crate) fn for_host<'e>(
        &'e self,
        host: &'e str,
    ) -> impl Iterator<Item = &'e Row<Destination>> {
        self.entries
            .iter()
            .filter(move |entry| entry.hosts.iter().any(|known| known.matches(host)))
    }
}

/// `evidence/services.toml`.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) services: Vec<Row<Service>>,
}

/// A cloud service that holds or carries data without being called: volumes, snapshots, a load balancer, a queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) id: Text,
    pub(crate) vendor: Text,
    pub(crate) service: Text,
    pub(crate) phi: Phi,
    #[serde(rename = "purpose")]
    _purpose: Text,
    pub(crate) owner: Text,
    /// Addresses of resources, as `terraform show` names them; `*` at the end stands for any rest.
    #[serde(default)]
    pub(crate) resources: Vec<Text>,
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
}

impl Register for Services {
    fn read(reader: &mut Reader<'_>) -> Self {
        let services: Vec<Row<Service>> = reader.rows("service");
        reader.unique("service", &services, |service| &service.id);
        for service in services
            .iter()
            .filter(|service| service.proof.is_some() && service.phi.concerns())
        {
            let problem = format!(
                "a proof of no PHI contradicts phi = \"{}\"",
                service.phi.name()
            );
            reader.fault(service.line, "service.proof", problem);
        }
        for service in &services {
            if service
                .resources
                .iter()
                .any(|resource| resource.trim_end_matches('*').is_empty())
            {
                let problem = "name at least the beginning of a resource";
                reader.fault(service.line, "service.resources", problem);
            }
        }
        Self { services }
    }
}

/// Each destination has a vendor in the register, an owner at work, and, where no PHI goes there, a fresh proof of that.
pub(crate) fn register_is_sound(context: &Context<'_>) -> Result<Judgement, String> {
    let egress = register::<Egress>(context)?;
    let vendors = register::<Vendors>(context)?;
    let staff = Staff::of(context)?;
    let services = optional::<Services>(context)?;
    let proof_days: i64 = context.check.parameter("proof_days")?;
    let mut found = Vec::new();
    for entry in some::<Egress, _>(&egress.entries, "destination")? {
        let place = Egress::place(entry);
        if vendors.vendor(&entry.vendor).is_none() {
            let text = format!("there is no vendor {} in {}", entry.vendor, Vendors::FILE);
            found.push(deviation(context, "VENDOR_UNKNOWN", &*entry.id, text).at(place.clone()));
        }
        if let Err(why) = staff.at_work(&entry.owner, today(context)) {
            found.push(deviation(context, "OWNER_UNKNOWN", &*entry.id, why).at(place.clone()));
        }
        if entry.phi == Phi::None {
            found.extend(proved(
                context,
                &entry.id,
                &place,
                entry.proof.as_ref(),
                proof_days,
            )?);
        }
    }
    for service in services.iter().flat_map(|services| &services.services) {
        if let Err(why) = staff.at_work(&service.owner, today(context)) {
            let one = deviation(context, "OWNER_UNKNOWN", &*service.id, why);
            found.push(one.at(Services::place(service)));
        }
    }
    for (id, proof) in proofs(&egress, services.as_deref()) {
        if let Err(why) = staff.at_work(&proof.by, proof.on.0) {
            found.push(deviation(context, "PROVER_UNKNOWN", id, why));
        }
    }
    found.extend(claimed_twice(context, &egress));
    Ok(Judgement::of(found, Vec::new()).noting(format!("{} destinations", egress.entries.len())))
}

/// All proofs of no PHI.
fn proofs<'r>(
    egress: &'r Egress,
    services: Option<&'r Services>,
) -> impl Iterator<Item = (&'r str, &'r Proof)> {
    let of_services = services.into_iter().flat_map(|services| &services.services);
    let of_services = of_services.filter_map(|one| Some((&*one.id, one.proof.as_ref()?)));
    let entries = egress
        .entries
        .iter()
        .filter_map(|one| Some((&*one.id, one.proof.as_ref()?)));
    entries.chain(of_services)
}

/// Whether the proof of no PHI is there and fresh.
pub(crate) fn proved(
    context: &Context<'_>,
    item: &str,
    place: &str,
    proof: Option<&Proof>,
    proof_days: i64,
) -> Result<Vec<Deviation>, String> {
    let Some(proof) = proof else {
        let text = "phi = \"none\" without a proof that no PHI goes there";
        return Ok(vec![deviation(context, "NO_PROOF", item, text).at(place)]);
    };
    let mut found = Vec::new();
    if proof.on.until(today(context)) < 0 {
        let text = format!("the proof is dated {}, which is to come", proof.on);
        found.push(deviation(context, "PROOF_IN_FUTURE", item, text).at(place));
    }
    let due = proof.on.plus(proof_days).unwrap_or(proof.on);
    if let Some(over) = days_over(due, today(context)) {
        let text = format!(
            "the proof that no PHI goes there is of {}; the next is overdue by {over} days",
            proof.on
        );
        found.push(
            deviation(context, "PROOF_STALE", item, text)
                .at(place)
                .lasting(due.end(), None),
        );
    }
    if let Some(document) = &proof.document {
        found.extend(compare_document(context, item, place, document)?);
    }
    Ok(found)
}

/// One host in two entries of different vendors or with different words on PHI: nobody can tell which counts.
fn claimed_twice(context: &Context<'_>, egress: &Egress) -> Vec<Deviation> {
    let mut first: BTreeMap<&str, &Row<Destination>> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in &egress.entries {
        for host in &entry.hosts {
            let Some(other) = first.insert(host.as_str(), entry) else {
                continue;
            };
            if other.vendor != entry.vendor || other.phi != entry.phi {
                let text = format!(
                    "the host {} stands in {} with another vendor or another word on PHI",
                    host.as_str(),
                    other.id
                );
                found.push(
                    deviation(context, "HOST_TWICE", &*entry.id, text).at(Egress::place(entry)),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_host_is_matched_by_name_or_below_a_star() {
        assert!(host("kms.example.com").matches("KMS.example.com."));
        assert!(!host("kms.example.com").matches("x.kms.example.com"));
        assert!(host("*.example.com").matches("a.b.example.com"));
        assert!(!host("*.example.com").matches("example.com"));
        assert!(!host("*.example.com").matches("badexample.com"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "https://example.com",
            "example.com:443",
            "*",
            "*.com",
            "a..b",
            "exa mple.com",
        ] {
            assert!(Host::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
