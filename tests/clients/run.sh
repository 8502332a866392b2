#!/usr/bin/env bash
# Foreign FHIR clients against the demo: a real service over TLS, unchanged clients from PyPI.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${VOUCHSAFE_BIN:?the program: set VOUCHSAFE_BIN}
work=$(mktemp -d)
demo=
cleanup() {
  [ -z "$demo" ] || { kill -TERM "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; }
  rm -rf "$work"
}
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'fhirpy==2.3.*' >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 1; }
"$bin" demo --json --data "$work/data" --port 0 >"$work/demo.json" 2>"$work/demo.log" &
demo=$!
for _ in $(seq 1 300); do
  if python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/demo.json" 2>/dev/null; then break; fi
  kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log"; exit 1; }
  sleep 0.2
done
SSL_CERT_FILE=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["cacert"])' "$work/demo.json") \
  "$work/venv/bin/python" "$here/fhirpy_client.py" <"$work/demo.json"
