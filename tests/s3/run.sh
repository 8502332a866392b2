#!/usr/bin/env bash
# The evidence log in S3-compatible storage, against moto (PyPI: moto[server]), behind a front that computes each
# signature again by botocore and does what storage does at its worst (front.py).
#
# What a double does not prove: that AWS or another storage heeds conditional writes and Object Lock as moto does, how it
# orders reads behind writes, and that the policy of docs/evidence.md is enough there (moto's engine says so). The first is tried at each start by
# the program itself.
#
# Skipped where moto cannot be installed. VOUCHSAFE_BIN is the program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${VOUCHSAFE_BIN:?the program: set VOUCHSAFE_BIN}
scratch=$(mktemp -d)
processes=()
cleanup() {
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap cleanup EXIT

python=${VOUCHSAFE_MOTO_PYTHON:-$scratch/venv/bin/python}
if [ ! -x "$python" ]; then
  { python3 -m venv "$scratch/venv" && "$scratch/venv/bin/pip" install --quiet 'moto[server,s3]==5.2.5'; } >/dev/null 2>&1 ||
    { echo 's3: SKIPPED, moto (PyPI) cannot be installed'; exit 0; }
fi
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_CA_BUNDLE HTTP_PROXY HTTPS_PROXY http_proxy https_proxy

failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "ok    $name"; else echo "WRONG $name"; failed=1; fi
}
port_of() { # FILE: a server has written its port there
  for _ in $(seq 100); do
    if [ -s "$1" ]; then head -n 1 "$1"; return; fi
    sleep 0.1
  done
  echo "no server: $1" >&2
  exit 1
}
serve() { # NAME COMMAND...
  local name=$1
  shift
  "$@" >"$scratch/$name.port" 2>"$scratch/$name.log" &
  processes+=($!)
}

"$python" - "$scratch" >"$scratch/moto.port" 2>"$scratch/moto.log" <<'PYTHON' &
import logging
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
logging.disable(logging.CRITICAL)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
processes+=($!)
moto=$(port_of "$scratch/moto.port")
serve front "$python" "$here/front.py" "$moto" "$scratch"
front=$(port_of "$scratch/front.port")
export AWS_ACCESS_KEY_ID=AKIDALLOWED AWS_SECRET_ACCESS_KEY=allowed-secret-canary AWS_REGION=eu-central-1
export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$front

bucket() { "$python" "$here/bucket.py" "$moto" "$@"; }
fault() { printf '%s\n' "$@" >"$scratch/faults"; }
calls() { wc -l <"$scratch/calls"; }
: >"$scratch/calls"
bucket create evidence
git init -q -b main "$scratch/app"
git -C "$scratch/app" -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first
cd "$scratch/app"
evidence() { "$bin" evidence "$@"; }
run() { evidence run -q --fail-on nothing >/dev/null; }
# says TEXT COMMAND...: it fails, and says so.
says() {
  local text=$1
  shift
  if "$@" >"$scratch/said" 2>&1; then echo "it did not fail"; return 1; fi
  cat "$scratch/said" >>"$scratch/transcript"
  if grep -q "$text" "$scratch/said"; then return 0; fi
  cat "$scratch/said"
  return 1
}
size() { bucket get evidence app/checkpoint | sed -n 2p; }

# --- the first hour -----------------------------------------------------------------------------------------------
check 'init makes an empty log in the bucket' evidence init --log s3:evidence/app --since 2026-01-01 --origin s3.example/evidence
check 'it is empty and signed' test "$(size)" = 0
check 'another init there is refused' says 'is not signed by the key of this project' \
  bash -c 'cd "$0" && rm -rf x && git clone -q . x && cd x && "$1" evidence init --log s3:evidence/app --origin s3.example/evidence --key-file "$2/other.key"' "$scratch/app" "$bin" "$scratch"
rm -rf "$scratch/app/x"
before=$(calls)
evidence run --dry-run >"$scratch/plan"
check 'a dry run names the calls and the permissions' grep -q 's3:PutObject on evidence/app/\*' "$scratch/plan"
check 'and makes none' test "$(calls)" = "$before"
check 'a run' run
evidence head >"$scratch/kept.head"
check 'another run' run
evidence status >"$scratch/status" || true
check 'status reads it' grep -q 'What to do next' "$scratch/status"
check 'a pack' evidence pack --from 2026-01-01 --to 2026-06-30 -q -o "$scratch/pack.zip"
check 'the pack is verified with the head that was kept' evidence verify -q "$scratch/pack.zip" --key "$(evidence head --key)" --head "$scratch/kept.head"
check 'nothing was listed or removed: objects are read and put, and no more' \
  bash -c '! grep -vE "^(GET|PUT) /evidence/app/[^?]+ (new|unchanged|-)$" "$0"' "$scratch/calls"
