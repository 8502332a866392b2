//! What logs are full of and is nobody's: times, hashes, versions, names of parts.

use super::Record;
use crate::random::Random;
use crate::text::Text;

const DRUGS: &[&str] = &[
    "metformin",
    "lisinopril",
    "atorvastatin",
    "amlodipine",
    "omeprazole",
    "sertraline",
    "albuterol",
    "gabapentin",
    "warfarin",
    "Eliquis",
    "Ozempic",
    "Humira",
    "Keppra",
    "Zofran",
    "Lasix",
    "prednisone",
    "levothyroxine",
    "insulin glargine",
];
const DIAGNOSES: &[&str] = &[
    "type 2 diabetes mellitus",
    "essential hypertension",
    "Crohn's disease",
    "Parkinson's disease",
    "asthma",
    "atrial fibrillation",
    "community-acquired pneumonia",
    "Graves' disease",
    "major depressive disorder",
    "Hodgkin lymphoma",
    "chronic kidney disease",
    "Bell's palsy",
    "migraine without aura",
    "Colles fracture",
    "acute appendicitis",
];
const CODES: &[&str] = &[
    "E11.9", "I10", "K50.90", "G20", "J45.909", "I48.91", "J18.9", "E05.00", "F33.1", "N18.3",
    "Z23", "M54.5",
];
const ORGANISATIONS: &[&str] = &[
    "Lakeside Medical Center",
    "Riverbend Clinic",
    "Cedar Valley Health",
    "Northgate Family Practice",
    "Summit Imaging",
    "Harbor View Hospital",
    "Prairie Orthopedics",
    "Metro Dialysis Center",
];
const PAYERS: &[&str] = &[
    "Aetna",
    "Cigna",
    "UnitedHealthcare",
    "BCBS of MN",
    "Humana",
    "Medicare",
    "Medi-Cal",
    "Tricare",
];
const SERVICES: &[&str] = &[
    "patient-api",
    "intake",
    "billing-worker",
    "hl7-bridge",
    "notify",
    "scheduler",
    "fhir-gateway",
    "auth",
    "claims-svc",
    "audit",
    "eligibility",
    "document-store",
    "telemetry-agent",
    "orders",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.109 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/121.0",
    "okhttp/4.12.0",
    "curl/8.4.0",
    "Go-http-client/2.0",
    "python-requests/2.31.0",
    "axios/1.6.2",
    "kube-probe/1.28",
];
const WORDS: &[&str] = &[
    "ready", "stale", "primary", "replica", "inbound", "outbound", "retry", "batch", "async",
    "default", "nightly", "canary", "blue",
];

impl Record<'_> {
    /// A value that is nobody's.
    pub(super) fn noise(&mut self, key: &str, form: Option<&str>) -> Option<Text> {
        let text = match key {
            "ts" => self.stamp(form.unwrap_or("iso"))?,
            "int" => {
                let (least, most) = form?.split_once("..")?;
                self.random
                    .between(least.parse().ok()?, most.parse().ok()?)
                    .to_string()
            }
            "shape" => self.random.shape(form?),
            "hex" => self.random.shape(&"&".repeat(form?.parse().ok()?)),
            "org" => {
                return Some(
                    Text::plain(self.random.pick(ORGANISATIONS))
                        .encode(crate::text::Encoding::Neutral),
                );
            }
            _ => noise(&mut self.random, key)?,
        };
        Some(Text::plain(text))
    }
}

fn noise(random: &mut Random, key: &str) -> Option<String> {
    let word = match key {
        "drug" => DRUGS,
        "diagnosis" => DIAGNOSES,
        "icd" => CODES,
        "payer" => PAYERS,
        "app" => SERVICES,
        "agent" => AGENTS,
        "word" => WORDS,
        "level" => &["INFO", "INFO", "INFO", "WARN", "ERROR", "DEBUG"],
        "method" => &["GET", "GET", "POST", "PUT", "PATCH", "DELETE"],
        "region" => &[
            "us-east-1",
            "us-west-2",
            "eu-central-1",
            "ap-southeast-2",
            "europe-west4",
            "westus2",
        ],
        _ => return shaped(random, key),
    };
    Some(random.pick(word).to_owned())
}

fn shaped(random: &mut Random, key: &str) -> Option<String> {
    Some(match key {
        "uuid" => random.shape("&&&&&&&&-&&&&-4&&&-a&&&-&&&&&&&&&&&&"),
        "trace" => random.shape(&"&".repeat(32)),
        "span" => random.shape(&"&".repeat(16)),
        "sha" => random.shape(&"&".repeat(40)),
        "sha-short" => random.shape("&&&&&&&"),
        "sha256" => random.shape(&"&".repeat(64)),
        "pod" => format!(
            "{}-{}",
            random.pick(SERVICES),
            random.shape("&&&&&&&&&-&~~~&")
        ),
        "container" => random.shape(&"&".repeat(12)),
        "version" => format!(
            "{}.{}.{}",
            random.between(0, 12),
            random.between(0, 40),
            random.between(0, 30)
        ),
        "version4" => format!(
            "{}.{}.{}.{}",
            random.between(1, 12),
            random.between(0, 9),
            random.between(0, 99),
            random.between(0, 9)
        ),
        "private" => match random.below(3) {
            0 => format!(
                "10.{}.{}.{}",
                random.between(0, 254),
                random.between(0, 254),
                random.between(1, 254)
            ),
            1 => format!(
                "192.168.{}.{}",
                random.between(0, 254),
                random.between(1, 254)
            ),
            _ => format!(
                "172.{}.{}.{}",
                random.between(16, 31),
                random.between(0, 254),
                random.between(1, 254)
            ),
        },
        other => return measured(random, other),
    })
}

fn measured(random: &mut Random, key: &str) -> Option<String> {
    Some(match key {
        "port" => random.between(1_024, 65_535).to_string(),
        "pid" => random.between(2, 65_535).to_string(),
        "line" => random.between(8, 900).to_string(),
        "status" => random
            .pick(&[
                "200", "200", "200", "201", "204", "301", "400", "404", "409", "500", "502",
            ])
            .to_owned(),
        "ms" => random.between(1, 4_000).to_string(),
        "float" => format!("{}.{}", random.between(0, 999), random.shape("###")),
        "duration" => {
            let shape = random.pick(&["#.###ms", "%#.##ms", "%##µs", "%.##s", "%m##s", "%##ms"]);
            random.shape(shape)
        }
        "bytes" => random.between(40, 90_000).to_string(),
        "size" => format!(
            "{}.{}{}",
            random.between(1, 900),
            random.below(10),
            random.pick(&["MB", "KiB", "GB", "MiB", "kB"])
        ),
        "price" => format!("{}.{}", random.between(1, 900), random.shape("##")),
        "thread" => match random.below(5) {
            0 => format!("http-nio-8080-exec-{}", random.between(1, 200)),
            1 => format!(
                "pool-{}-thread-{}",
                random.between(1, 9),
                random.between(1, 32)
            ),
            2 => "main".to_owned(),
            3 => format!("reactor-http-epoll-{}", random.between(1, 8)),
            _ => format!("ForkJoinPool.commonPool-worker-{}", random.between(1, 16)),
        },
        _ => return None,
    })
}
