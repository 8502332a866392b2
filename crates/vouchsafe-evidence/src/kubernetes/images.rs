//! Images: by digest, so that what was looked at is what runs.

use super::Cluster;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};
use crate::yaml::Node;

/// The check `image.digest-pinned`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    for workload in cluster.production() {
        let containers = workload.containers();
        let of_containers = containers
            .iter()
            .map(|one| (one.name, one.node, one.node.text_at(&["image"])));
        let volumes = workload.pod.list_at(&["volumes"]).iter();
        let of_volumes = volumes
            .filter(|volume| volume.get("image").is_some())
            .map(|volume| {
                (
                    volume.text_at(&["name"]).unwrap_or("(unnamed)"),
                    volume,
                    volume.text_at(&["image", "reference"]),
                )
            });
        for (name, node, image) in of_containers.chain(of_volumes) {
            if let Some((code, text)) = fault(image) {
                let item = format!("{}/{name}", workload.item());
                deviations.push(
                    Deviation::new(code, item, text).at(workload.object.place_of(image_of(node))),
                );
            }
        }
    }
    Ok(cluster.verdict(deviations, Vec::new()))
}

fn image_of(node: &Node) -> &Node {
    node.get("image").unwrap_or(node)
}

fn fault(image: Option<&str>) -> Option<(&'static str, String)> {
    let Some(image) = image else {
        return Some(("IMAGE_MISSING", "it names no image".to_owned()));
    };
    let Some((_, digest)) = image.split_once('@') else {
        return Some((
            "IMAGE_NOT_PINNED",
            format!("{image} has no digest: what it stands for may change"),
        ));
    };
    let digits = digest.strip_prefix("sha256:").unwrap_or_default();
    let whole = digits.len() == 64
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (!whole).then(|| {
        (
            "IMAGE_DIGEST_MALFORMED",
            format!("{image} has a digest that is not sha256 and 64 digits"),
        )
    })
}
