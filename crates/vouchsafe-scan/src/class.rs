//! Classes of findings: the 18 identifiers of the HIPAA Safe Harbor method, and secrets.

use std::fmt;

/// What kind of value was found.
///
/// The first 18 are the identifiers of 45 CFR 164.514(b)(2)(i), in its order, (A) to (R).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// (A) Names.
    Name,
    /// (B) Geographic subdivisions smaller than a state: street, city, county, ZIP code, coordinates.
    Geography,
    /// (C) Dates that are tied to a person, and ages over 89.
    Date,
    /// (D) Telephone numbers.
    Phone,
    /// (E) Fax numbers.
    Fax,
    /// (F) Electronic mail addresses.
    Email,
    /// (G) Social security numbers.
    Ssn,
    /// (H) Medical record numbers.
    Mrn,
    /// (I) Health plan beneficiary numbers.
    HealthPlan,
    /// (J) Account numbers: bank accounts, payment cards.
    Account,
    /// (K) Certificate and licence numbers.
    License,
    /// (L) Vehicle identifiers and serial numbers, licence plates.
    Vehicle,
    /// (M) Device identifiers and serial numbers.
    Device,
    /// (N) Web addresses (URLs) that lead to a person.
    Url,
    /// (O) Internet protocol (IP) addresses.
    Ip,
    /// (P) Biometric identifiers.
    Biometric,
    /// (Q) Full-face photographs and comparable images.
    Photo,
    /// (R) Any other unique identifying number, characteristic or code.
    UniqueId,
    /// No identifier of a person: tokens, keys, passwords.
    Secret,
}

impl Class {
    /// All classes, in order.
    pub const ALL: [Self; 19] = [
        Self::Name,
        Self::Geography,
        Self::Date,
        Self::Phone,
        Self::Fax,
        Self::Email,
        Self::Ssn,
        Self::Mrn,
        Self::HealthPlan,
        Self::Account,
        Self::License,
        Self::Vehicle,
        Self::Device,
        Self::Url,
        Self::Ip,
        Self::Biometric,
        Self::Photo,
        Self::UniqueId,
        Self::Secret,
    ];

    /// The name of the class in reports, settings and baselines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Geography => "geography",
            Self::Date => "date",
            Self::Phone => "phone",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::Ssn => "ssn",
            Self::Mrn => "mrn",
            Self::HealthPlan => "health-plan",
            Self::Account => "account",
            Self::License => "license",
            Self::Vehicle => "vehicle",
            Self::Device => "device",
            Self::Url => "url",
            Self::Ip => "ip",
            Self::Biometric => "biometric",
            Self::Photo => "photo",
            Self::UniqueId => "unique-id",
            Self::Secret => "secret",
        }
    }

    /// What reports call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Geography => "Geographic subdivision below state",
            Self::Date => "Date tied to a person, or age over 89",
            Self::Phone => "Telephone number",
            Self::Fax => "Fax number",
            Self::Email => "E-mail address",
            Self::Ssn => "Social security number",
            Self::Mrn => "Medical record number",
            Self::HealthPlan => "Health plan beneficiary number",
            Self::Account => "Account number",
            Self::License => "Certificate or licence number",
            Self::Vehicle => "Vehicle identifier",
            Self::Device => "Device identifier",
            Self::Url => "Web address of a person",
            Self::Ip => "IP address",
            Self::Biometric => "Biometric identifier",
            Self::Photo => "Photograph",
            Self::UniqueId => "Other unique identifier",
            Self::Secret => "Secret",
        }
    }

    /// The paragraph that names the identifier; for secrets, the section that asks for their protection.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Name => "45 CFR 164.514(b)(2)(i)(A)",
            Self::Geography => "45 CFR 164.514(b)(2)(i)(B)",
            Self::Date => "45 CFR 164.514(b)(2)(i)(C)",
            Self::Phone => "45 CFR 164.514(b)(2)(i)(D)",
            Self::Fax => "45 CFR 164.514(b)(2)(i)(E)",
            Self::Email => "45 CFR 164.514(b)(2)(i)(F)",
            Self::Ssn => "45 CFR 164.514(b)(2)(i)(G)",
            Self::Mrn => "45 CFR 164.514(b)(2)(i)(H)",
            Self::HealthPlan => "45 CFR 164.514(b)(2)(i)(I)",
            Self::Account => "45 CFR 164.514(b)(2)(i)(J)",
            Self::License => "45 CFR 164.514(b)(2)(i)(K)",
            Self::Vehicle => "45 CFR 164.514(b)(2)(i)(L)",
            Self::Device => "45 CFR 164.514(b)(2)(i)(M)",
            Self::Url => "45 CFR 164.514(b)(2)(i)(N)",
            Self::Ip => "45 CFR 164.514(b)(2)(i)(O)",
            Self::Biometric => "45 CFR 164.514(b)(2)(i)(P)",
            Self::Photo => "45 CFR 164.514(b)(2)(i)(Q)",
            Self::UniqueId => "45 CFR 164.514(b)(2)(i)(R)",
            Self::Secret => "45 CFR 164.312(d)",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// What stands in the place of a masked value: `[SSN]`, `[HEALTH-PLAN]`.
    #[must_use]
    pub const fn mask(self) -> &'static str {
        match self {
            Self::Name => "[NAME]",
            Self::Geography => "[GEOGRAPHY]",
            Self::Date => "[DATE]",
            Self::Phone => "[PHONE]",
            Self::Fax => "[FAX]",
            Self::Email => "[EMAIL]",
            Self::Ssn => "[SSN]",
            Self::Mrn => "[MRN]",
            Self::HealthPlan => "[HEALTH-PLAN]",
            Self::Account => "[ACCOUNT]",
            Self::License => "[LICENSE]",
            Self::Vehicle => "[VEHICLE]",
            Self::Device => "[DEVICE]",
            Self::Url => "[URL]",
            Self::Ip => "[IP]",
            Self::Biometric => "[BIOMETRIC]",
            Self::Photo => "[PHOTO]",
            Self::UniqueId => "[UNIQUE-ID]",
            Self::Secret => "[SECRET]",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Confidence {
    /// The form alone, which other values have, too. Not reported unless asked for.
    Low,
    /// A form with context, or a field whose name says it.
    Medium,
    /// A checksum, or a form that little else has, in a place whose name says it.
    High,
}

impl Confidence {
    /// All, least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name in reports and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The confidence of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_to_what_they_name() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.name()), Some(class));
            assert_eq!(class.mask(), format!("[{}]", class.name().to_uppercase()));
        }
        for confidence in Confidence::ALL {
            assert_eq!(Confidence::parse(confidence.name()), Some(confidence));
        }
        assert_eq!(Class::parse("Name"), None);
    }
}
