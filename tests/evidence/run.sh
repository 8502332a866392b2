#!/usr/bin/env bash
# The first hour with `vouchsafe evidence`, as the README has it, on a real history: the commit graph of a Go service with
# every revision of its go.mod, and Go's vulnerability database. Counts are compared with plain git and a few lines of Python.
# Needs ../shared/data; says so when it is not there.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
bin=${VOUCHSAFE_BIN:-$repository/target/debug/vouchsafe}
data=${VOUCHSAFE_SHARED:-$repository/../shared/data}

if [ ! -f "$data/histories/ca-go.fi.xz" ] || [ ! -f "$data/go-vulndb.tar.xz" ]; then
  echo "evidence: SKIPPED, there are no histories and no advisories in $(basename "$(dirname "$data")")/data"
  exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CONFIG_HOME=$scratch/config HOME=$scratch GIT_CONFIG_NOSYSTEM=1
failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "ok    $name"; else echo "WRONG $name"; failed=1; fi
}
refuses() { ! "$@" >"$scratch/refused" 2>&1; }

mkdir "$scratch/vulndb" "$scratch/ca"
tar -xJf "$data/go-vulndb.tar.xz" -C "$scratch/vulndb"
git init -q -b main "$scratch/ca"
xzcat "$data/histories/ca-go.fi.xz" | git -C "$scratch/ca" fast-import --quiet
git -C "$scratch/ca" checkout -q main
cd "$scratch/ca"

evidence() { "$bin" evidence "$@"; }

# The first hour.
evidence init --since 2026-01-01 --go-vulndb "$scratch/vulndb/go-vulndb" >"$scratch/init"
check 'the key is not in the repository' refuses grep -rqs 'PRIVATE+KEY' evidence .vouchsafe-evidence
check 'a second init is refused' refuses evidence init
evidence run --dry-run >"$scratch/plan"
check 'a dry run says what it will read' grep -q 'permission' "$scratch/plan"
check 'a dry run writes nothing' test "$(sed -n 2p .vouchsafe-evidence/checkpoint)" = 0
evidence head >"$scratch/kept.head"
evidence head --key >"$scratch/kept.key"
evidence run --json >"$scratch/run.json" || true
evidence status >"$scratch/status" || true
check 'status says what to do next' grep -q 'What to do next' "$scratch/status"
evidence pack --from 2026-01-01 --to 2026-06-30 -o "$scratch/pack.zip" >/dev/null
check 'the pack is verified' evidence verify -q "$scratch/pack.zip" --key "$scratch/kept.key" --head "$scratch/kept.head"
evidence verify -q "$scratch/pack.zip" >"$scratch/verified"
check 'without a key it says what is not excluded' grep -q 'not excluded: omission' "$scratch/verified"

# The population is git's own: all first-parent changes of the window, none invented.
git log --first-parent --format='%H %ct %P' main >"$scratch/log"
python3 - "$scratch" <<'PYTHON'
import csv, io, sys, zipfile
from datetime import datetime, timezone
scratch = sys.argv[1]
moment = lambda text: datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()
begin, end = moment("2026-01-01"), moment("2026-07-01")
# A merge cannot be older than what it was merged onto: the date of a change is the latest up to it.
latest, dated = 0, {}
lines = [line.split() for line in open(f"{scratch}/log")]
for commit, date, *parents in reversed(lines):
    latest = max(latest, int(date))
    dated[commit] = (latest, len(parents))
expected = {commit for commit, (date, _) in dated.items() if begin <= date < end}
with zipfile.ZipFile(f"{scratch}/pack.zip") as pack:
    rows = list(csv.DictReader(io.StringIO(pack.read("populations/change.reviewed.csv").decode())))
got = {row["id"] for row in rows}
assert got == expected and len(rows) == len(expected), (len(got), len(expected), len(rows))
single = {row["id"] for row in rows if row["parents"] == "single-parent"}
assert single == {commit for commit in expected if dated[commit][1] < 2}
print(f"ok    {len(expected)} changes, {len(single)} of them with a single parent, as git counts them")
PYTHON

# A changed byte, an added file.
python3 - "$scratch" <<'PYTHON'
import sys, zipfile
scratch = sys.argv[1]
def altered(name, change, extra=None):
    with zipfile.ZipFile(f"{scratch}/pack.zip") as old, zipfile.ZipFile(f"{scratch}/{name}.zip", "w") as new:
        for item in old.namelist():
            new.writestr(item, change(item, old.read(item)))
        if extra:
            new.writestr(*extra)
