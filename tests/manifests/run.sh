#!/usr/bin/env bash
# The manifests in the cases of our Kubernetes checks are real ones: the schemas of Kubernetes itself accept them
# (PyPI kubernetes-validate), but for the few that are refused on purpose, which it must refuse too.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
if ! "$scratch/venv/bin/pip" install -q --disable-pip-version-check 'kubernetes-validate==1.37.0' >"$scratch/pip" 2>&1; then
  echo 'skipped: kubernetes-validate cannot be installed (no package index)'
  exit 0
fi
"$scratch/venv/bin/python" tests/manifests/check.py crates/vouchsafe-evidence
