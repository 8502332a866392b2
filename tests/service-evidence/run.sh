#!/usr/bin/env bash
# Evidence of a running service: a probe by attack against services with one weakness each (double.py), against our own on
# SQLite and on PostgreSQL, with its self-test, and against audit tables of PostgreSQL whose roles may too much.
# Each weakness must be found where it is, and nowhere else; our own service must refuse what it should.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
bin=${VOUCHSAFE_BIN:-$repository/target/debug/vouchsafe}
scratch=$(mktemp -d)
running=()
cleanup() {
  local process
  for process in "${running[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
  wait || true
  rm -rf "$scratch"
}
trap cleanup EXIT
export XDG_CONFIG_HOME=$scratch/config HOME=$scratch GIT_CONFIG_NOSYSTEM=1
failed=0
await() { # FILE PROCESS: until it is JSON
  for _ in $(seq 1 600); do
    if python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$1" 2>/dev/null; then return; fi
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}
project() { # NAME: an empty project under evidence, with what standard input says added to its settings
  [ -d "$scratch/$1/.git" ] || git init -q -b main "$scratch/$1"
  git -C "$scratch/$1" -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m first
  (cd "$scratch/$1" && "$bin" evidence init --origin "$1.example/evidence" >/dev/null)
  cat >>"$scratch/$1/evidence/evidence.toml"
}
judge() { # NAME PART [FILE]: one run of the project, compared with what must come out
  (cd "$scratch/$1" && "$bin" evidence run --temporary --quiet --json) >"$scratch/$1.json" 2>"$scratch/$1.log" || true
  python3 "$here/expect.py" "$2" "$scratch/$1.json" "${@:3}" || failed=1
}

# --- services with one weakness each ---------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost -keyout "$scratch/double.key" -out "$scratch/double.pem" 2>/dev/null
python3 "$here/double.py" "$scratch" &
running+=($!)
await "$scratch/urls.json" $!
row() { # URL [TOKEN]
  cat <<ROW
[[probe.service]]
url = "$1"
ca = "$scratch/double.pem"
routes = ["GET /me", "GET /patients", "POST /patients", "GET /patients/{id}", "PUT /patients/{id}", "GET /export"]
public = ["GET /health"]
control = "GET /me"
management = []
sign_in = {path = "/auth/sign-in", attempts = 25}
ROW
  [ -n "${2-}" ] || return 0
  echo "token_file = \"$scratch/$2.token\""
  local fault list=
  for fault in expired no-exp long-exp wrong-aud wrong-iss; do list+="{fault = \"$fault\", file = \"$scratch/$fault.token\"}, "; done
  echo "bad_tokens = [$list]"
}
url() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/urls.json" "$1"; }
names=$(python3 -c 'import json,sys; print(*json.load(open(sys.argv[1])))' "$scratch/urls.json")
for name in $names; do [ "$name" = deaf ] || row "$(url "$name")" good; done | project doubles
judge doubles doubles "$scratch/urls.json"
row "$(url none)" good | project strong
(cd "$scratch/strong" && "$bin" evidence run --dry-run) >"$scratch/plan"
if grep -q 'forged' "$scratch/plan" && grep -q 'sign-ins' "$scratch/plan"; then echo 'ok    a dry run names every kind of attack'; else failed=1; fi
judge strong strong
row "$(url deaf)" good | project deaf
judge deaf deaf
row https://localhost:1 good | project gone
judge gone gone
row "$(url none)" | project no-token
judge no-token no-token
# What is stored: no body, no token.
"$bin" evidence probe service "$(url none)" --ca "$scratch/double.pem" --token "$scratch/good.token" --route 'GET /me' >"$scratch/probe.json"
if grep -q '219-09\|eyJ' "$scratch/probe.json"; then echo 'WRONG the probe holds a body or a token'; failed=1; else echo 'ok    the probe holds no body and no token'; fi

