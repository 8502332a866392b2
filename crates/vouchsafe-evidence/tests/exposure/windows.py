#!/usr/bin/env python3
"""Counts exposure windows a second time, by other means than the crate: whole files from `git cat-file`, no patches,
and an order of versions written from the specification.

    windows.py REPOSITORY BRANCH GO-VULNDB

prints `ADVISORY PACKAGE ENTERED LEFT` for each window of a required module, `-` where it still lasts.
"""

import functools
import json
import os
import re
import subprocess
import sys


def git(repository, *arguments, given=b""):
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def revisions(repository, branch):
    """Each first-parent commit, oldest first, with the bytes of its go.mod or None."""
    commits = git(repository, "rev-list", "--first-parent", "--reverse", branch).decode().split()
    asked = "".join(f"{commit}:go.mod\n" for commit in commits).encode()
    answers = git(repository, "cat-file", "--batch-check", given=asked).decode().splitlines()
    blobs = [None if line.endswith("missing") else line.split()[0] for line in answers]
    contents = {}
    for blob in sorted({blob for blob in blobs if blob}):
        contents[blob] = git(repository, "cat-file", "blob", blob).decode()
    return [(commit, contents.get(blob)) for commit, blob in zip(commits, blobs)]


def modules(text):
    """The modules of a go.mod with their versions, after replacements."""
    lines = []
    block = None
    for line in text.splitlines():
        line = line.split("//")[0].strip()
        if not line:
            continue
        if block:
            if line == ")":
                block = None
            else:
                lines.append((block, line.split()))
            continue
        opened = re.fullmatch(r"(\w+)\s*\(", line)
        if opened:
            block = opened[1]
        else:
            verb, *rest = line.split()
            lines.append((verb, rest))
    replaced = {}
    for verb, words in lines:
        if verb == "replace":
            arrow = words.index("=>")
            replaced[tuple(words[:arrow])] = words[arrow + 1 :]
    found = set()
    for verb, words in lines:
        if verb == "require":
            by = replaced.get((words[0], words[1]), replaced.get((words[0],), words[:2]))
            if len(by) == 2:
                found.add((by[0], by[1]))
    return found


def order(one, other):
    """The precedence of Semantic Versioning 2.0.0, section 11."""

    def parts(version):
        version = version.removeprefix("v").split("+")[0]
        core, _, before = version.partition("-")
        numbers = [int(number) for number in core.split(".")]
        return numbers + [0] * (3 - len(numbers)), before.split(".") if before else []

    (numbers, before), (others, before_other) = parts(one), parts(other)
    if numbers != others:
        return -1 if numbers < others else 1
    if not before or not before_other:
        return (not before) - (not before_other)
    for left, right in zip(before, before_other):
        if left == right:
            continue
        if left.isdigit() and right.isdigit():
            return -1 if int(left) < int(right) else 1
        if left.isdigit() != right.isdigit():
            return -1 if left.isdigit() else 1
        return -1 if left < right else 1
    return (len(before) > len(before_other)) - (len(before) < len(before_other))


def advisories(folder):
    """The ranges of each module, by advisory."""
    known = {}
    osv = os.path.join(folder, "osv")
    for name in sorted(os.listdir(osv)):
        with open(os.path.join(osv, name), encoding="utf-8") as file:
            record = json.load(file)
        if record.get("withdrawn"):
            continue
        for affected in record["affected"]:
            package = affected["package"]["name"]
            ranges = known.setdefault(package, {}).setdefault(record["id"], [])
            ranges.extend(entry["events"] for entry in affected["ranges"])
    return known


def affected(ranges, version):
    for events in ranges:
        flat = [(kind, "0.0.0-0" if at == "0" else at) for event in events for kind, at in event.items()]
        flat.sort(key=functools.cmp_to_key(lambda one, other: order(one[1], other[1])))
        inside = False
        for kind, at in flat:
            if kind == "introduced" and order(version, at) >= 0:
                inside = True
            elif kind == "fixed" and order(version, at) >= 0:
                inside = False
            elif kind == "last_affected" and order(version, at) > 0:
                inside = False
        if inside:
            return True
    return False


def main():
    repository, branch, folder = sys.argv[1:]
    known = advisories(folder)
    judged = functools.cache(
        lambda module, version: frozenset(
            (advisory, module)
            for advisory, ranges in known.get(module, {}).items()
            if affected(ranges, version)
        )
    )
    windows = []
    entered = {}
    for commit, text in revisions(repository, branch):
        now = set()
        for module, version in modules(text) if text is not None else ():
            now |= judged(module, version)
        for window in sorted(set(entered) - now):
            windows.append((*window, entered.pop(window), commit))
        for window in sorted(now - set(entered)):
            entered[window] = commit
    windows += [(*window, commit, "-") for window, commit in entered.items()]
    print("\n".join(sorted(" ".join(window) for window in windows)))


main()
