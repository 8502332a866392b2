//! Loads the files of a bundle: manifest, schema, policies. Any invalid file is refused.

use std::collections::BTreeSet;

use cedar_policy::{Entities, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde::Deserialize;

use super::bundle::{BundleFiles, BundleRefused, PolicyInfo, RoleSet};
use super::sight::{Sight, Words};
use super::{Purpose, RoleName, is_name};
use crate::class::DataClass;

/// The file that names the bundle and lists its roles.
pub(super) const MANIFEST: &str = "manifest.json";
/// The file that declares the entities and attributes of policies.
pub(super) const SCHEMA: &str = "schema.cedarschema";

/// The depth of attribute access from principal and resource: to their attributes and roles (Cedar RFC 76). Strict
/// validation would let policies go further; requests hold no entities there.
const MAX_DEREFERENCE_LEVEL: u32 = 1;
/// Maximum length of an annotation in bytes.
const MAX_ANNOTATION_BYTES: usize = 128;

macro_rules! default_files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../policies/", $name)))),*]
    };
}

/// The bundle that comes with the product.
pub(super) const DEFAULT_FILES: [(&str, &str); 10] = default_files! {
    "manifest.json"
    "schema.cedarschema"
    "guards.cedar"
    "clinician.cedar"
    "front-desk.cedar"
    "registration.cedar"
    "privacy-officer.cedar"
    "auditor.cedar"
    "patient.cedar"
    "integration.cedar"
};

/// The content of a bundle's files, compiled.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) id: String,
    pub(super) version: u64,
    /// By name.
    pub(super) roles: Vec<Role>,
    pub(super) words: Words,
    pub(super) schema: Schema,
    /// The actions with their groups.
    pub(super) actions: Entities,
    pub(super) policies: PolicySet,
    /// By file, then by id.
    pub(super) infos: Vec<PolicyInfo>,
}

/// A role in the manifest.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) name: RoleName,
    pub(super) purposes: Vec<Purpose>,
}

