#!/usr/bin/env python3
"""Compares the recorded contract of GitHub's answers with GitHub's own OpenAPI description.

  contract.py OPENAPI CONTRACT          says what differs; exit code 1 when something does
  contract.py OPENAPI CONTRACT --write  writes types and optionality into the contract, for the fields that it names

The contract names the fields that checks read; the description says what they may hold. What stands beside that is ours:
`values` that the description does not list, `open` where new values may come and matter to no check, `needed` where a
check needs what the description calls optional, `administrators` where a field is shown to them only.
"""
import json
import sys


class Description:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = json.load(file)
        self.source = f"OpenAPI description of api.github.com in @octokit/openapi {self.root['info']['version']}"

    def resolve(self, schema):
        """A schema as the list of its alternatives, each without references; null counts as an alternative."""
        if "$ref" in schema:
            target = self.root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            return self.resolve(target)
        found = []
        if schema.get("nullable"):
            found.append({"type": "null"})
        if "allOf" in schema:
            merged = {"type": "object", "properties": {}, "required": []}
            for part in schema["allOf"]:
                for one in self.resolve(part):
                    if one.get("type") == "null":
                        found.append(one)
                        continue
                    merged["properties"].update(one.get("properties", {}))
                    merged["required"] += one.get("required", [])
                    if "properties" not in one:
                        merged = {**merged, **one}
            found.append(merged)
            return found
        choices = schema.get("oneOf") or schema.get("anyOf")
        if choices and "properties" not in schema and schema.get("type") in (None, "object", "string"):
            for choice in choices:
                found += self.resolve(choice)
            return found
        found.append(schema)
        return found

    def answer(self, path):
        responses = self.root["paths"][path]["get"]["responses"]
        answer = responses["200"]
        if "$ref" in answer:
            answer = self.resolve(answer)[0]
        return answer["content"]["application/json"]["schema"]

    def field(self, path, name):
        """Types, optionality and values of a field of an answer."""
        alternatives = [(one, False) for one in self.resolve(self.answer(path))]
        steps = name.split(".")
        # Parts such as `list[]` are two steps.
        flat = []
        for step in steps:
            if step.endswith("[]"):
                flat += [step[:-2]] if step != "[]" else []
                flat.append("[]")
            else:
                flat.append(step)
        optional = False
        for step in flat:
            following = []
            holders = [one for one, _ in alternatives if one.get("type") != "null"]
            for one in holders:
                if step == "[]":
                    if "items" in one:
                        following += self.resolve(one["items"])
                elif step in one.get("properties", {}):
                    # Only whether the last step may be left out counts; each holder has an entry of its own.
                    optional_here = step not in one.get("required", [])
                    following += [{**alternative, "-optional": optional_here} for alternative in self.resolve(one["properties"][step])]
                else:
                    following.append({"-missing": True})
            if not following:
                raise KeyError(f"{path}: {name}: nothing at {step}")
            optional = any(one.get("-missing") or one.get("-optional") for one in following)
            alternatives = [(one, False) for one in following if not one.get("-missing")]
            if not alternatives:
                raise KeyError(f"{path}: {name}: the description has no {step}")
        types, values, listed = set(), set(), True
        for one, _ in alternatives:
            kind = one.get("type") or ("object" if "properties" in one else None)
            if kind is None:
                raise KeyError(f"{path}: {name}: no type")
            if kind == "string" and one.get("format") == "date-time":
                kind = "timestamp"
            types.add(kind)
            if kind == "string":
                if "enum" in one:
                    values |= {value for value in one["enum"] if value is not None}
                else:
                    listed = False
        if "string" in types:
            types.discard("timestamp")
        return {"type": sorted(types), "optional": optional, "values": sorted(values) if listed else []}


def main():
    description, path = Description(sys.argv[1]), sys.argv[2]
    with open(path, encoding="utf-8") as file:
        contract = json.load(file)
    differs = []
    for endpoint, fields in contract["endpoints"].items():
        for name, recorded in fields.items():
            described = description.field(endpoint, name)
            wanted = {"type": described["type"]}
            if described["optional"] and not recorded.get("needed"):
                wanted["optional"] = True
            values = sorted({*described["values"], *recorded.get("values", [])})
            if values and not recorded.get("open"):
                wanted["values"] = values
            wanted.update({mark: True for mark in ("administrators", "needed", "open") if recorded.get(mark)})
            if recorded != wanted:
                differs.append(f"{endpoint}: {name}: recorded {recorded}, described {wanted}")
            fields[name] = wanted
    if "--write" in sys.argv:
        contract["source"] = description.source
        with open(path, "w", encoding="utf-8") as file:
            file.write("{\n" + f'  "source": {json.dumps(contract["source"])},\n  "endpoints": {{\n')
            blocks = []
            for endpoint, fields in contract["endpoints"].items():
                lines = ",\n".join(f"      {json.dumps(name)}: {json.dumps(field)}" for name, field in fields.items())
                blocks.append(f"    {json.dumps(endpoint)}: {{\n{lines}\n    }}")
            file.write(",\n".join(blocks) + "\n  }\n}\n")
        print(f"wrote {len(differs)} fields")
        return
    for line in differs:
        print(line)
    count = sum(len(fields) for fields in contract["endpoints"].values())
    print(f"contract: {count} fields of {len(contract['endpoints'])} endpoints, {len(differs)} differ from the {description.source}")
    sys.exit(1 if differs else 0)


main()
