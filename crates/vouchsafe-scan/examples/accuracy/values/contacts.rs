//! Ways to reach a person: telephone, fax, mail, web and network addresses, photographs.

use vouchsafe_scan::class::Class;

use super::Record;
use crate::random::Random;
use crate::text::{Label, Text};

const AREAS: &[&str] = &[
    "201", "205", "206", "212", "213", "214", "216", "253", "267", "281", "303", "305", "312",
    "313", "314", "317", "323", "347", "404", "408", "412", "415", "424", "480", "503", "505",
    "512", "515", "602", "605", "612", "615", "617", "619", "646", "651", "702", "703", "704",
    "713", "718", "720", "773", "786", "801", "804", "808", "812", "832", "847", "858", "901",
    "907", "917", "919", "925", "952", "971", "972", "989",
];
const PHONE_FORMS: &[&str] = &[
    "paren", "paren", "dash", "dash", "dash", "dot", "plain", "e164", "e164", "intl", "one-dash",
];
const MAIL_HOSTS: &[&str] = &[
    "gmail.com",
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "hotmail.com",
    "icloud.com",
    "aol.com",
    "proton.me",
    "comcast.net",
    "gmx.de",
    "verizon.net",
    "mail.ru",
    "yahoo.co.uk",
    "me.com",
    "fastmail.com",
    "lakesidehealth.org",
    "umn.edu",
];

impl Record<'_> {
    /// A way to reach a person.
    pub(super) fn contact(&mut self, key: &str, form: Option<&str>, person: usize) -> Option<Text> {
        let (class, form, text) = match key {
            "phone" | "fax" => {
                let form = self.form(form, PHONE_FORMS);
                let number = self.fact(key, person, nanp);
                let class = if key == "fax" {
                    Class::Fax
                } else {
                    Class::Phone
                };
                (class, form, phone(&mut self.random, &number, form)?)
            }
            "email" => {
                let form = self.form(
                    form,
                    &[
                        "dotted",
                        "dotted",
                        "initial",
                        "digits",
                        "tag",
                        "reversed",
                        "underscore",
                    ],
                );
                (Class::Email, form, self.mail(form, person)?)
            }
            "ip" => {
                let form = self.form(form, &["v4", "v4", "v4", "v6"]);
                (
                    Class::Ip,
                    form,
                    self.fact(&format!("ip{form}"), person, |random| address(random, form)),
                )
            }
            "url" => {
                let form = self.form(form, &["profile", "profile", "site", "portal"]);
                (Class::Url, form, self.web(form, person)?)
            }
            "photo" => {
                let form = self.form(form, &["path", "path", "url", "object", "name"]);
                (Class::Photo, form, self.photo(form)?)
            }
            _ => return None,
        };
        Some(Text::labelled(
            text,
            Label::new(class, &format!("{key}:{form}")),
        ))
    }

    fn mail(&mut self, form: &str, person: usize) -> Option<String> {
        let (given, family) = self.person(person).plain();
        let host = self.fact("mail-host", person, |random| {
            random.pick(MAIL_HOSTS).to_owned()
        });
        let number = self.fact("mail-number", person, |random| {
            random.between(1, 99).to_string()
        });
        let initial: String = given.chars().take(1).collect();
        Some(match form {
            "dotted" => format!("{given}.{family}@{host}"),
            "initial" => format!("{initial}{family}@{host}"),
            "digits" => format!("{given}{number}@{host}"),
            "tag" => format!("{given}.{family}+portal{number}@{host}"),
            "reversed" => format!("{family}.{initial}@{host}"),
            "underscore" => format!("{given}_{family}{number}@{host}"),
            _ => return None,
        })
    }

    fn web(&mut self, form: &str, person: usize) -> Option<String> {
        let (given, family) = self.person(person).plain();
        let number = self.fact("web-number", person, |random| random.digits(8));
        Some(match form {
            "profile" => match self.random.below(5) {
                0 => format!("https://www.linkedin.com/in/{given}-{family}-{number}"),
                1 => format!(
                    "https://www.facebook.com/{given}.{family}.{}",
                    number.get(..3)?
                ),
                2 => format!("https://twitter.com/{given}{family}"),
                3 => format!("https://www.instagram.com/{given}_{family}/"),
                _ => format!("https://www.strava.com/athletes/{number}"),
            },
            "site" => match self.random.below(3) {
                0 => format!("https://{given}{family}.com"),
                1 => format!("http://www.{family}-family.net/about/{given}"),
                _ => format!("https://{given}-{family}.blogspot.com/"),
            },
            "portal" => match self.random.below(4) {
                0 => format!("https://mychart.lakesidehealth.org/patients/{number}"),
                1 => format!("https://portal.riverbendclinic.com/p/{number}/summary"),
                2 => format!("https://results.cedarlab.com/patient/{number}/report"),
                _ => format!("https://app.caretrail.io/members/{number}/profile"),
            },
            _ => return None,
        })
    }

    fn photo(&mut self, form: &str) -> Option<String> {
        let random = &mut self.random;
        let ending = random.pick(&["jpg", "jpg", "jpeg", "png", "heic"]);
        Some(match form {
            "path" => {
                let folder = random.pick(&[
                    "/var/lib/photos",
                    "/mnt/uploads/faces",
                    "/data/patient-photos",
                    "/srv/portraits",
                ]);
                format!("{folder}/{}.{ending}", random.shape("&&&&&&&&########"))
            }
            "url" => {
                let host = random.pick(&[
                    "https://cdn.caretrail.io/avatars",
                    "https://img.lakesidehealth.org/patient-photo",
                ]);
                format!("{host}/{}.{ending}", random.shape("########"))
            }
            "object" => {
                let bucket = random.pick(&[
                    "s3://clinic-faces",
                    "gs://idv-selfies",
                    "s3://intake-photos/front",
                ]);
                format!("{bucket}/{}.{ending}", random.shape("&&&&&&&&-&&&&-4&&&"))
            }
            "name" => {
                let start =
                    random.pick(&["face", "portrait", "selfie", "patient_photo", "headshot"]);
                format!("{start}_{}.{ending}", random.shape("########"))
            }
            _ => return None,
        })
    }
}