# --- our own service -------------------------------------------------------------------------------------------
ours() { # NAME DATA BASE CACERT TOKEN OPERATIONS: probe and self-test of a running Vouchsafe
  project "$1" <<ROW
[[probe.service]]
url = "$3"
ca = "$4"
token_file = "$5"
management = ["$6"]
sign_in = {path = "/auth/sign-in", secrets = ["password", "code"], attempts = 25}
[[self_test]]
report = "evidence/self-test.json"
ROW
  judge "$1" "$1"
}
"$bin" demo --json --data "$scratch/demo" --port 0 >"$scratch/demo.json" 2>"$scratch/demo.log" &
running+=($!)
await "$scratch/demo.json" $! || { cat "$scratch/demo.log"; exit 1; }
of() { python3 -c 'import json,sys; value = json.load(open(sys.argv[1]));
for key in sys.argv[2:]: value = value[key]
print(value)' "$scratch/demo.json" "$@"; }
operations=$(sed -n 's/^operations_listen = "\(.*\)"/\1/p' "$scratch/demo/vouchsafe.toml")
mkdir -p "$scratch/logs"
cp "$scratch/demo.log" "$scratch/logs/service.log"
"$bin" audit verify --data "$scratch/demo" >"$scratch/logs/verify.log"
mkdir -p "$scratch/report"
"$bin" self-test --json --data "$scratch/demo" --canary "Patient/$(of patients out_of_care)" --token-file "$(of token_files registration)" \
  --logs "$scratch/logs" >"$scratch/report/sqlite.json" || { echo 'WRONG the self-test finds something'; failed=1; }
if "$bin" audit verify --data "$scratch/demo" >/dev/null; then echo 'ok    the log holds after the self-test'; else failed=1; fi
if "$bin" audit show --data "$scratch/demo" --stream system --json | grep '"self-test"' | grep -q '"os-user/'; then
  echo 'ok    the log names the user who ran the self-test'
else
  echo 'WRONG the log does not name the user who ran the self-test'; failed=1
fi
# What could not be tried gives exit code 1, though nothing is wrong.
gap() { # WORDS ARGUMENTS...
  if "$bin" self-test --data "$scratch/demo" "${@:2}" >"$scratch/gap" 2>&1 || ! grep -q "GAP.*$1" "$scratch/gap" || grep -q FINDING "$scratch/gap"; then
    echo "WRONG a self-test with a gap: $1"; cat "$scratch/gap"; failed=1
  else
    echo "ok    a self-test with a gap fails: $1"
  fi
}
out_of_care=(--token-file "$(of token_files registration)" --canary "Patient/$(of patients out_of_care)")
gap 'was not read' --token-file "$(of token_files registration)" --canary Patient/6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11
gap 'is not there' "${out_of_care[@]}" --dump "$scratch/none.sql"
printf '\x1f\x8b\x08' >"$scratch/dump.gz"
gap 'packed (gzip)' "${out_of_care[@]}" --dump "$scratch/dump.gz"
ln -s / "$scratch/demo/data/link"
gap 'data/link is a link' "${out_of_care[@]}"
rm "$scratch/demo/data/link"
gap 'not found' --logs "$scratch/none"
judged_ours() { # NAME ...
  git init -q -b main "$scratch/$1" && mkdir -p "$scratch/$1/evidence" && cp "$scratch/report/${1#ours-}.json" "$scratch/$1/evidence/self-test.json"
  ours "$@"
}
judged_ours ours-sqlite "$scratch/demo" "$(of base)" "$(of cacert)" "$(of token_files clinician)" "$operations"
# A value of the record in a file of the installation is found, and so is the name of a patient who signs in, which stands in
# the identity database in clear: a limit that THREAT-MODEL.md names.
canary() { # PATIENT ROLE
  "$bin" self-test --data "$scratch/demo" --canary "Patient/$(of patients "$1")" --token-file "$(of token_files "$2")" >"$scratch/leaky"
}
born=$(curl -s --cacert "$(of cacert)" -H "@$(of token_files registration)" "$(of fhir)/Patient/$(of patients out_of_care)" |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["birthDate"])')
echo "born $born" >"$scratch/demo/data/notes.txt"
if canary out_of_care registration; then
  echo 'WRONG a value in clear is not found'; failed=1
elif grep -q 'data/notes.txt: 1 values' "$scratch/leaky" && ! grep -q "$born" "$scratch/leaky"; then
  echo 'ok    a value in clear is found, and not told'
else
  echo 'WRONG a value in clear'; cat "$scratch/leaky"; failed=1
fi
rm "$scratch/demo/data/notes.txt"
if canary in_care clinician || ! grep -q 'data/identity.db' "$scratch/leaky"; then
  echo 'WRONG the name of a patient who signs in'; cat "$scratch/leaky"; failed=1
else
  echo 'ok    the name of a patient who signs in is found in the identity database'
fi

# --- audit tables in PostgreSQL, and our service on it ---------------------------------------------------------
if [ -z "${VOUCHSAFE_TEST_PG_ADMIN-}" ]; then
  # Beside the scratch folder, which the unprivileged user of PostgreSQL cannot enter.
  cluster=$(mktemp -d)
  trap '"$repository/tools/pg" stop "$cluster" || true; cleanup' EXIT
  eval "$("$repository/tools/pg" start "$cluster")"
fi
database=evidence_$$
sql() { PGSSLMODE=verify-full PGSSLROOTCERT=$VOUCHSAFE_TEST_PG_CA psql -XqAt -v ON_ERROR_STOP=1 -d "$1"; }
at() { python3 -c 'import sys; from urllib.parse import urlsplit as s
print(s(sys.argv[1])._replace(path="/" + sys.argv[2]).geturl())' "$VOUCHSAFE_TEST_PG_ADMIN" "$1"; }
roles='appends updates owns member super schema columns partition creates'
sql "$VOUCHSAFE_TEST_PG_ADMIN" <<SQL
CREATE DATABASE $database;
$(for role in $roles; do echo "CREATE ROLE ${database}_$role LOGIN;"; done)
CREATE ROLE ${database}_janitor;
CREATE ROLE ${database}_probe LOGIN PASSWORD 'probe-password';
ALTER ROLE ${database}_super SUPERUSER;
ALTER ROLE ${database}_creates CREATEROLE;
SQL
sql "$(at "$database")" <<SQL
CREATE SCHEMA audit;
CREATE TABLE audit.events (at timestamptz, what text) PARTITION BY RANGE (at);
CREATE TABLE audit.events_2026 PARTITION OF audit.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE audit.mine (what text);
CREATE SCHEMA own AUTHORIZATION ${database}_schema;
CREATE TABLE own.events (what text);
CREATE TABLE public.accounts (id int);
GRANT USAGE ON SCHEMA audit, own TO PUBLIC;
$(for role in $roles; do echo "GRANT INSERT ON audit.events TO ${database}_$role;"; done)
REVOKE INSERT ON audit.events FROM ${database}_owns, ${database}_schema;
GRANT INSERT ON own.events TO ${database}_schema;
GRANT UPDATE, DELETE, TRUNCATE ON audit.events TO ${database}_updates;
GRANT DELETE ON audit.events TO ${database}_janitor;
GRANT ${database}_janitor TO ${database}_member;
GRANT UPDATE (what) ON audit.events TO ${database}_columns;
GRANT DELETE ON audit.events_2026 TO ${database}_partition;
GRANT INSERT ON public.accounts TO ${database}_columns;
ALTER TABLE audit.mine OWNER TO ${database}_owns;
SQL
server=$(python3 -c 'import sys; from urllib.parse import urlsplit as s; u = s(sys.argv[1]); print(f"{u.hostname}:{u.port}")' "$VOUCHSAFE_TEST_PG_ADMIN")
table() { case $1 in owns) echo audit.mine ;; schema) echo own.events ;; *) echo audit.events ;; esac; }
(umask 077 && echo probe-password >"$scratch/probe.password" && echo wrong >"$scratch/wrong.password")
for role in $roles; do
  cat <<ROW
