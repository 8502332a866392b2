//! Numbers of people: of records, plans, accounts, licences, vehicles, devices, bodies.

use vouchsafe_scan::class::Class;

use super::{Record, checks};
use crate::random::Random;
use crate::text::{Label, Text};

impl Record<'_> {
    /// A number of a person.
    pub(super) fn identifier(
        &mut self,
        key: &str,
        form: Option<&str>,
        person: usize,
    ) -> Option<Text> {
        let (class, forms): (Class, &[&str]) = match key {
            "ssn" => (Class::Ssn, &["dash", "dash", "dash", "plain", "space"]),
            "mrn" => (
                Class::Mrn,
                &["digits7", "digits8", "zeros", "prefix", "letter"],
            ),
            "plan" => (
                Class::HealthPlan,
                &["mbi", "mbi-dash", "letters", "digits", "medicaid", "letter"],
            ),
            "account" => (
                Class::Account,
                &[
                    "card",
                    "card-space",
                    "card-dash",
                    "iban",
                    "iban-space",
                    "bank",
                ],
            ),
            "license" => (
                Class::License,
                &[
                    "npi", "dea", "dl-ca", "dl-fl", "dl-ny", "dl-il", "md", "passport",
                ],
            ),
            "vehicle" => (Class::Vehicle, &["vin", "vin", "plate", "plate-dash"]),
            "device" => (
                Class::Device,
                &["mac", "mac-dash", "mac-dot", "imei", "udi", "serial"],
            ),
            "bio" => (Class::Biometric, &["finger", "voice", "hash", "iris"]),
            "uid" => (
                Class::UniqueId,
                &["study", "case", "employee", "specimen", "nhs", "sin", "cpf"],
            ),
            "patient" | "visit" | "claim" => (Class::UniqueId, &["id"]),
            _ => return None,
        };
        let form = self.form(form, forms);
        let text = self.fact(&format!("{key}:{form}"), person, |random| {
            let made = match key {
                "ssn" => ssn(random, form),
                "mrn" | "plan" => record_number(random, form),
                "account" => account(random, form),
                "license" => license(random, form),
                "vehicle" | "device" | "bio" => thing(random, form),
                _ => unique(random, &format!("{key}:{form}")),
            };
            made.unwrap_or_default()
        });
        // A random id tells nobody who it is, also when a field says that it is a patient's.
        let label = if (key, form) == ("patient", "uuid") {
            Label::neutral()
        } else {
            Label::new(class, &format!("{key}:{form}"))
        };
        (!text.is_empty()).then(|| Text::labelled(text, label))
    }
}

fn ssn(random: &mut Random, form: &str) -> Option<String> {
    let area = if random.percent(75) {
        random.between(1, 665)
    } else {
        random.between(667, 899)
    };
    let (group, serial) = (random.between(1, 99), random.between(1, 9_999));
    Some(match form {
        "dash" => format!("{area:03}-{group:02}-{serial:04}"),
        "plain" => format!("{area:03}{group:02}{serial:04}"),
        "space" => format!("{area:03} {group:02} {serial:04}"),
        _ => return None,
    })
}

fn record_number(random: &mut Random, form: &str) -> Option<String> {
    Some(match form {
        "digits6" => random.digits(6),
        "digits7" => random.digits(7),
        "digits8" => random.digits(8),
        "digits10" => random.digits(10),
        "zeros" => random.shape("00######"),
        "prefix" => random.shape("MRN-########"),
        "letter" => random.shape("^#######"),
        "mbi" => checks::mbi(random),
        "mbi-dash" => {
            let mbi = checks::mbi(random);
            format!("{}-{}-{}", mbi.get(..4)?, mbi.get(4..7)?, mbi.get(7..)?)
        }
        "letters" => random.shape("^^^#########"),
        "digits" => random.digits(11),
        "medicaid" => random.shape("^^#####^"),
        _ => return None,
    })
}

