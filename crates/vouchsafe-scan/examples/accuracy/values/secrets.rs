//! Secrets: valid in form, made by chance, none of them anybody's.

use vouchsafe_scan::class::Class;

use super::Record;
use crate::random::Random;
use crate::text::{Label, Text};

const FORMS: &[&str] = &[
    "aws", "github", "slack", "stripe", "google", "jwt", "password", "opaque",
];

impl Record<'_> {
    /// A secret.
    pub(super) fn secret(&mut self, key: &str, form: Option<&str>) -> Option<Text> {
        if key != "secret" {
            return None;
        }
        let form = self.form(form, FORMS);
        Some(Text::labelled(
            made(&mut self.random, form)?,
            Label::new(Class::Secret, &format!("secret:{form}")),
        ))
    }
}

fn made(random: &mut Random, form: &str) -> Option<String> {
    let any = |count: usize| "*".repeat(count);
    Some(match form {
        "aws" => random.shape("AKIA????????????????"),
        "aws-secret" => random.shape(&any(40)),
        "github" => random.shape(&format!("ghp_{}", any(36))),
        "gitlab" => random.shape(&format!("glpat-{}", any(20))),
        "slack" => random.shape(&format!("xoxb-###########-###########-{}", any(24))),
        "stripe" => random.shape(&format!("sk_live_{}", any(24))),
        "google" => random.shape(&format!("AIzaSy{}", any(33))),
        "sendgrid" => random.shape(&format!("SG.{}.{}", any(22), any(43))),
        "npm" => random.shape(&format!("npm_{}", any(36))),
        "twilio" => random.shape(&format!("SK{}", "&".repeat(32))),
        "jwt" => {
            let payload = random.shape(&format!("eyJ{}", any(83)));
            random.shape(&format!(
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{payload}.{}",
                any(43)
            ))
        }
        "password" => match random.below(4) {
            0 => random.shape("^~~~~~####_"),
            1 => random.shape("~~~~~~-~~~~~-~~~~##"),
            2 => random.shape("****************"),
            _ => format!(
                "{}{}",
                random.pick(&["Winter", "Summer", "Clinic", "Welcome", "Cardio"]),
                random.shape("20##-%")
            ),
        },
        "opaque" => random.shape(&any(32)),
        "hex" => random.shape(&"&".repeat(40)),
        "basic" => random.shape(&format!("{}==", any(22))),
        _ => return None,
    })
}
