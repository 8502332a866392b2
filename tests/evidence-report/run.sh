#!/usr/bin/env bash
# The evidence report in a real browser: it verifies itself, refuses what was changed, and can be read by everybody.
# axe-core (npm) is taken from VOUCHSAFE_AXE=FILE, or fetched with npm; without both, that part says that it is skipped.
# VOUCHSAFE_TEST_SCREENSHOTS=DIR keeps pictures of what it saw.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
for program in chromium chromedriver python3 pdftotext; do
  command -v "$program" >/dev/null || { echo "tests/evidence-report: $program is missing; ./test installs it" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The reports are made by a test of the crate: the functions are its own, and of no other program.
(cd "$root" && VOUCHSAFE_REPORT_SAMPLE="$work" cargo test -q --locked --workspace --lib \
  report::tests::a_report_is_written_where_one_is_asked_for >"$work/made.log" 2>&1) || { cat "$work/made.log"; exit 1; }
axe=${VOUCHSAFE_AXE:-}
if [ -z "$axe" ] && command -v npm >/dev/null && (cd "$work" && npm pack --silent axe-core@4 >axe.log 2>&1); then
  tar -xzf "$work"/axe-core-*.tgz -C "$work" package/axe.min.js
  axe=$work/package/axe.min.js
fi
[ -n "$axe" ] || echo 'tests/evidence-report: skipped: no axe-core (no npm, or no network)'
mkdir "$work/home"
HOME="$work/home" PYTHONPATH="$root/tests/browser" python3 -B "$here/page.py" "$work" "$axe"
