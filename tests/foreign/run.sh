#!/usr/bin/env bash
# The audit log that the demo writes, verified by Go's own note and tlog packages; one flipped byte
# anywhere must be caught.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${VOUCHSAFE_BIN:-$(cd "$here/../.." && pwd)/target/debug/vouchsafe}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin" demo --once --data "$work/data" >"$work/demo.log" 2>&1 || { cat "$work/demo.log"; exit 1; }
log=$work/data/audit/log
vkey=$(cat "$log/vkey")
"$here/go/verify.sh" "$log" "$vkey"
"$bin" audit verify --data "$work/data"
flip() { # FILE: one bit of its middle byte
  python3 - "$1" <<'P'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
data[len(data) // 2] ^= 1
open(path, "wb").write(data)
P
}
caught=0
for pattern in checkpoint 'tile/entries/*' 'tile/0/*' ; do
  file=$(find "$log" -type f -path "$log/$pattern" | sort | head -n 1)
  [ -n "$file" ] || continue
  cp -a "$file" "$work/saved"
  flip "$file"
  if "$here/go/verify.sh" "$log" "$vkey" >/dev/null 2>&1; then echo "Go accepted a flipped byte in $pattern"; exit 1; fi
  if "$bin" audit verify --data "$work/data" >/dev/null 2>&1; then echo "we accepted a flipped byte in $pattern"; exit 1; fi
  cp -a "$work/saved" "$file"
  caught=$((caught + 1))
done
[ "$caught" -ge 3 ]
echo "foreign verifier: the log holds, and $caught flipped bytes were caught by both"
