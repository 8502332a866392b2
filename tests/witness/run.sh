#!/usr/bin/env bash
# Runs of `vouchsafe evidence` with witnesses of other makes. witness.py, written for this test, checks signatures and proofs
# with code of its own (Python's `cryptography`, RFC 9162). aics-witness (PyPI) is a real one; it needs Python 3.12, so that
# part runs only where VOUCHSAFE_PYTHON is such a python, or one is on the path.
#
# Skipped where `cryptography` (PyPI) cannot be installed. VOUCHSAFE_BIN is the program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${VOUCHSAFE_BIN:?the program: set VOUCHSAFE_BIN}
scratch=$(mktemp -d)
witnesses=()
cleanup() {
  for witness in "${witnesses[@]}"; do kill "$witness" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap cleanup EXIT
python=python3
if ! python3 -c 'import cryptography' 2>/dev/null; then
  { python3 -m venv "$scratch/venv" && "$scratch/venv/bin/pip" install --quiet cryptography; } >/dev/null 2>&1 ||
    { echo 'witness: SKIPPED, cryptography (PyPI) cannot be installed'; exit 0; }
  python=$scratch/venv/bin/python
fi
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "ok    $name"; else echo "WRONG $name"; failed=1; fi
}
evidence() { "$bin" evidence "$@"; }
run() { evidence run -q --fail-on nothing >"$scratch/out" 2>"$scratch/err"; }
judged() { # OUTCOME: that of log.witnessed in a run
  evidence run -q --fail-on nothing --json 2>"$scratch/err" |
    "$python" -c 'import json, sys; print(next(c["outcome"] for c in json.load(sys.stdin)["checks"] if c["check"] == "log.witnessed"))' >"$scratch/outcome"
  [ "$(cat "$scratch/outcome")" = "$1" ] || { cat "$scratch/outcome" "$scratch/err"; return 1; }
}
cosigned() { grep -c '^— witness.example/test ' .vouchsafe-evidence/checkpoint; }

git init -q -b main "$scratch/app"
cd "$scratch/app"
git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first
evidence init --since 2026-01-01 --origin witness-test.example/evidence >/dev/null
mkdir "$scratch/state"
: >"$scratch/port"
"$python" "$here/witness.py" "$scratch/state" "$(evidence head --key)" >"$scratch/port" &
witnesses+=($!)
for _ in $(seq 100); do [ "$(wc -l <"$scratch/port")" = 2 ] && break; sleep 0.1; done
key=$(sed -n 2p "$scratch/port")
cat >>evidence/evidence.toml <<TOML

[[witness]]
name = "outside"
key = "$key"
url = "http://127.0.0.1:$(head -n 1 "$scratch/port")/w"
TOML

check 'a dry run says who is asked, and asks nobody' bash -c '"$0" evidence run --dry-run | grep -q "no evidence, to http://127" && ! [ -e "$1/state/calls" ]' "$bin" "$scratch"
check 'before a head was cosigned there is a gap' judged error
check 'the head bears the cosignature' test "$(cosigned)" = 1
check 'the next run is a pass' judged pass
check 'it was shown that the log goes on' grep -qaE '^old [1-9]' "$scratch/state/calls"
check 'no evidence was sent' bash -c '! grep -qa "\"kind\"" "$0"' "$scratch/state/calls"
evidence pack --from 2026-01-01 --to 2026-06-30 -q -o "$scratch/pack.zip" >/dev/null
evidence verify -q "$scratch/pack.zip" --witness "$key" >"$scratch/verified"
check 'the pack bears the cosignature' grep -q '1 witnesses cosigned' "$scratch/verified"
check 'and omission is excluded by it' bash -c '! grep -q "not excluded: omission" "$0"' "$scratch/verified"

echo 500 >"$scratch/state/mode"
check 'a witness that fails fails no run' run
check 'and is told' grep -q 'the witness outside did not cosign the head of the log: it answers 500' "$scratch/err"
check 'it is late, and not yet a gap' judged pass
check 'what it answered is evidence' grep -qa 'it answers 500' -r .vouchsafe-evidence/tile/entries
rm "$scratch/state/mode"

# Whoever has the key cuts the log, and goes on from there: the machine itself remembers how far the log was, and its memory
# is removed with it.
forget() { rm -r .vouchsafe-evidence .git/vouchsafe-evidence; }
cp -r .vouchsafe-evidence "$scratch/earlier"
check 'a run' run
check 'another' run
forget
cp -r "$scratch/earlier" .vouchsafe-evidence
check 'a run after the log was cut' run
check 'a log that was cut is told by the witness' grep -q 'conflict' "$scratch/err"
check 'which is a deviation of the next run' judged fail
check 'and has no cosignature' test "$(cosigned || true)" = 0

# --- a real one ----------------------------------------------------------------------------------------------------------
newer=
for candidate in "${VOUCHSAFE_PYTHON:-}" python3.12 python3.13 python3.14 python3; do
  if [ -n "$candidate" ] && "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then newer=$candidate; break; fi
done
if [ -z "$newer" ] || ! { "$newer" -m venv "$scratch/newer" && "$scratch/newer/bin/pip" install --quiet aics-witness==0.1.0; } >/dev/null 2>&1; then
  echo 'witness: aics-witness was SKIPPED, there is no Python 3.12 (VOUCHSAFE_PYTHON), or it cannot be installed'
  exit "$failed"
fi
aics() { "$scratch/newer/bin/aics-witness" "$@"; }
git init -q -b main "$scratch/other"
cd "$scratch/other"
git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first
evidence init --since 2026-01-01 --origin witness-other.example/evidence >/dev/null
mkdir "$scratch/aics"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=$(aics init --config "$scratch/aics/witness.json" --name witness.example/test --listen "127.0.0.1:$port" --prefix /w 2>/dev/null | grep -oE 'witness.example/test[+][0-9a-f]{8}[+][A-Za-z0-9+/=]+' | head -n 1)
aics add-log --config "$scratch/aics/witness.json" --origin witness-other.example/evidence --vkey "$(evidence head --key)" >/dev/null 2>&1
aics serve --config "$scratch/aics/witness.json" --log-level WARNING >"$scratch/aics/log" 2>&1 &
witnesses+=($!)
for _ in $(seq 100); do if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi; sleep 0.1; done
printf '\n[[witness]]\nname = "outside"\nkey = "%s"\nurl = "http://127.0.0.1:%s/w"\n' "$key" "$port" >>evidence/evidence.toml
check 'aics-witness: the first run is a gap' judged error
check 'aics-witness: the head bears its cosignature' test "$(cosigned)" = 1
check 'aics-witness: the next run is a pass' judged pass
check 'aics-witness: it is shown that the log goes on' test "$(cosigned)" = 1
cp -r .vouchsafe-evidence "$scratch/earlier-other"
check 'aics-witness: a run' run
forget
cp -r "$scratch/earlier-other" .vouchsafe-evidence
check 'aics-witness: a run after the log was cut' run
check 'aics-witness: a log that was cut is told' grep -q 'conflict' "$scratch/err"
check 'aics-witness: which is a deviation of the next run' judged fail
exit "$failed"
