//! A pack of pages of a double, compared with that double: the same, altered, refused.

use serde_json::{Value, json};
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::*;
use crate::check::Check;
use crate::forge::origin::PlainHttp;
use crate::github::tests::Scene;
use crate::github::tests::double::{Body, Double, Reply, Request};
use crate::github::tests::forge::merge;
use crate::pack::{Making, make, settle};
use crate::project::Project;
use crate::store::Writer;
use crate::window::Window;
use crate::witness::Heads;

struct World {
    scene: Scene,
    pack: std::path::PathBuf,
}

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

impl World {
    /// Collected, judged and packed.
    fn new() -> Self {
        let mut scene = Scene::new();
        let double = scene.double(|_| None);
        scene.whole(&double);
        let root = scene.repo.path().to_path_buf();
        let settings = format!(
            "[project]\nname = \"p\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:.log\"\nkey = \"{}\"\n[change]\nbranches = [\"main\"]\npages = [\"{}\"]\n",
            signer().verifier(),
            scene.pages.path().display()
        );
        std::fs::create_dir(root.join("evidence")).unwrap();
        std::fs::write(root.join("evidence/evidence.toml"), settings).unwrap();
        let project = |at: &str| Project::open(&root, at.parse().unwrap()).unwrap();
        let run = project("2026-02-02T00:00:00Z");
        drop(Writer::create(&root.join(".log"), signer()).unwrap());
        let mut writer = Writer::open(&root.join(".log"), signer()).unwrap();
        let checks = Check::all().unwrap();
        let key = signer().verifier().clone();
        let heads = Heads::default();
        crate::engine::run(&run, &mut writer, &checks, &key, &heads, |_| {}).unwrap();
        let pack = root.join("pack.zip");
        let window = Window::days("2026-01-01".parse().unwrap(), "2026-01-31".parse().unwrap());
        let making = Making {
            project: &project("2026-02-03T00:00:00Z"),
            key: &key,
            window: window.unwrap(),
        };
        let settled = settle(&making, &mut writer, |_| {}).unwrap();
        make(&making, settled, &writer, &pack, |_| {}).unwrap();
        Self { scene, pack }
    }

    fn compare(&self, double: &Double, size: usize) -> Result<Refetched, RefetchError> {
        refetch(Terms {
            pack: &self.pack,
            key: Some(signer().verifier()),
            seed: "a seed",
            size,
            repository: None,
            api: Api::parse(&double.url(), PlainHttp::DangerToLoopback).unwrap(),
            token: Some(Token::new("canary-of-the-token", "test").unwrap()),
            limits: Limits {
                attempts: 0,
                wait: std::time::Duration::ZERO,
                ..Limits::default()
            },
        })
    }

    /// What comes of it when one page is answered otherwise.
    fn with(&self, path: &'static str, spoil: fn(&mut Value)) -> Refetched {
        let forge = self.scene.forge.clone();
        let double = self.scene.double(move |request| {
            let (_, mut body) = forge.body(&request.path).filter(|_| request.path == path)?;
            spoil(&mut body);
            Some(Reply::json(&body))
        });
        self.compare(&double, 3).unwrap()
    }

