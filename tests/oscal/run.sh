#!/usr/bin/env bash
# compliance-trestle, the reference tool of the OSCAL community, reads and validates what we export.
# The tool is taken from VOUCHSAFE_TRESTLE=DIR (a virtual environment), or installed from PyPI; without both, the test
# says that it is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${VOUCHSAFE_TRESTLE:-}
if [ -z "$venv" ]; then
  venv=$work/venv
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check compliance-trestle; } >"$work/pip.log" 2>&1; then
    tail -3 "$work/pip.log"
    echo 'tests/oscal: skipped: compliance-trestle could not be installed (no network?)'
    exit 0
  fi
fi
(cd "$root" && VOUCHSAFE_REPORT_SAMPLE="$work/made" cargo test -q --locked --workspace --lib \
  report::tests::a_report_is_written_where_one_is_asked_for >"$work/made.log" 2>&1) || { cat "$work/made.log"; exit 1; }
"$venv/bin/trestle" version
"$venv/bin/python" -B "$here/validate.py" "$venv/bin/trestle" "$work/made" "$work/trestle"