[[probe.postgres]]
url = "postgres://${database}_probe@$server/$database"
ca = "$VOUCHSAFE_TEST_PG_CA"
password_file = "$scratch/probe.password"
table = "$(table "$role")"
role = "${database}_$role"
ROW
done | project postgres
python3 - "$database" >"$scratch/expected.json" <<'PYTHON'
import json, sys
same = ["SAME_DATABASE"]
expected = {
    "appends": [], "updates": ["MAY_UPDATE", "MAY_DELETE", "MAY_TRUNCATE"],
    "owns": ["ROLE_OWNS_TABLE", "MAY_UPDATE", "MAY_DELETE", "MAY_TRUNCATE", "MAY_ADD_TRIGGERS"],
    "member": ["MAY_DELETE"], "super": same + ["ROLE_SUPERUSER"], "schema": ["ROLE_OWNS_SCHEMA"],
    "columns": same + ["MAY_UPDATE"], "partition": ["MAY_DELETE"], "creates": ["ROLE_MAKES_ROLES"],
}
print(json.dumps({f"{sys.argv[1]}_{role}": codes for role, codes in expected.items()}))
PYTHON
judge postgres postgres "$scratch/expected.json"
probe() { "$bin" evidence probe postgres "postgres://${database}_probe@$server/$database" --table audit.events --role "${database}_appends" "$@"; }
refused_for() { # WORD OPTIONS...: refused, for that reason, and without a password
  if probe "${@:2}" >"$scratch/refused" 2>&1 || ! grep -q "$1" "$scratch/refused" || grep -q 'probe-password' "$scratch/refused"; then
    echo "WRONG a probe that must be refused for its $1: $(cat "$scratch/refused")"; failed=1
  else
    echo "ok    refused: $(tail -n 1 "$scratch/refused")"
  fi
}
refused_for certificate --ca "$VOUCHSAFE_TEST_PG_WRONG_CA" --password-file "$scratch/probe.password"
refused_for password --ca "$VOUCHSAFE_TEST_PG_CA" --password-file "$scratch/wrong.password"

