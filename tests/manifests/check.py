"""Validates the manifests of our checks' cases against the schemas of Kubernetes."""

import pathlib
import sys

import kubernetes_validate
import yaml

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

VERSION = "1.32"
# Texts that Kubernetes must not take: these show that it is asked at all.
REFUSED = {
    ("k8s.pdb", "a key that stands there twice"),
    ("planted", "a field that is misspelt"),
}
PLANTED = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {maxUnavailble: 1, selector: {}}
"""


def faults(text):
    found, count = [], 0
    for document in yaml.safe_load_all(text):
        if document is None:
            continue
        group = document.get("apiVersion", "").partition("/")[0]
        if group in ("argoproj.io", "cilium.io"):
            continue
        objects = document["items"] if document.get("kind") == "List" else [document]
        for one in objects:
            count += 1
            try:
                kubernetes_validate.validate(one, VERSION, strict=True)
            except Exception as error:  # every refusal counts, whatever its class
                found.append(f"{one.get('kind')}: {str(error).splitlines()[0]}")
    return found, count


def main():
    top = pathlib.Path(sys.argv[1])
    passed = failed = objects = 0
    texts = [("rendered.yaml", "", (top / "src/kubernetes/tests/rendered.yaml").read_text())]
    texts.append(("planted", "a field that is misspelt", PLANTED))
    for path in sorted((top / "data/checks").glob("k8s-*.toml")):
        check = tomllib.loads(path.read_text())
        for case in check["case"]:
            for evidence in case["evidence"]:
                if evidence["type"] == "kubernetes.manifests/1" and "failed" not in evidence:
                    texts.append((check["id"], case["name"], evidence["text"]))
    for check, case, text in texts:
        found, count = faults(text)
        objects += count
        must = (check, case) in REFUSED
        if bool(found) == must:
            passed += 1
        else:
            failed += 1
            print(f"{check}: {case}: {'accepted' if must else found}")
    if objects < 100:
        print(f"only {objects} objects were seen")
        failed += 1
    print(f"{objects} objects")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