flip = lambda wanted: lambda item, data: data if item != wanted else data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
altered("findings", flip("findings.json"))
altered("population", flip("populations/change.reviewed.csv"))
altered("checkpoint", flip("log/checkpoint"))
altered("added", lambda item, data: data, ("notes.txt", b"all is well"))
PYTHON
for altered in findings population checkpoint added; do
  check "a pack with another $altered is refused" refuses evidence verify -q "$scratch/$altered.zip" --key "$scratch/kept.key"
done

# The sample is the same for everybody who has the seed.
evidence sample "$scratch/pack.zip" --check change.reviewed --seed s --size 5 2>/dev/null >"$scratch/sample.csv"
python3 - "$scratch" <<'PYTHON'
import csv, hashlib, hmac, io, sys, zipfile
scratch = sys.argv[1]
with zipfile.ZipFile(f"{scratch}/pack.zip") as pack:
    rows = csv.DictReader(io.StringIO(pack.read("populations/change.reviewed.csv").decode()))
    ids = [row["id"] for row in rows]
ids.sort(key=lambda item: hmac.new(b"s", item.encode(), hashlib.sha256).hexdigest())
sample = [row["id"] for row in csv.DictReader(open(f"{scratch}/sample.csv"))]
assert sample == ids[:5], sample
print("ok    a sample is drawn the same way by a few lines of Python")
PYTHON

# The registers of a list of requests.
printf 'Ref,Request\n1,All changes to production in the period\n2,Board minutes\n' >"$scratch/requests.csv"
evidence answer "$scratch/requests.csv" --pack "$scratch/pack.zip" 2>/dev/null >"$scratch/answers.csv"
check 'an auditor'\''s list is answered from the pack' grep -q 'populations/change.reviewed.csv' "$scratch/answers.csv"
check 'and what is not understood is said' grep -q 'by hand' "$scratch/answers.csv"

# A check of the team's own: a condition over JSON that its CI saves. It cannot stand in for one of ours.
printf '\n[[facts]]\nname = "buckets"\npath = "buckets.json"\n' >>evidence/evidence.toml
mkdir evidence/checks
cat >evidence/checks/buckets.toml <<'TOML'
id = "own.buckets"
title = "No bucket is public, and all are encrypted"
controls = ["CC6.1", "164.312(a)(2)(iv)"]
kind = "state"
cadence_hours = 24
grace_hours = 24
severity = "high"
remedy = "Block public access of the bucket, and set its default encryption."
needs = ["facts.json/1"]
evaluator = "expression"

[parameters]
facts = "buckets"
items = "$.Buckets[*]"
id = "$.Name"
holds = "@.Public == false && (@.Encryption == 'aws:kms' || @.Encryption == 'AES256')"
code = "BUCKET_OPEN"
text = "the bucket is public, or not encrypted"
max_age_hours = 48

[[case]]
name = "public"
at = "2026-06-30T00:00:00Z"
expect = "fail"
deviations = ["BUCKET_OPEN"]
[[case.evidence]]
type = "facts.json/1"
source = "facts:buckets"
text = '{"Buckets": [{"Name": "exports", "Public": true, "Encryption": "AES256"}]}'
TOML
evidence run --json >"$scratch/own.json" 2>"$scratch/own.error" || true
check 'facts that were not saved are a gap' grep -q 'buckets.json' "$scratch/own.json"
echo '{"Buckets": [{"Name": "a", "Public": false, "Encryption": "AES256"}, {"Name": "b", "Encryption": "AES256"}]}' >buckets.json
evidence run --json --sarif "$scratch/own.sarif" >"$scratch/own.json" || true
python3 - "$scratch" <<'PYTHON'
import json, sys
scratch = sys.argv[1]
found = {check["check"]: check for check in json.load(open(f"{scratch}/own.json"))["checks"]}["own.buckets"]
assert [one["item"] for one in found["deviations"]] == ["b"], found
print("ok    a check of the team's own finds the bucket of which nobody says that it is closed")
run = json.load(open(f"{scratch}/own.sarif"))["runs"][0]
rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
results = run["results"]
assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in results)
assert all(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results)
assert all((one["kind"], one["level"]) == ("open", "none") or one["kind"] == "fail" for one in results)
bucket = [one for one in results if one["ruleId"] == "own.buckets"]
assert len(bucket) == 1 and bucket[0]["level"] == "error", bucket
print("ok    the same as SARIF: deviations fail, gaps are open, each has a file")
PYTHON
evidence pack --from 2026-01-01 --to 2026-06-30 -o "$scratch/own.zip" >/dev/null
evidence verify -q "$scratch/own.zip" --key "$scratch/kept.key" --head "$scratch/kept.head" >"$scratch/verified"
check 'a pack with own checks is verified, and says that they are' grep -q "the team's own.*own.buckets" "$scratch/verified"
sed -i 's/own.buckets/change.reviewed/' evidence/checks/buckets.toml
check 'an own check under the name of one of ours is refused' refuses evidence run --temporary
check 'and the file is named' grep -q 'evidence/checks/buckets.toml' "$scratch/refused"
rm -r evidence/checks buckets.json

