"""Imports each document with compliance-trestle, and lets it validate all of them; then breaks some, which it must see."""

import json
import pathlib
import subprocess
import sys

trestle, made, workspace = (pathlib.Path(path).absolute() for path in sys.argv[1:4])
KINDS = {
    "catalog": "catalog",
    "profile": "profile",
    "component-definition": "component-definition",
    "assessment-plan": "assessment-plan",
    "assessment-results": "assessment-results",
    "poam": "plan-of-action-and-milestones",
}
PASSED = 0


def check(what, held, seen=""):
    global PASSED
    if not held:
        sys.exit(f"oscal: {what}: NOT so; seen:\n{seen}")
    PASSED += 1
    print(f"  ok: {what}")


def run(*arguments):
    done = subprocess.run([trestle, *arguments], cwd=workspace, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def strict(path):
    """Reads a document into the models of trestle, which refuse unknown fields and empty lists."""
    code = ("import sys, pathlib; from trestle.common.load_validate import load_validate_model_path; "
            "from trestle.oscal import catalog, profile, component, assessment_plan, assessment_results, poam; "
            "kinds = {'catalog': catalog.Catalog, 'profile': profile.Profile, 'component-definition': component.ComponentDefinition, "
            "'assessment-plan': assessment_plan.AssessmentPlan, 'assessment-results': assessment_results.AssessmentResults, "
            "'poam': poam.PlanOfActionAndMilestones}; p = pathlib.Path(sys.argv[1]); kinds[p.stem].oscal_read(p)")
    python = trestle.with_name("python")
    done = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def empty_lists(value, path=""):
    if isinstance(value, list):
        if not value:
            yield path
        for place, one in enumerate(value):
            yield from empty_lists(one, f"{path}/{place}")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from empty_lists(one, f"{path}/{name}")


def consistent(folder):
    """What the documents say of one another."""
    catalog = json.loads((folder / "catalog.json").read_text())["catalog"]
    objectives = {part["id"] for group in catalog["groups"] for control in group["controls"] for part in control["parts"]}
    result = json.loads((folder / "assessment-results.json").read_text())["assessment-results"]["results"][0]
    observed = {one["uuid"] for one in result["observations"]}
    targets = [one["target"] for one in result["findings"]]
    check("every finding is of an objective of the catalogue", {one["target-id"] for one in targets} <= objectives)
    related = {one["observation-uuid"] for finding in result["findings"] for one in finding.get("related-observations", [])}
    check("every finding rests on observations that are there", related <= observed, related - observed)
    words = {finding["props"][0]["value"] for finding in result["findings"]
             if finding["target"]["status"]["state"] == "satisfied"}
    check("nothing but held and examined is satisfied", words <= {"held", "examined, not tested"}, words)
    poam = json.loads((folder / "poam.json").read_text())["plan-of-action-and-milestones"]
    there = {one["uuid"] for one in poam["observations"]}
    named = {one["observation-uuid"] for item in poam["poam-items"] for one in item["related-observations"]}
    check("every item of the plan rests on observations that are there", named <= there, named - there)


def main():
    workspace.mkdir(parents=True)
    ok, said = run("init", "--local")
    check("trestle has a workspace", ok, said)
    for size in ("small", "usual"):
        folder = made / size / "oscal"
        for name, kind in KINDS.items():
            path = folder / f"{name}.json"
            check(f"{size}: {name} has no empty list", not list(empty_lists(json.loads(path.read_text()))))
            ok, said = run("import", "-f", str(path), "-o", f"{size}-{name}")
            check(f"{size}: trestle imports {name}", ok, said)
            ok, said = run("validate", "-t", kind, "-n", f"{size}-{name}")
            check(f"{size}: trestle validates {name}", ok and "VALID" in said, said)
        consistent(folder)
    ok, said = run("validate", "-a")
    check("trestle validates all of them together", ok, said)
    # What is broken on purpose must be refused, or all of this says nothing.
    source = json.loads((made / "small/oscal/assessment-results.json").read_text())

    def broken(what, change):
        bad = json.loads(json.dumps(source))
        change(bad["assessment-results"]["results"][0])
        path = workspace / "assessment-results.json"
        path.write_text(json.dumps(bad))
        ok, said = strict(path)
        check(f"trestle refuses {what}", not ok, said)

    broken("an empty list", lambda result: result.update(findings=[]))
    broken("a third state", lambda result: result["findings"][0]["target"]["status"].update(state="gaps"))
    broken("an id that is none", lambda result: result["observations"][0].update(uuid="x"))
    print(f"{PASSED} passed, 0 failed")


main()