/// Ten digits of the North American numbering plan, none of which is kept for films.
fn nanp(random: &mut Random) -> String {
    loop {
        let exchange = random.between(220, 989);
        if exchange % 100 != 11 && exchange != 555 {
            return format!("{}{exchange}{}", random.pick(AREAS), random.shape("####"));
        }
    }
}

fn phone(random: &mut Random, number: &str, form: &str) -> Option<String> {
    let (area, exchange, line) = (number.get(..3)?, number.get(3..6)?, number.get(6..)?);
    Some(match form {
        "paren" => format!("({area}) {exchange}-{line}"),
        "paren-tight" => format!("({area}){exchange}-{line}"),
        "dash" => format!("{area}-{exchange}-{line}"),
        "dot" => format!("{area}.{exchange}.{line}"),
        "space" => format!("{area} {exchange} {line}"),
        "plain" => number.to_owned(),
        "e164" => format!("+1{number}"),
        "intl" => format!("+1 {area} {exchange} {line}"),
        "intl-paren" => format!("+1 ({area}) {exchange}-{line}"),
        "one-dash" => format!("1-{area}-{exchange}-{line}"),
        "extension" => format!("{area}-{exchange}-{line} x{}", random.between(10, 9_999)),
        "foreign" => {
            let shape = random.pick(&[
                "+44 20 7### ####",
                "+49 30 %#######",
                "+33 6 ## ## ## ##",
                "+91 98### #####",
                "+234 803 ### ####",
                "+61 4## ### ###",
            ]);
            random.shape(shape)
        }
        "foreign-plain" => {
            let shape = random.pick(&[
                "+4479########",
                "+49151########",
                "+3367#######",
                "+9198########",
                "+23480########",
            ]);
            random.shape(shape)
        }
        _ => return None,
    })
}

/// A public network address.
fn address(random: &mut Random, form: &str) -> String {
    if form == "v6" {
        let start = random.pick(&[
            "2600:1700",
            "2601:280",
            "2a02:8108",
            "2a00:23c7",
            "2804:14c",
            "2405:201",
        ]);
        return match random.below(2) {
            0 => random.shape(&format!("{start}:%&&&:%&&:%&&&:%&&&:%&&&:%&&&")),
            _ => random.shape(&format!("{start}:%&&&::%&&&:%&")),
        };
    }
    const STARTS: &[&str] = &[
        "24", "47", "50", "63", "65", "67", "68", "71", "73", "74", "76", "81", "84", "86", "91",
        "93", "96", "98", "99", "107", "108", "134", "142", "152", "174", "178", "184", "189",
        "201", "213", "217",
    ];
    let start = random.pick(STARTS);
    format!(
        "{start}.{}.{}.{}",
        random.between(1, 254),
        random.between(0, 254),
        random.between(1, 254)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_follow_the_numbering_plan() {
        let mut random = Random::new(1, &[]);
        for _ in 0..500 {
            let number = nanp(&mut random);
            assert_eq!(number.len(), 10);
            let exchange = number.get(3..6).unwrap();
            assert!(
                exchange.starts_with(|sign| sign > '1')
                    && !exchange.ends_with("11")
                    && exchange != "555"
            );
        }
        assert_eq!(
            phone(&mut random, "4157362911", "paren").as_deref(),
            Some("(415) 736-2911")
        );
    }

    #[test]
    fn network_addresses_are_valid_and_public() {
        let mut random = Random::new(1, &[]);
        for _ in 0..500 {
            let four: std::net::Ipv4Addr = address(&mut random, "v4").parse().unwrap();
            assert!(!four.is_private() && !four.is_documentation() && !four.is_multicast());
            assert!(
                address(&mut random, "v6")
                    .parse::<std::net::Ipv6Addr>()
                    .is_ok()
            );
        }
    }
}