fn account(random: &mut Random, form: &str) -> Option<String> {
    let spaced = |text: &str, between: &str| -> String {
        let signs: Vec<char> = text.chars().collect();
        signs
            .chunks(4)
            .map(|part| part.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join(between)
    };
    Some(match form {
        "card" => card(random, true),
        "card-space" => spaced(&card(random, false), " "),
        "card-dash" => spaced(&card(random, false), "-"),
        "iban" => checks::iban(random),
        "iban-space" => spaced(&checks::iban(random), " "),
        "routing" => checks::routing(random),
        "bank" => {
            let length = 9 + random.below(4);
            random.digits(length)
        }
        "patient" => random.shape("######%###"),
        _ => return None,
    })
}

fn card(random: &mut Random, any_length: bool) -> String {
    let shape = match random.below(if any_length { 6 } else { 5 }) {
        0 | 1 => "4##############",
        2 => "51#############",
        3 => "54#############",
        4 => "6011###########",
        _ => "37############",
    };
    let digits = random.shape(shape);
    checks::with_luhn(&digits)
}

fn license(random: &mut Random, form: &str) -> Option<String> {
    Some(match form {
        "npi" => checks::npi(random),
        "dea" => checks::dea(random),
        "dl-ca" => random.shape("^#######"),
        "dl-fl" => random.shape("^###-###-##-###-#"),
        "dl-ny" => random.shape("### ### ###"),
        "dl-tx" => random.shape("########"),
        "dl-il" => random.shape("^###-####-####"),
        "dl-wa" => random.shape("WDL?????#??#"),
        "md" => {
            let start = random.pick(&["MD", "RN", "DO", "PA", "LCSW", "PharmD"]);
            format!("{start}{}", random.shape("######"))
        }
        "passport" => random.shape_of(&["^########", "#########"]),
        _ => return None,
    })
}

fn thing(random: &mut Random, form: &str) -> Option<String> {
    Some(match form {
        "vin" => checks::vin(random),
        "plate" => random.shape_of(&["%^^^###", "^^^####", "^^^###"]),
        "plate-dash" => random.shape_of(&["^^^-####", "###-^^^", "^^-#####"]),
        "mac" => mac(random, ":", "&&"),
        "mac-upper" => mac(random, ":", "!!"),
        "mac-dash" => mac(random, "-", "!!"),
        "mac-dot" => random.shape("00&&.&&&&.&&&&"),
        "imei" => checks::with_luhn(&random.shape_of(&["35############", "86############"])),
        "udi" => {
            let (item, lot, serial) = (
                checks::gtin(random),
                random.shape("?????"),
                random.shape("^^########"),
            );
            format!(
                "(01){item}(17){:02}{:02}{:02}(10){lot}(21){serial}",
                random.between(26, 32),
                random.between(1, 12),
                random.between(1, 28)
            )
        }
        "serial" => {
            let start = random.pick(&["PJN", "SN", "BLC", "ICD", "CGM", "VNS"]);
            format!("{start}{}", random.shape("#######^"))
        }
        "finger" => random.shape("FP-&&&&&&&&-####"),
        "voice" => random.shape("vp_****************"),
        "iris" => random.shape("IRIS-!!!!!!!!!!!!"),
        "hash" => random.shape(&"&".repeat(64)),
        _ => return None,
    })
}

fn mac(random: &mut Random, between: &str, pair: &str) -> String {
    let start = random.pick(&["00", "3c", "a4", "f0", "8c", "dc"]);
    let start = if pair == "!!" {
        start.to_uppercase()
    } else {
        start.to_owned()
    };
    let rest = [(); 5].map(|()| random.shape(pair));
    format!("{start}{between}{}", rest.join(between))
}

fn unique(random: &mut Random, form: &str) -> Option<String> {
    Some(match form {
        "uid:study" => random.shape("SUBJ-###-####"),
        "uid:case" => random.shape("CASE-2024-######"),
        "uid:employee" => random.shape("E%######"),
        "uid:specimen" => random.shape("S24-#######"),
        "uid:nhs" => {
            let nhs = checks::nhs(random);
            format!("{} {} {}", nhs.get(..3)?, nhs.get(3..6)?, nhs.get(6..)?)
        }
        "uid:sin" => {
            let sin = checks::with_luhn(&random.shape("%#######"));
            format!("{}-{}-{}", sin.get(..3)?, sin.get(3..6)?, sin.get(6..)?)
        }
        "uid:cpf" => {
            let cpf = checks::cpf(random);
            format!(
                "{}.{}.{}-{}",
                cpf.get(..3)?,
                cpf.get(3..6)?,
                cpf.get(6..9)?,
                cpf.get(9..)?
            )
        }
        "patient:id" => random.digits(7),
        "patient:uuid" => random.shape("&&&&&&&&-&&&&-4&&&-a&&&-&&&&&&&&&&&&"),
        "visit:id" => random.shape("V00########"),
        "claim:id" => random.shape("CLM##########"),
        _ => return None,
    })
}
