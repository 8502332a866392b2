#!/usr/bin/env bash
# A run of `vouchsafe evidence` is killed (SIGKILL) again and again, each time a little later; afterwards the log opens, begins
# with every head that was ever signed, and goes on. For logs in a folder and on a branch; for S3 see tests/s3.
set -euo pipefail
bin=${VOUCHSAFE_BIN:?the program: set VOUCHSAFE_BIN}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
failed=0
wrong() { echo "WRONG $*"; failed=1; }

for store in folder:.vouchsafe-evidence branch:evidence-log; do
  app=$scratch/${store%%:*}
  git init -q -b main "$app"
  cd "$app"
  git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first
  evidence() { "$bin" evidence "$@"; }
  evidence init --store "$store" --since 2026-01-01 --origin "${store%%:*}.example/evidence" >/dev/null
  # The first run is slower than those after it; what they take is what counts.
  evidence run -q --fail-on nothing >/dev/null
  begun=$(date +%s%N)
  evidence run -q --fail-on nothing >/dev/null
  took=$((($(date +%s%N) - begun) / 1000000))
  tries=${VOUCHSAFE_KILLS:-12}
  killed=0
  for ((n = 0; n < tries; n++)); do
    # An object of its own in each run.
    # Letters only: numbers may look like those of a patient, and then the settings are not stored.
    for _ in $(seq 80); do echo "# $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM" | tr 0-9 a-j; done >>evidence/evidence.toml
    evidence head >"$scratch/heads.${store%%:*}.$n" || wrong "$store: the log does not open ($n)"
    "$bin" evidence run -q --fail-on nothing >/dev/null 2>&1 &
    victim=$!
    sleep "$(printf '%d.%03d' $((took * n / tries / 1000)) $((took * n / tries % 1000)))"
    # One that had ended already: the machine has become faster since the measurement.
    if kill -KILL "$victim" 2>/dev/null; then killed=$((killed + 1)); else took=$((took * 3 / 4)); fi
    wait "$victim" 2>/dev/null || true
  done
  evidence run -q --fail-on nothing >/dev/null || wrong "$store: it does not go on"
  # A day later everything is due, and it is done.
  faketime -f +25h "$bin" evidence watch --once >"$scratch/watched" 2>&1 || true
  grep -q 'checks, .* deviate' "$scratch/watched" || { cat "$scratch/watched"; wrong "$store: the watch does not go on"; }
  # Now the clock is a day behind the log: nothing is written, and it says why.
  if evidence run -q --fail-on nothing >"$scratch/behind" 2>&1; then wrong "$store: a clock that went back was taken"; fi
  grep -q 'set the clock' "$scratch/behind" || { cat "$scratch/behind"; wrong "$store: it does not say that the clock went back"; }
  faketime -f +26h "$bin" evidence pack --from 2026-01-01 --to 2026-12-31 -q -o "$scratch/pack.zip" >/dev/null || wrong "$store: no pack"
  for head in "$scratch/heads.${store%%:*}".*; do
    evidence verify -q "$scratch/pack.zip" --key "$(evidence head --key)" --head "$head" >"$scratch/verified" ||
      { cat "$scratch/verified"; wrong "$store: the log does not begin with $(basename "$head")"; }
  done
  [ "$killed" -ge $((tries / 2)) ] || wrong "$store: only $killed of $tries runs were killed"
  echo "ok    $store: $killed of $tries runs were killed; every head that was signed stands, and the log goes on"
done
exit "$failed"
