#!/usr/bin/env python3
"""Writes the smallest answers that GitHub's own OpenAPI description allows, for the double of the collector's tests.

  shapes.py OPENAPI OUT

Only required fields, with placeholders; the tests put names, hashes and dates in. Run it again when the description
changes; what the double answers is validated by validate.py in each run of the tests.
"""
import json
import sys

PATHS = {
    "repository": "/repos/{owner}/{repo}",
    "organisation": "/orgs/{org}",
    "collaborator": "/repos/{owner}/{repo}/collaborators",
    "ruleset": "/repos/{owner}/{repo}/rulesets/{ruleset_id}",
    "suite": "/repos/{owner}/{repo}/rulesets/rule-suites",
    "activity": "/repos/{owner}/{repo}/activity",
    "branch": "/repos/{owner}/{repo}/branches/{branch}",
    "deployment": "/repos/{owner}/{repo}/deployments",
    "environments": "/repos/{owner}/{repo}/environments",
    "key": "/repos/{owner}/{repo}/keys",
    "secrets": "/repos/{owner}/{repo}/actions/secrets",
    "link": "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
    "pull": "/repos/{owner}/{repo}/pulls/{pull_number}",
    "review": "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
    "commit": "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
    "runs": "/repos/{owner}/{repo}/commits/{ref}/check-runs",
    "status": "/repos/{owner}/{repo}/commits/{ref}/status",
}
# These are objects in the answers of the double, where the description also allows null.
FILLED = {"user", "actor", "creator", "author", "committer", "merged_by", "app"}
# These lists have one item.
LISTS = {"check_runs", "secrets", "environments", "parents", "statuses"}
# Not required by the description, but read by checks.
EXTRA = {
    "collaborator": ["permissions"],
    "review": ["submitted_at"],
    "suite": ["id", "ref", "before_sha", "after_sha", "pushed_at", "result"],
    "ruleset": ["rules", "bypass_actors", "target"],
    "environments": ["environments", "total_count"],
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        root = json.load(file)

    def resolve(schema):
        while "$ref" in schema:
            target = root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        return schema

    def make(schema, name, extra=()):
        schema = resolve(schema)
        if schema.get("nullable") and name not in FILLED:
            return None
        if "enum" in schema:
            return schema["enum"][0]
        for several in ("oneOf", "anyOf"):
            if several in schema and "properties" not in schema:
                return make(schema[several][0], name)
        if "allOf" in schema:
            made = {}
            for part in schema["allOf"]:
                part = make(part, name)
                if not isinstance(part, dict):
                    return part
                made.update(part)
            return made
        kind = schema.get("type", "object")
        if kind == "object":
            fields = {}
            for field in [*schema.get("required", []), *extra]:
                if field in schema.get("properties", {}):
                    fields[field] = make(schema["properties"][field], field)
            return fields
        if kind == "array":
            return [make(schema["items"], name)] if name in LISTS else []
        if kind == "string":
            return {"date-time": "2026-01-01T00:00:00Z", "uri": "https://forge.example/x", "email": "a@example.org"}.get(schema.get("format"), "x")
        return {"integer": 1, "number": 1, "boolean": False}[kind]

    shapes = {}
    for name, path in PATHS.items():
        schema = resolve(root["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"])
        schema = resolve(schema["items"]) if schema.get("type") == "array" else schema
        shapes[name] = make(schema, name, EXTRA.get(name, ()))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(shape)}" for name, shape in shapes.items()) + "\n}\n")


main()
