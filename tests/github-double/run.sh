#!/usr/bin/env bash
# The collector of GitHub's pages against GitHub's own OpenAPI description (npm: @octokit/openapi):
#   the recorded contract says of each field what the description says;
#   what the double of the collector's tests answers is valid by it.
#
# VOUCHSAFE_GITHUB_OPENAPI names a copy of api.github.com.json; without it the package is fetched, and the test skipped
# where there is no network. VOUCHSAFE_BIN, where it is set, is asked to print its plan.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

description=${VOUCHSAFE_GITHUB_OPENAPI:-}
if [ -z "$description" ]; then
  command -v npm >/dev/null || { echo 'skipped: npm is not installed, so GitHub'"'"'s description cannot be fetched'; exit 0; }
  (cd "$work" && npm pack --silent @octokit/openapi >/dev/null 2>&1) ||
    { echo 'skipped: GitHub'"'"'s description (npm: @octokit/openapi) cannot be fetched'; exit 0; }
  tar -xzf "$work"/octokit-openapi-*.tgz -C "$work" package/generated/api.github.com.json
  rm "$work"/octokit-openapi-*.tgz
  description=$work/package/generated/api.github.com.json
fi

python=python3
if ! python3 -c 'import jsonschema' 2>/dev/null; then
  { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet jsonschema; } >/dev/null 2>&1 ||
    { echo 'skipped: jsonschema (PyPI) cannot be installed'; exit 0; }
  python=$work/venv/bin/python
fi

"$python" "$here/contract.py" "$description" "$root/crates/vouchsafe-evidence/data/github-contract.json"

# A contract that says otherwise must be refused, or the comparison would be none.
sed 's/"\[\].commit_id": {"type": \["null", "string"\]}/"[].commit_id": {"type": ["integer"]}/' \
  "$root/crates/vouchsafe-evidence/data/github-contract.json" > "$work/other.json"
if "$python" "$here/contract.py" "$description" "$work/other.json" >/dev/null; then
  echo 'a contract that differs was not refused'; exit 1
fi

mkdir "$work/dump"
(cd "$root" && VOUCHSAFE_DOUBLE_DUMP="$work/dump" cargo test -q --locked -p vouchsafe-evidence --lib github::tests) >"$work/log" 2>&1 ||
  { cat "$work/log"; exit 1; }
"$python" "$here/validate.py" "$description" "$work/dump"

# And an answer that the description does not allow must be refused.
mkdir "$work/wrong"
echo '{"path": "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "body": [{"id": "one"}]}' > "$work/wrong/one"
if "$python" "$here/validate.py" "$description" "$work/wrong" >/dev/null; then
  echo 'an answer that is not valid was not refused'; exit 1
fi
echo 'github-double: the contract and the double are as GitHub describes itself'
