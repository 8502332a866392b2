#!/usr/bin/env python3
"""Validates what the double answered against GitHub's own OpenAPI description.

  validate.py OPENAPI FOLDER

Each file of the folder is {"path": PATH OF THE DESCRIPTION, "body": BODY}. Bodies that stand for a fault are not there.
"""
import json
import pathlib
import sys

import jsonschema


def translate(node):
    """OpenAPI 3.0 as JSON Schema: `nullable` is a type of its own there."""
    if isinstance(node, list):
        return [translate(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: translate(value) for key, value in node.items() if key not in ("example", "examples", "discriminator")}
    if made.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, made]}
    return made


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        root = json.load(file)
    components = translate(root["components"])
    validators, paths, faults, count = {}, set(), [], 0
    for file in sorted(pathlib.Path(sys.argv[2]).iterdir()):
        answer = json.loads(file.read_text(encoding="utf-8"))
        path = answer["path"]
        if path not in validators:
            schema = root["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            validators[path] = jsonschema.Draft202012Validator(
                {**translate(schema), "components": components},
                format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
            )
        paths.add(path)
        count += 1
        for error in validators[path].iter_errors(answer["body"]):
            faults.append(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    for fault in sorted(set(faults)):
        print(fault)
    print(f"double: {count} different answers of {len(paths)} endpoints, {len(set(faults))} faults")
    if count == 0:
        print("the double answered nothing")
    sys.exit(1 if faults or count == 0 else 0)


main()