check 'only a tile is ever put without a condition' bash -c '! grep -E "^PUT .* -$" "$0" | grep -v /tile/' "$scratch/calls"

check 'the policy of the documentation permits these calls and none that removes' \
  "$python" "$here/policy.py" "$here/../../docs/evidence.md" "$scratch/calls"

# --- nothing is taken for an empty log ------------------------------------------------------------------------------
before=$(size)
for what in 403 404 500 html404 cut; do
  fault "GET app/checkpoint $what"
  check "an answer of the kind $what is an error" says 'GetObject of app/checkpoint' run
  fault "GET app/tile $what"
  rm -rf .git/vouchsafe-evidence
  check "a tile of the kind $what is an error" says 'error:' run
  fault "PUT app/checkpoint $what"
  [ "$what" = cut ] || check "a checkpoint of the kind $what is not put" says 'PutObject of app/checkpoint' run
done
fault 'PUT app/probe unconditional'
check 'storage that heeds no conditions is refused' says 'does not heed the condition' run
fault
check 'and after all that the log is as it was' test "$(size)" = "$before"
fault 'GET app/checkpoint once500' 'PUT app/staged once500'
check 'a fault that passes is passed over' run
fault 'PUT app/checkpoint lost'
before=$(size)
check 'an answer that is lost is found out' run
check 'and the run is there once' test "$(size)" -gt "$before"
check 'a wrong secret is refused, and not told' says 'SignatureDoesNotMatch' env AWS_SECRET_ACCESS_KEY=wrong-canary "$bin" evidence run
check 'a session token is sent' env AWS_ACCESS_KEY_ID=AKIDTOKEN AWS_SECRET_ACCESS_KEY=token-secret-canary \
  AWS_SESSION_TOKEN=session-token-canary "$bin" evidence head
check 'without credentials it says how to give some' says 'there are no credentials' env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$bin" evidence head
mkdir -p "$scratch/.aws"
printf '[ci]\naws_access_key_id = AKIDALLOWED\naws_secret_access_key = allowed-secret-canary\n' >"$scratch/.aws/credentials"
chmod 600 "$scratch/.aws/credentials"
check 'a profile of a file does' env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_PROFILE=ci "$bin" evidence head
rm -r "$scratch/.aws"

# --- two runs at once -------------------------------------------------------------------------------------------------
git clone -q "$scratch/app" "$scratch/two"
cp -r evidence "$scratch/two/"
before=$(size)
run
# What a run appends, but for what it appends once.
entries=$(($(size) - before - 5))
before=$(size)
# The first one is held at its checkpoint until the second one has put its own.
fault 'PUT app/checkpoint hold'
run >"$scratch/one.out" 2>&1 &
one=$!
for _ in $(seq 300); do [ ! -e "$scratch/held" ] || break; sleep 0.1; done
(cd "$scratch/two" && run) >"$scratch/two.out" 2>&1
touch "$scratch/release"
check 'the slower of two runs begins again behind the other' wait "$one"
check 'and says so' grep -q 'another run was quicker' "$scratch/one.out"
rm -f "$scratch/held" "$scratch/release"
check 'both are in the log' test "$(size)" -ge $((before + 2 * entries))

# --- killed at every call ---------------------------------------------------------------------------------------------
# Each run has a content of its own that is too large for a leaf: an object.
grow() { for _ in $(seq 60); do echo "# $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM $RANDOM"; done >>evidence/evidence.toml; }
grow
: >"$scratch/calls"
run >/dev/null 2>&1
puts=$(grep -c '^PUT' "$scratch/calls")
killed=0
for when in die die-before; do
  for ((n = 0; n < puts; n++)); do
    fault "PUT app/ $when $n"
    sed -i '/^# [0-9]/d' evidence/evidence.toml
    grow
    "$bin" evidence run -q --fail-on nothing >/dev/null 2>&1 &
    echo $! >"$scratch/victim"
    wait $! 2>/dev/null && continue
    killed=$((killed + 1))
    fault
    # Elsewhere, without anything that the killed one left on its disk.
    rm -rf "$scratch/two/.git/vouchsafe-evidence"
    (cd "$scratch/two" && evidence head) >"$scratch/heads.$when.$n" || { echo "WRONG killed at put $n ($when): it is not read"; failed=1; }
    (cd "$scratch/two" && run) >"$scratch/said" 2>&1 || { cat "$scratch/said"; echo "WRONG killed at put $n ($when): it does not go on"; failed=1; }
  done
