//! Actions and images by commit and digest: a tag may stand for another commit tomorrow.

use super::workflows::{Job, Workflows};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Unobservable};
use crate::yaml::Node;

/// The check `pipeline.pinned`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let workflows = Workflows::of(context)?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    for job in workflows.jobs() {
        for (node, what) in uses(&job) {
            match fault(&workflows, what) {
                Fault::None => {}
                Fault::Deviation(code, text) => {
                    let place = job.workflow.place(node);
                    deviations.push(
                        Deviation::new(code, format!("{} {what}", job.item()), text).at(place),
                    );
                }
                Fault::Unobservable(text) => unobservable.push(Unobservable {
                    item: format!("{} {what}", job.item()),
                    what: text.to_owned(),
                }),
            }
        }
    }
    Ok(workflows.verdict(deviations, unobservable))
}

enum Fault {
    None,
    Deviation(&'static str, &'static str),
    Unobservable(&'static str),
}

/// What a job uses: actions, workflows and images. Images are written as `docker://`.
fn uses<'a>(job: &Job<'a>) -> Vec<(&'a Node, &'a str)> {
    let mut found = Vec::new();
    let mut take = |node: Option<&'a Node>| {
        if let Some((node, text)) = node.and_then(|node| Some((node, node.text()?))) {
            found.push((node, text));
        }
    };
    take(job.node.get("uses"));
    for step in job.steps {
        take(step.get("uses"));
    }
    let container = job.node.get("container");
    let services = job.node.get("services").map_or(&[][..], Node::entries);
    let of_services = services.iter().map(|(_, service)| Some(service));
    for holder in std::iter::once(container).chain(of_services) {
        take(holder);
        take(holder.and_then(|holder| holder.get("image")));
    }
    // An action that is an image; `Dockerfile` is the repository's own.
    take(
        job.node
            .get("image")
            .filter(|image| image.text() != Some("Dockerfile")),
    );
    found
}

fn fault(workflows: &Workflows, what: &str) -> Fault {
    let image = what.strip_prefix("docker://");
    if what.contains("${{") {
        return Fault::Unobservable("an expression stands there: write what it uses");
    }
    if what.starts_with("./") {
        return match workflows.local(what) {
            Some(_) => Fault::None,
            None => Fault::Unobservable(
                "an action of the repository that was not collected: name its folder in `workflows` under [pipeline]",
            ),
        };
    }
    // An image of a job has no scheme, and an action always has an owner, a name and a reference.
    let reference = what.rsplit_once('@');
    if let Some((_, digest)) = reference
        && let Some(digits) = digest.strip_prefix("sha256:")
    {
        return if hexadecimal(digits, &[64]) {
            Fault::None
        } else {
            Fault::Deviation("IMAGE_DIGEST_MALFORMED", "the digest is not 64 digits")
        };
    }
    if image.is_some() {
        return Fault::Deviation("IMAGE_NOT_PINNED", "the image has no digest");
    }
    match reference {
        Some((_, commit)) if hexadecimal(commit, &[40, 64]) => Fault::None,
        Some(_) => Fault::Deviation(
            "ACTION_NOT_PINNED",
            "the reference is a branch, a tag or a short hash: write the whole commit",
        ),
        None => Fault::Deviation("IMAGE_NOT_PINNED", "it has neither a commit nor a digest"),
    }
}

fn hexadecimal(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
