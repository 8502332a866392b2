#!/usr/bin/env bash
# A real standby is promoted under load, behind one address, twice: after the primary was made read-only under open
# connections (a planned failover), and after it was killed (an unplanned one). The service runs on and is not restarted:
# within seconds it writes again, readiness falls meanwhile, and every record that was acknowledged is there.
# Then PgBouncer in transaction mode: the start says why that cannot be.
#
# VOUCHSAFE_BIN is the program. It makes clusters of its own, with fsync on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
bin=${VOUCHSAFE_BIN:-$repository/target/debug/vouchsafe}
scratch=$(mktemp -d)
chmod 755 "$scratch"
running=()
as_pg() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all -- "$@"; else "$@"; fi
}
cleanup() {
  local process
  for process in "${running[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
  [ ! -e "$scratch/standby/postmaster.pid" ] || as_pg "$pg/pg_ctl" -D "$scratch/standby" -m immediate stop >/dev/null 2>&1 || true
  "$repository/tools/pg" stop "$scratch/pg" >/dev/null 2>&1 || true
  wait || true
  rm -rf "$scratch"
}
trap cleanup EXIT
export XDG_CONFIG_HOME=$scratch/config HOME=$scratch
failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "ok    $name"; else echo "WRONG $name"; failed=1; fi
}
until_is() { # SECONDS COMMAND...: waits until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
pg=$(for one in /usr/lib/postgresql/*/bin; do [ -x "$one/pg_basebackup" ] && echo "$one"; done | sort -V | tail -n 1)
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# --- a primary, and a standby that has every commit before it is acknowledged ----------------------------------------------
main=$scratch/pg/main
own_cluster() { # a fresh primary with a standby behind one address
  "$repository/tools/pg" start "$scratch/pg" --durable >/dev/null
  eval "$("$repository/tools/pg" env "$scratch/pg")"
  primary_port=$(cat "$scratch/pg/main.port")
  admin=$(python3 -c 'import sys; from urllib.parse import urlsplit as s; print(s(sys.argv[1]).password)' "$VOUCHSAFE_TEST_PG_ADMIN")
  printf 'hostssl replication all 127.0.0.0/8 scram-sha-256\n' | as_pg tee -a "$main/pg_hba.conf" >/dev/null
  sql "$primary_port" 'SELECT pg_reload_conf()' >/dev/null
  as_pg env HOME=/nonexistent PGPASSWORD="$admin" PGSSLMODE=verify-full PGSSLROOTCERT="$VOUCHSAFE_TEST_PG_CA" "$pg/pg_basebackup" \
    -d "host=localhost port=$primary_port user=vouchsafe_admin" -D "$scratch/standby" -R -X stream --checkpoint=fast
  standby_port=$(port)
  as_pg "$pg/pg_ctl" -D "$scratch/standby" -w -l "$scratch/standby.log" -o "-p $standby_port" start >/dev/null
  sql "$primary_port" "ALTER SYSTEM SET synchronous_standby_names = '*'" >/dev/null
  sql "$primary_port" 'SELECT pg_reload_conf()' >/dev/null
  until_is 20 synchronous
  echo "$primary_port" >"$scratch/target"
}
sql() { # PORT STATEMENT
  PGPASSWORD=$admin PGSSLMODE=verify-full PGSSLROOTCERT=$VOUCHSAFE_TEST_PG_CA psql -XqAt -v ON_ERROR_STOP=1 \
    -d "host=localhost port=$1 user=vouchsafe_admin dbname=postgres" -c "$2"
}
synchronous() { [ "$(sql "$primary_port" "SELECT sync_state FROM pg_stat_replication")" = sync ]; }
is_primary() { [ "$(sql "$1" 'SELECT pg_is_in_recovery()')" = f ]; }

install -d -m 777 "$scratch/shared"
touch "$scratch/standby.log"
mkdir -m 700 "$scratch/standby"
if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$scratch/standby" "$scratch/standby.log"; fi
own_cluster
python3 "$here/proxy.py" "$scratch/target" >"$scratch/address" &
running+=($!)
until_is 10 test -s "$scratch/address"
address=$(cat "$scratch/address")

# --- the service, with somebody who may write ------------------------------------------------------------------------------
through() { # PART PORT: the URL of a database at another port
  local variable=VOUCHSAFE_TEST_PG_${1^^}
  python3 -c 'import sys; from urllib.parse import urlsplit as s
u = s(sys.argv[1]); print(u._replace(netloc=f"{u.username}:{u.password}@localhost:{sys.argv[2]}").geturl())' "${!variable}" "$2"
}
for part in records identity keys; do export "VOUCHSAFE_DATABASE__${part^^}=$(through "$part" "$address")"; done
export VOUCHSAFE_DATABASE__CA=$VOUCHSAFE_TEST_PG_CA VOUCHSAFE_DATA=$scratch/data
mkdir -m 700 "$VOUCHSAFE_DATA"
operations=$(port)
printf 'data_listen = "127.0.0.1:%s"\noperations_listen = "127.0.0.1:%s"\n' "$(port)" "$operations" >"$VOUCHSAFE_DATA/vouchsafe.toml"
"$bin" serve --json --administrator 'Ada Example <ada@example.org>' >"$scratch/serve.json" 2>"$scratch/serve.log" &
served=$!
running+=("$served")
until_is 120 python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$scratch/serve.json" || { cat "$scratch/serve.log"; exit 1; }
served() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/serve.json" "$1"; }
code() { # SECRET STEPS: the one-time code so many steps from now (RFC 6238)
  python3 -c 'import base64, hashlib, hmac, sys, time
secret, step = sys.argv[1].replace(" ", ""), int(time.time()) // 30 + int(sys.argv[2])
digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), step.to_bytes(8, "big"), hashlib.sha1).digest()
at = digest[-1] & 15
print("%06d" % ((int.from_bytes(digest[at:at + 4], "big") & 0x7fffffff) % 10**6))' "$1" "$2"
}
enrol() { # LINK NAME
  (umask 077 && echo 'a long phrase for a test of ours' >"$scratch/$2.password")
  "$bin" person enrol "$1" --show --json >"$scratch/$2.json"
  secret=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["secret"])' "$scratch/$2.json")
  "$bin" person enrol "$1" --password-file "$scratch/$2.password" --code "$(code "$secret" 0)" >/dev/null
}
enrol "$(served enrolment)" ada
link=$("$bin" person add 'Rita Example' rita@example.org --role registration --days 5 --reason 'test of failover' --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["link"])')
enrol "$link" rita
"$bin" person sign-in rita@example.org --password-file "$scratch/rita.password" --code "$(code "$secret" 1)" --token-file "$scratch/rita.header" >/dev/null
ready() { curl -sf --cacert "$(served cacert)" "https://localhost:$operations/readyz" >/dev/null; }
until_is 20 ready || { echo 'WRONG it is never ready'; cat "$scratch/serve.log"; exit 1; }

# --- under load ------------------------------------------------------------------------------------------------------------
under_load() { # NAME COMMAND...: changes the primary under load; everything that was acknowledged must be there
  local name=$1 before
  shift
  rm -f "$scratch/stop" "$scratch/acknowledged"
  python3 "$here/load.py" "$(served fhir)" "$(served cacert)" "$scratch/rita.header" "$scratch/stop" "$scratch/acknowledged" &
  local load=$!
  running+=("$load")
  until_is 20 writes 20
  (while [ ! -e "$scratch/stop" ]; do if ready; then echo ready; else echo not; fi; sleep 0.2; done) >"$scratch/readiness" &
  local watch=$!
  before=$(date +%s.%N)
  "$@"
  changed=$(date +%s.%N)
  check "$name: it writes again within 15 seconds" until_is 15 writes_since "$changed" 20
  check "$name: it is ready again" until_is 15 ready
  touch "$scratch/stop"
  wait "$load" "$watch"
  check "$name: readiness fell meanwhile" grep -q not "$scratch/readiness"
  check "$name: it was not restarted" kill -0 "$served"
  python3 - "$scratch/acknowledged" "$before" <<'PY'
import sys
times = [float(line.split()[0]) for line in open(sys.argv[1]) if line.split()[1] == "201"]
gaps = [(b - a) for a, b in zip(times, times[1:]) if b > float(sys.argv[2])]
codes = sorted({line.split()[1] for line in open(sys.argv[1])})
print(f"      {len(times)} were acknowledged, the longest gap {max(gaps):.1f} s, answers {' '.join(codes)}")
PY
  check "$name: all that was acknowledged is there" all_there
}
writes() { [ "$(grep -c ' 201 ' "$scratch/acknowledged" || true)" -ge "$1" ]; }
writes_since() { [ "$(awk -v since="$1" '$1 > since && $2 == 201' "$scratch/acknowledged" | wc -l)" -ge "$2" ]; }
all_there() {
  awk '$2 == 201 { print "url = \"'"$(served fhir)"'/Patient/" $3 "\"\noutput = /dev/null\nwrite-out = \"%{http_code}\\n\"" }' "$scratch/acknowledged" |
    curl -s --cacert "$(served cacert)" -H "@$scratch/rita.header" -K - >"$scratch/read"
  [ -s "$scratch/read" ] && [ "$(sort -u "$scratch/read")" = 200 ] || { sort "$scratch/read" | uniq -c; return 1; }
}
promote() { # waits for what the standby has yet to replay, then moves the address
  as_pg "$pg/pg_ctl" -D "$scratch/standby" -w promote >/dev/null
  until_is 20 is_primary "$standby_port"
  echo "$standby_port" >"$scratch/target"
}
planned() { # the old primary stays up and refuses writes: connections to it are open, answer, and are of no use
  sql "$primary_port" "ALTER SYSTEM SET default_transaction_read_only = on" >/dev/null
  sql "$primary_port" 'SELECT pg_reload_conf()' >/dev/null
  sleep 1
  promote
}
killed() {
  as_pg "$pg/pg_ctl" -D "$main" -m immediate stop >/dev/null
  sleep 1
  promote
}
under_load 'a primary that becomes read-only' planned
# The server refused, so nothing was written: a caller may repeat it at once.
check 'a primary that becomes read-only: it says that nothing was done' \
  bash -c 'grep -q " 503 transient" "$0" && ! grep -q " 503 incomplete" "$0"' "$scratch/acknowledged"

# The former standby is the primary now; a new standby behind it.
old=$primary_port
as_pg "$pg/pg_ctl" -D "$main" -m immediate stop >/dev/null
primary_port=$standby_port
as_pg rm -rf "$main" 2>/dev/null || rm -rf "$main"
mkdir -m 700 "$main"
if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$main"; fi
sql "$primary_port" "ALTER SYSTEM SET synchronous_standby_names = ''" >/dev/null
sql "$primary_port" 'SELECT pg_reload_conf()' >/dev/null
as_pg env HOME=/nonexistent PGPASSWORD="$admin" PGSSLMODE=verify-full PGSSLROOTCERT="$VOUCHSAFE_TEST_PG_CA" "$pg/pg_basebackup" \
  -d "host=localhost port=$primary_port user=vouchsafe_admin" -D "$main" -R -X stream --checkpoint=fast
as_pg "$pg/pg_ctl" -D "$main" -w -l "$scratch/standby.log" -o "-p $old" start >/dev/null
sql "$primary_port" "ALTER SYSTEM SET synchronous_standby_names = '*'" >/dev/null
sql "$primary_port" 'SELECT pg_reload_conf()' >/dev/null
until_is 20 synchronous
killed_back() {
  as_pg "$pg/pg_ctl" -D "$scratch/standby" -m immediate stop >/dev/null
  sleep 1
  as_pg "$pg/pg_ctl" -D "$main" -w promote >/dev/null
  until_is 20 is_primary "$old"
  echo "$old" >"$scratch/target"
}
sql "$primary_port" 'SELECT 1' >/dev/null
under_load 'a primary that is killed' killed_back
sql "$old" "ALTER SYSTEM SET synchronous_standby_names = ''" >/dev/null
sql "$old" 'SELECT pg_reload_conf()' >/dev/null

# --- a pooler between ------------------------------------------------------------------------------------------------------
kill -TERM "$served"
wait "$served" || true
pooler=$(port)
user_list=$scratch/shared/users
for part in records identity keys; do
  printf '"vouchsafe_%s" "%s"\n' "$part" "$(cat "$scratch/pg/password/$part")"
done >"$user_list"
cp "$scratch/pg/tls/main.key" "$scratch/shared/pooler.key"
chmod 644 "$scratch/shared/pooler.key" "$user_list"
pgbouncer_with() { # SETTING: starts it, in transaction mode
  cat >"$scratch/shared/pgbouncer.ini" <<INI
[databases]
* = host=localhost port=$old
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $user_list
pool_mode = transaction
client_tls_sslmode = require
client_tls_cert_file = $scratch/pg/tls/main.pem
client_tls_key_file = $scratch/shared/pooler.key
server_tls_sslmode = verify-full
server_tls_ca_file = $VOUCHSAFE_TEST_PG_CA
$1
INI
  as_pg pgbouncer -q "$scratch/shared/pgbouncer.ini" >"$scratch/pgbouncer.log" 2>&1 &
  running+=($!)
  bouncer=$!
  until_is 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$pooler"
}
for part in records identity keys; do export "VOUCHSAFE_DATABASE__${part^^}=$(through "$part" "$pooler")"; done
for setting in '' 'ignore_startup_parameters = options'; do
  pgbouncer_with "$setting"
  refused() { ! timeout 60 "$bin" serve --json >"$scratch/out" 2>"$scratch/pooled"; }
  check "PgBouncer in transaction mode (${setting:-as it comes}): nothing is served" refused
  check 'and it says why' grep -q 'PgBouncer. Connect to PostgreSQL itself' "$scratch/pooled"
  kill -TERM "$bouncer" 2>/dev/null || true
  wait "$bouncer" || true
done
exit "$failed"
