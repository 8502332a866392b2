#!/usr/bin/env bash
# The enrolment page in a real browser: an empty folder, a running service, one-time links, and Debian's Chromium that
# is driven by its chromedriver as a person would: with mouse, keyboard, mistakes.
# VOUCHSAFE_TEST_SCREENSHOTS=DIR keeps pictures of what it saw.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${VOUCHSAFE_BIN:?the program: set VOUCHSAFE_BIN}
for program in chromium chromedriver ZXingReader openssl python3; do
  command -v "$program" >/dev/null || { echo "tests/browser: $program is missing; ./test installs it" >&2; exit 1; }
done
work=$(mktemp -d)
service=
cleanup() {
  [ -z "$service" ] || { kill -TERM "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; }
  rm -rf "$work"
}
trap cleanup EXIT
# The links name the port, so it is chosen before.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$work/data" "$work/home"
printf 'data_listen = "127.0.0.1:%s"\noperations_listen = "127.0.0.1:0"\n' "$port" >"$work/data/vouchsafe.toml"
"$bin" serve --json --data "$work/data" --administrator 'Ada Example <ada@example.org>' \
  >"$work/serve.json" 2>"$work/serve.log" &
service=$!
for _ in $(seq 1 300); do
  if python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/serve.json" 2>/dev/null; then break; fi
  kill -0 "$service" 2>/dev/null || { cat "$work/serve.log"; exit 1; }
  sleep 0.2
done
# RFC 7469, section 2.4: what Chromium knows a key by.
spki=$(openssl x509 -in "$work/data/tls/certificate.pem" -pubkey -noout | openssl pkey -pubin -outform der |
  openssl dgst -sha256 -binary | base64)
HOME="$work/home" python3 -B "$here/enrolment.py" "$bin" "$work" "$spki"