done
check "a run was killed at each of its $puts calls, before and behind" test "$killed" -ge $((2 * puts - 2))
evidence pack --from 2026-01-01 --to 2026-06-30 -q -o "$scratch/pack.zip"
lost=0
for head in "$scratch"/heads.*; do
  evidence verify -q "$scratch/pack.zip" --key "$(evidence head --key)" --head "$head" >"$scratch/said" || { lost=$((lost + 1)); cat "$scratch/said"; }
done
check 'the log begins with every head that it had: no signed entry is lost' test "$lost" = 0
bucket fetch evidence app "$scratch/fetched"
if [ -d /usr/share/gocode/src/golang.org/x/mod ] && command -v go >/dev/null; then
  check 'the files of the bucket are verified by the packages of Go' "$here/../foreign/go/verify.sh" "$scratch/fetched" "$(evidence head --key)"
fi

# --- rewritten, cut, removed ------------------------------------------------------------------------------------------
run >/dev/null 2>&1
bucket keep evidence app/checkpoint "$scratch/newest"
bucket older evidence app/checkpoint
check 'a log that was cut is refused where it was seen' says 'does not go on from the' run
bucket put evidence app/checkpoint "$scratch/newest"
check 'the newest is taken' run
bucket keep evidence app/checkpoint "$scratch/newest"
bucket remove evidence app/checkpoint
check 'a log that was removed is refused' says 'there is none now' run
bucket put evidence app/checkpoint "$scratch/newest"

# --- Object Lock ------------------------------------------------------------------------------------------------------
bucket create locked lock
git clone -q "$scratch/app" "$scratch/three"
cd "$scratch/three"
evidence init --log s3:locked/app --origin locked.example/evidence --key-file "$scratch/three.key" >/dev/null
sed -i 's/^# retain_days = .*/retain_days = 30/' evidence/evidence.toml
locked_run() { evidence run -q --fail-on nothing --key-file "$scratch/three.key" >/dev/null; }
check 'a run puts locked objects' locked_run
check 'and they are locked' bucket locked locked app/
sed -i 's/s3:locked/s3:evidence/; s/app"$/four"/' evidence/evidence.toml
check 'a lock that the bucket does not have is refused' says 'error:' locked_run

# --- TLS ----------------------------------------------------------------------------------------------------------------
cd "$scratch/app"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$scratch/ca.key" -out "$scratch/ca.pem" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=storage -addext 'subjectAltName=IP:127.0.0.1' \
  -addext basicConstraints=critical,CA:FALSE -CA "$scratch/ca.pem" -CAkey "$scratch/ca.key" \
  -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
mkdir "$scratch/tls"
serve tls "$python" "$here/front.py" "$moto" "$scratch/tls" "$scratch/tls.pem" "$scratch/tls.key"
tls=https://127.0.0.1:$(port_of "$scratch/tls.port")
sed -i 's/^endpoint = .*//' evidence/evidence.toml
check 'a certificate that nobody vouches for is refused' says 'certificate' env AWS_ENDPOINT_URL_S3="$tls" "$bin" evidence head
check 'one of an own authority is taken' env AWS_ENDPOINT_URL_S3="$tls" AWS_CA_BUNDLE="$scratch/ca.pem" "$bin" evidence head
check 'plain http elsewhere is refused' says 'no https' env AWS_ENDPOINT_URL_S3=http://storage.example "$bin" evidence head

check 'no secret is in what was written or said' bash -c '! grep -rqs -e secret-canary -e token-canary -e wrong-canary -e X-Amz-Signature "$0/app" "$0/two" "$0/three" "$0/said" "$0/transcript" "$0/status" "$0/plan" "$0/fetched"' "$scratch"
exit "$failed"