# A log that was cut on this machine is refused, in a folder and on a branch, until somebody says otherwise.
git init -q -b main "$scratch/cut"
git -C "$scratch/cut" -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first
for store in folder:.vouchsafe-evidence branch:log; do
  (
    cd "$scratch/cut"
    rm -rf evidence
    evidence init --store "$store" --origin "${store%%:*}.example/cut" >/dev/null
    evidence run -q --fail-on nothing >/dev/null
    case $store in
      folder:*) cp -r .vouchsafe-evidence "$scratch/older" ;;
      branch:*) git branch older log ;;
    esac
    evidence run -q --fail-on nothing >/dev/null
    case $store in
      folder:*) rm -r .vouchsafe-evidence && cp -r "$scratch/older" .vouchsafe-evidence ;;
      branch:*) git branch -f log older ;;
    esac
    refuses evidence status && grep -q 'rewritten or cut' "$scratch/refused" || exit 1
    seen=$(sed -n 's/.*remove \(.*\.seen\);.*/\1/p' "$scratch/refused")
    rm "$seen"
    evidence run -q --fail-on nothing >/dev/null
  ) && echo "ok    a log that was cut is refused ($store), and goes on when somebody says so" || { echo "WRONG a cut log ($store)"; failed=1; }
done

# Settings that look like PHI are not stored: what was stored before them still names the project of a pack.
(
  git clone -q "file://$scratch/ca" "$scratch/held"
  cd "$scratch/held"
  rm -rf evidence .vouchsafe-evidence
  evidence init --origin held.example/evidence >/dev/null
  evidence run -q --fail-on nothing >/dev/null
  echo '# patient ssn 536-22-8726' >>evidence/evidence.toml
  evidence run -q --fail-on nothing >/dev/null
  evidence status >"$scratch/held.txt" 2>&1 || true
  grep -q 'evidence/evidence.toml could not be collected: not stored' "$scratch/held.txt" || exit 1
  evidence pack --from 2026-01-01 --to 2026-06-30 -q -o "$scratch/held.zip" >/dev/null || exit 1
  evidence verify -q "$scratch/held.zip" >/dev/null
) && echo 'ok    settings that look like PHI are not stored, and a pack is made' || { echo 'WRONG settings that look like PHI'; failed=1; }

# The log takes all of a branch: never one that holds work.
git clone -q "file://$scratch/ca" "$scratch/work"
check 'a branch of work is not taken for the log' refuses "$bin" evidence -C "$scratch/work" init --store branch:main
check 'output that cannot be written is an error' refuses sh -c '"$1" evidence head >/dev/full' sh "$bin"

# Replaced history, shallow history: never whole.
git clone -q --depth 50 "file://$scratch/ca" "$scratch/shallow"
(
  cd "$scratch/shallow"
  evidence init --origin shallow.example/evidence >/dev/null
  evidence run --json >"$scratch/shallow.json" || true
)
python3 - "$scratch" <<'PYTHON'
import json, sys
checks = {check["check"]: check for check in json.load(open(f"{sys.argv[1]}/shallow.json"))["checks"]}
for name in ["change.reviewed", "change.history-whole"]:
    assert checks[name]["outcome"] in ("error", "fail"), checks[name]
print("ok    a shallow history is never taken for a whole one")
PYTHON
exit "$failed"