# Our own service on it: the first administrator enrols and signs in, as everybody does.
as_test() { python3 -c 'import sys; from urllib.parse import urlsplit as s
print(s(sys.argv[1])._replace(path="/" + sys.argv[2]).geturl())' "$VOUCHSAFE_TEST_PG" "$1"; }
for part in records identity keys; do
  sql "$VOUCHSAFE_TEST_PG" <<<"CREATE DATABASE ${database}_$part"
  export "VOUCHSAFE_DATABASE__${part^^}=$(as_test "${database}_$part")"
done
export VOUCHSAFE_DATABASE__CA=$VOUCHSAFE_TEST_PG_CA VOUCHSAFE_DATA=$scratch/on-pg
mkdir -m 700 "$VOUCHSAFE_DATA"
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
printf 'data_listen = "127.0.0.1:%s"\noperations_listen = "127.0.0.1:%s"\n' "$(port)" "$(port)" >"$VOUCHSAFE_DATA/vouchsafe.toml"
"$bin" serve --json --administrator 'Ada Example <ada@example.org>' >"$scratch/serve.json" 2>"$scratch/serve.log" &
served=$!
running+=("$served")
await "$scratch/serve.json" "$served" || { cat "$scratch/serve.log"; exit 1; }
served() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/serve.json" "$1"; }
code() { # SECRET STEPS: the one-time code so many steps from now (RFC 6238)
  python3 -c 'import base64, hashlib, hmac, sys, time
secret, step = sys.argv[1].replace(" ", ""), int(time.time()) // 30 + int(sys.argv[2])
digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), step.to_bytes(8, "big"), hashlib.sha1).digest()
at = digest[-1] & 15
print("%06d" % ((int.from_bytes(digest[at:at + 4], "big") & 0x7fffffff) % 10**6))' "$1" "$2"
}
(umask 077 && echo 'a long phrase for a test of ours' >"$scratch/ada.password")
"$bin" person enrol "$(served enrolment)" --show --json >"$scratch/enrol.json"
secret=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["secret"])' "$scratch/enrol.json")
"$bin" person enrol "$(served enrolment)" --password-file "$scratch/ada.password" --code "$(code "$secret" 0)" >/dev/null
"$bin" person sign-in ada@example.org --password-file "$scratch/ada.password" --code "$(code "$secret" 1)" --token-file "$scratch/ada.header" >/dev/null
# PHI routes open when the preflight has run again. The self-test waits for the checkpoint over what was recorded before it.
asked() { curl -s -o "$scratch/refused" -w '%{http_code}' --cacert "$(served cacert)" -H "@$scratch/ada.header" "$(served fhir)/Patient/6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11"; }
for _ in $(seq 60); do [ "$(asked)" != 503 ] && break; sleep 1; done
cp "$scratch/serve.log" "$scratch/logs/service.log"
"$bin" self-test --json --logs "$scratch/logs" >"$scratch/report/postgres.json" || { echo 'WRONG the self-test on PostgreSQL finds something'; failed=1; }
operations=$(served operations)
judged_ours ours-postgres "$VOUCHSAFE_DATA" "$(served base)" "$(served cacert)" "$scratch/ada.header" "${operations#https://}"
# The values of a record are looked for in dumps; each database needs one, and the search shows that it can find.
"$bin" person give ada@example.org --role registration --days 1 --reason 'a test of dumps' >/dev/null
patient=$(curl -s --cacert "$(served cacert)" -H "@$scratch/ada.header" -H 'Content-Type: application/fhir+json' \
  -d '{"resourceType":"Patient","name":[{"family":"Canary-Family"}],"birthDate":"1950-02-03"}' "$(served fhir)/Patient" |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])')