    fn refused(
        &self,
        refuse: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Refetched {
        self.compare(&self.scene.double(refuse), 3).unwrap()
    }
}

fn results(again: &Refetched) -> Vec<Sameness> {
    let mut results: Vec<_> = again.changes.iter().map(|one| one.result).collect();
    results.sort_by_key(|one| *one as u8);
    results
}

const ALL_MATCH: [Sameness; 3] = [Sameness::Match; 3];
const ONE_DIFFERS: [Sameness; 3] = [Sameness::Match, Sameness::Match, Sameness::Differs];
const ONE_OPEN: [Sameness; 3] = [Sameness::Match, Sameness::Match, Sameness::NotCompared];

#[test]
fn a_forge_that_says_what_the_pack_says_is_a_match() {
    let world = World::new();
    let double = world.scene.double(|_| None);
    let again = world.compare(&double, 3).unwrap();
    assert_eq!(results(&again), ALL_MATCH, "{again:?}");
    assert!(again.is_same() && again.named_by_pack && again.repository == "o/r");
    let seen = double.seen();
    assert!(
        seen.iter()
            .all(|request| request.headers["authorization"] == "Bearer canary-of-the-token")
    );
    // As many as were asked for, and the same with the same seed.
    let [one, two] = [1, 2].map(|size| world.compare(&double, size).unwrap());
    assert_eq!((one.changes.len(), two.changes.len()), (1, 2));
    assert_eq!(one.changes[0], again.changes[0]);
}

#[track_caller]
fn differs(again: &Refetched, what: &str) {
    assert_eq!(results(again), ONE_DIFFERS, "{again:?}");
    assert!(!again.is_same());
    let changes = again.changes.iter();
    let mut all = changes.flat_map(|one| &one.differences);
    assert!(all.any(|one| one.what.contains(what)), "{again:?}");
}

#[test]
fn each_altered_field_is_named() {
    let world = World::new();
    let reviews = "/repos/o/r/pulls/2/reviews";
    differs(
        &world.with(reviews, |body| body[0]["state"] = json!("DISMISSED")),
        "review 1",
    );
    differs(
        &world.with(reviews, |body| body[0]["user"]["id"] = json!(99)),
        "review 1",
    );
    differs(
        &world.with(reviews, |body| body[0]["commit_id"] = json!("0".repeat(40))),
        "review 1",
    );
    differs(
        &world.with(reviews, |body| {
            body[0]["submitted_at"] = json!("2026-01-02T00:00:00Z")
        }),
        "review 1",
    );
    differs(&world.with(reviews, |body| *body = json!([])), "review 1");
    let pull = "/repos/o/r/pulls/2";
    differs(
        &world.with(pull, |body| body["user"]["id"] = json!(99)),
        "author",
    );
    differs(
        &world.with(pull, |body| {
            body["merged_at"] = json!("2026-01-10T12:00:01Z")
        }),
        "merged at",
    );
    differs(
        &world.with(pull, |body| body["head"]["sha"] = json!("0".repeat(40))),
        "head",
    );
    differs(
        &world.with(pull, |body| body["base"]["ref"] = json!("other")),
        "base",
    );
    let commits = "/repos/o/r/pulls/2/commits";
    differs(
        &world.with(commits, |body| body[0]["sha"] = json!("1".repeat(40))),
        "commit 111",
    );
    differs(
        &world.with(commits, |body| body[0]["author"]["id"] = json!(99)),
        "commit 0",
    );
}

#[test]
fn what_came_after_the_pack_and_other_names_of_the_same_account_are_no_difference() {
    let world = World::new();
    let again = world.with("/repos/o/r/pulls/2/reviews", |body| {
        body[0]["user"]["login"] = json!("anna");
        let mut later = body[0].clone();
        merge(
            &mut later,
            json!({"id": 77, "submitted_at": "2026-03-01T00:00:00Z"}),
        );
        body.as_array_mut().unwrap().push(later);
    });
    assert_eq!(results(&again), ALL_MATCH, "{again:?}");
}

#[test]
fn a_refusal_or_a_limit_is_never_a_match() {
    let world = World::new();
    for status in [403, 404, 429, 500] {
        let again = world.refused(move |request| {
            (request.path == "/repos/o/r/pulls/2/reviews").then(|| Reply::refusal(status, "No"))
        });
        if status == 429 {
            // A limit ends the run: what was not asked is not compared.
            assert!(again.stopped.is_some() && results(&again).contains(&Sameness::NotCompared));
        } else {
            assert_eq!(results(&again), ONE_OPEN, "{status}: {again:?}");
        }
        assert!(!again.is_same());
    }
    // A field that changed, and half an answer.
    let again = world.with("/repos/o/r/pulls/2", |body| body["merged"] = json!("yes"));
    assert_eq!(results(&again), ONE_OPEN);
    let again = world.refused(|request| {
        (request.path == "/repos/o/r/pulls/2").then(|| Reply::of(200, Body::Cut("{".to_owned())))
    });
    assert_eq!(results(&again), ONE_OPEN);
    // A token that is refused, and nobody there.
    let again = world.refused(|_| Some(Reply::refusal(401, "No")));
    assert_eq!(results(&again), [Sameness::NotCompared; 3]);
    assert!(again.stopped.unwrap().contains("401"));
    let again = world.refused(|_| Some(Reply::of(200, Body::None)));
    assert_eq!(results(&again), [Sameness::NotCompared; 3]);
}

#[test]
fn a_repository_that_the_pack_does_not_have_is_refused() {
    let world = World::new();
    let api = Api::parse("http://127.0.0.1:1", PlainHttp::DangerToLoopback).unwrap();
    let terms = Terms {
        pack: &world.pack,
        key: None,
        seed: "s",
        size: 1,
        repository: Some("o/other"),
        api,
        token: None,
        limits: Limits::default(),
    };
    let refused = refetch(terms).unwrap_err();
    assert!(
        matches!(refused, RefetchError::OtherRepository(..)),
        "{refused}"
    );
}