impl Loaded {
    /// Loads a bundle whose signature is valid.
    pub(super) fn new(files: &BundleFiles) -> Result<Self, BundleRefused> {
        let Manifest { id, version, roles } = manifest(files)?;
        let words = Words::new().map_err(|_| schema_refused("the engine's names do not parse"))?;
        let schema = schema(files)?;
        let actions = schema
            .action_entities()
            .map_err(|error| schema_refused(&error.to_string()))?;
        check_schema(&words, &schema, &actions)?;
        let roles = self::roles(roles)?;
        let mut policies = PolicySet::new();
        let mut infos = Vec::new();
        for (file, content) in files.iter().filter(|(name, _)| name.ends_with(".cedar")) {
            for policy in read_policies(file, content)? {
                let info = annotations(file, &policy)?;
                check_names(&words, &roles, &info, &policy)?;
                policies
                    .add(policy.new_id(PolicyId::new(&info.id)))
                    .map_err(|_| {
                        annotation_refused(file, &info.id, "another policy has this @id")
                    })?;
                infos.push(info);
            }
        }
        validate(&schema, &policies)?;
        infos.sort_by(|a, b| (&a.file, &a.id).cmp(&(&b.file, &b.id)));
        Ok(Self {
            id,
            version,
            roles,
            words,
            schema,
            actions,
            policies,
            infos,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    id: String,
    version: u64,
    roles: Vec<ManifestRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestRole {
    name: String,
    #[expect(dead_code, reason = "for who reads the manifest; must be there")]
    about: String,
    purposes: Vec<String>,
}

fn manifest(files: &BundleFiles) -> Result<Manifest, BundleRefused> {
    let content = files
        .get(MANIFEST)
        .ok_or_else(|| manifest_refused("the file is missing"))?;
    let manifest: Manifest =
        serde_json::from_slice(content).map_err(|error| manifest_refused(&error.to_string()))?;
    if !is_name(&manifest.id) {
        return Err(manifest_refused(
            "id is not 1 to 64 of a-z, 0-9 and -, a letter first",
        ));
    }
    Ok(manifest)
}

fn roles(listed: Vec<ManifestRole>) -> Result<Vec<Role>, BundleRefused> {
    if listed.len() > RoleSet::MAX {
        return Err(manifest_refused("more than 64 roles"));
    }
    let mut roles = Vec::with_capacity(listed.len());
    for ManifestRole {
        name,
        about: _,
        purposes,
    } in listed
    {
        let purposes: Result<Vec<Purpose>, _> = purposes.iter().map(|code| code.parse()).collect();
        roles.push(Role {
            purposes: purposes
                .map_err(|_| manifest_refused(&format!("unknown purpose of role {name:?}")))?,
            name: name
                .parse()
                .map_err(|_| manifest_refused(&format!("{name:?} is no name of a role")))?,
        });
    }
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let names: BTreeSet<&RoleName> = roles.iter().map(|role| &role.name).collect();
    if names.len() < roles.len() {
        return Err(manifest_refused("a role is listed twice"));
    }
    Ok(roles)
}

fn schema(files: &BundleFiles) -> Result<Schema, BundleRefused> {
    let content = files
        .get(SCHEMA)
        .ok_or_else(|| schema_refused("the file is missing"))?;
    let text = str::from_utf8(content).map_err(|_| schema_refused("not UTF-8"))?;
    let (schema, warnings) =
        Schema::from_cedarschema_str(text).map_err(|error| schema_refused(&error.to_string()))?;
    let mut warnings = warnings.map(|warning| warning.to_string());
    match warnings.next() {
        Some(warning) => Err(schema_refused(&warning)),
        None => Ok(schema),
    }
}

/// Checks that every possible request fits the schema.
fn check_schema(words: &Words, schema: &Schema, actions: &Entities) -> Result<(), BundleRefused> {
    let no_probe = |_| schema_refused("the engine's probe is not sound");
    let record_type = "Probe".parse().map_err(no_probe)?;
    let roles = ["probe".parse().map_err(no_probe)?];
    for probe in Sight::probes(&record_type) {
        let refused =
            |_| schema_refused("requests do not fit it; actions, entities or context differ");
        probe
            .entities(words, schema, actions, &roles)
            .map_err(refused)?;
        for class in DataClass::ALL {
            probe.request(words, schema, class).map_err(refused)?;
        }
    }
    Ok(())
}

fn read_policies(file: &str, content: &[u8]) -> Result<Vec<Policy>, BundleRefused> {
    let refused = |reason: String| BundleRefused::Syntax {
        file: file.to_owned(),
        reason,
    };
    let text = str::from_utf8(content).map_err(|_| refused("not UTF-8".to_owned()))?;
    let set: PolicySet = text
        .parse()
        .map_err(|error: cedar_policy::ParseErrors| refused(error.to_string()))?;
    if set.templates().next().is_some() {
        return Err(refused("templates are not used here".to_owned()));
    }
    Ok(set.policies().cloned().collect())
}

fn annotations(file: &str, policy: &Policy) -> Result<PolicyInfo, BundleRefused> {
    let place = policy
        .annotation("id")
        .map_or_else(|| policy.id().to_string(), str::to_owned);
    let read = |key: &str| {
        let value = policy.annotation(key).unwrap_or_default();
        let plain = value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if value.trim().is_empty() {
            Err(annotation_refused(
                file,
                &place,
                &format!("@{key} is missing or empty"),
            ))
        } else if value.len() > MAX_ANNOTATION_BYTES || !plain {
            Err(annotation_refused(
                file,
                &place,
                &format!("@{key} is too long or not plain ASCII"),
            ))
        } else {
            Ok(value.to_owned())
        }
    };
    let info = PolicyInfo {
        id: read("id")?,
        control: read("control")?,
        owner: read("owner")?,
        file: file.to_owned(),
    };
    if is_name(&info.id) {
        Ok(info)
    } else {
        Err(annotation_refused(
            file,
            &info.id,
            "@id is not 1 to 64 of a-z, 0-9 and -, a letter first",
        ))
    }
}

/// Refuses a policy that names a role that is not in the manifest, or an entity that it cannot see.
///
/// Such a policy would never apply, and a `forbid` that never applies is a hole.
fn check_names(
    words: &Words,
    roles: &[Role],
    info: &PolicyInfo,
    policy: &Policy,
) -> Result<(), BundleRefused> {
    let invalid = |reason: String| Err(BundleRefused::Invalid { reason });
    for literal in policy.entity_literals() {
        let name = literal.id().unescaped();
        if literal.type_name() == &words.role
            && !roles.iter().any(|role| role.name.as_str() == name)
        {
            return invalid(format!("{}: the manifest lists no role {name:?}", info.id));
        }
        if words.is_nameless(literal.type_name()) {
            return invalid(format!(
                "{}: {literal} is named, but policies see nobody's id",
                info.id
            ));
        }
    }
    Ok(())
}

fn validate(schema: &Schema, policies: &PolicySet) -> Result<(), BundleRefused> {
    let result = Validator::new(schema.clone()).validate_with_level(
        policies,
        ValidationMode::Strict,
        MAX_DEREFERENCE_LEVEL,
    );
    let errors = result.validation_errors().map(ToString::to_string);
    // Warnings count too: a policy that can never apply is a mistake of its author.
    let mut all = errors.chain(result.validation_warnings().map(ToString::to_string));
    match all.next() {
        Some(reason) => Err(BundleRefused::Invalid { reason }),
        None => Ok(()),
    }
}

fn manifest_refused(reason: &str) -> BundleRefused {
    BundleRefused::Manifest {
        reason: reason.to_owned(),
    }
}

fn schema_refused(reason: &str) -> BundleRefused {
    BundleRefused::Schema {
        reason: reason.to_owned(),
    }
}

fn annotation_refused(file: &str, policy: &str, reason: &str) -> BundleRefused {
    BundleRefused::Annotation {
        file: file.to_owned(),
        policy: policy.to_owned(),
        reason: reason.to_owned(),
    }
}