dumped() { # PART: a plain dump of that database
  PGSSLMODE=verify-full PGSSLROOTCERT=$VOUCHSAFE_TEST_PG_CA pg_dump --format=plain -d "$(as_test "${database}_$1")" >"$scratch/dumps/$1.sql"
}
mkdir "$scratch/dumps"
dumped_canary() { "$bin" self-test --canary "Patient/$patient" --token-file "$scratch/ada.header" "$@" >"$scratch/leaky" 2>&1; }
expect_dumps() { # WHAT EXIT WORDS ARGUMENTS...
  local ended=0
  dumped_canary "${@:4}" || ended=$?
  if [ "$ended" = "$2" ] && grep -q "$3" "$scratch/leaky"; then echo "ok    $1"; else echo "WRONG $1: exit $ended"; cat "$scratch/leaky"; failed=1; fi
}
for part in records identity keys; do dumped "$part"; done
expect_dumps 'dumps of all databases are searched, and hold no value' 0 'values searched' --dump "$scratch/dumps"
expect_dumps 'a database without a dump is a gap' 1 'GAP.*keys database' --dump "$scratch/dumps/records.sql" --dump "$scratch/dumps/identity.sql"
expect_dumps 'no dump at all is a gap' 1 'GAP.*records database is in PostgreSQL'
sql "$(as_test "${database}_records")" <<<"CREATE TABLE notes (text text); INSERT INTO notes VALUES ('Canary-Family')"
dumped records
expect_dumps 'a value in a dump is found' 1 'FINDING.*dump: 1 values' --dump "$scratch/dumps"
kill -TERM "$served"
wait "$served" || true
for part in records identity keys; do sql "$VOUCHSAFE_TEST_PG" <<<"DROP DATABASE ${database}_$part"; done

sql "$VOUCHSAFE_TEST_PG_ADMIN" <<SQL
DROP DATABASE $database;
$(for role in $roles janitor probe; do echo "DROP ROLE ${database}_$role;"; done)
SQL
exit "$failed"
