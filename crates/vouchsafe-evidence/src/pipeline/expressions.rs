//! Expressions in workflows: `${{ ... }}`.

/// The expressions of a text, with lower-case names, without spaces, and `a['b']` written as `a.b`.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("${{").skip(1) {
        // An expression without an end is none to GitHub; it is looked at all the same.
        let inside = rest.split_once("}}").map_or(rest, |(inside, _)| inside);
        found.push(normal(inside));
    }
    found
}

fn normal(text: &str) -> String {
    let lower: String = text
        .chars()
        .filter(|char| !char.is_whitespace())
        .map(|char| char.to_ascii_lowercase())
        .collect();
    lower
        .replace("['", ".")
        .replace("[\"", ".")
        .replace("']", "")
        .replace("\"]", "")
}

/// The names in an expression: `github.event.issue.title`, each as its parts.
pub(super) fn names(expression: &str) -> impl Iterator<Item = Vec<&str>> {
    let end = |char: char| {
        !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '*' | '[' | ']'))
    };
    expression
        .split(end)
        .filter(|name| name.contains('.') || matches!(*name, "github" | "secrets"))
        .map(|name| name.split('.').collect())
}

/// Whether whoever opens a pull request, an issue or a comment decides what a name stands for.
pub(super) fn is_untrusted(name: &[&str]) -> bool {
    match name {
        ["github", "head_ref"] | ["github"] | ["github", "event"] => true,
        ["github", "event", rest @ ..] => {
            let has = |part: &str| rest.contains(&part);
            match rest.last().copied().unwrap_or_default() {
                "title" | "body" | "message" | "page_name" | "head_branch" | "display_title"
                | "email" => true,
                "ref" | "label" | "default_branch" | "full_name" | "description" | "homepage" => {
                    has("head")
                }
                "name" => has("author") || has("committer") || has("pages"),
                // A whole object: its text has all of those.
                "issue" | "pull_request" | "comment" | "review" | "discussion" | "commits"
                | "head_commit" | "workflow_run" | "pages" | "head" => true,
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untrusted(text: &str) -> bool {
        of(text)
            .iter()
            .any(|expression| names(expression).any(|name| is_untrusted(&name)))
    }

    #[test]
    fn what_strangers_write_is_known_in_each_spelling() {
        for text in [
            "echo ${{ github.event.issue.title }}",
            "echo ${{github.event.pull_request.body}}",
            "echo ${{ github.event['comment']['body'] }}",
            "echo ${{ format('{0}', github.event.pull_request.head.ref) }}",
            "echo ${{ github.head_ref || github.ref }}",
            "echo ${{ GitHub.Event.Review.Body }}",
            "echo ${{ toJSON(github.event) }}",
            "echo ${{ github.event.commits[0].message }}",
            "echo ${{ github.event.commits.*.author.name }}",
            "echo ${{ github.event.workflow_run.head_branch }}",
            "echo ${{ github.event.pages[0].page_name",
        ] {
            assert!(untrusted(text), "{text}");
        }
    }

    #[test]
    fn what_strangers_do_not_write_is_left_alone() {
        for text in [
            "echo github.event.issue.title",
            "echo ${{ github.sha }} ${{ github.repository }}",
            "echo ${{ github.event.pull_request.number }}",
            "echo ${{ github.event.pull_request.head.sha }}",
            "echo ${{ github.event.pull_request.base.ref }}",
            "echo ${{ matrix.title }} ${{ env.body }}",
            "echo ${{ github.event.repository.default_branch }}",
        ] {
            assert!(!untrusted(text), "{text}");
        }
    }
}
