#!/usr/bin/env bash
# The Go package (clients/go) with Debian's Go and Debian's zap and zerolog, without a network: formatting, vet, all
# tests, a short fuzz run, and that its table of field names is the one of the Rust crate.
#
# log/slog needs Go 1.21, which Debian 12 has not: its tests run only where VOUCHSAFE_GO_SLOG is a newer go command.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
debian=${VOUCHSAFE_GOPATH:-/usr/share/gocode}
for need in go.uber.org/zap github.com/rs/zerolog; do
  [ -d "$debian/src/$need" ] || { echo "missing: $need under $debian (Debian: golang-go.uber-zap-dev golang-github-rs-zerolog-dev)"; exit 3; }
done

cmp "$root/crates/vouchsafe-scan/data/fields.tsv" "$root/clients/go/scan/fields.tsv" ||
  { echo 'clients/go/scan/fields.tsv is not the table of the Rust crate: copy it'; exit 1; }
unformatted=$(gofmt -l "$root/clients/go")
[ -z "$unformatted" ] || { echo "not formatted by gofmt: $unformatted"; exit 1; }

work=$(mktemp -d)
cleanup() { chmod -R u+w "$work" && rm -rf "$work"; }
trap cleanup EXIT
package=github.com/vouchsafe/vouchsafe/clients/go
mkdir -p "$work/src/$(dirname "$package")"
cp -a "$root/clients/go" "$work/src/$package"
export VOUCHSAFE_VECTORS="$root/vectors"
export GO111MODULE=off GOFLAGS='' GOTOOLCHAIN=local GOPATH="$work:$debian"
[ -n "${HOME:-}${GOCACHE:-}" ] || export GOCACHE="$work/cache"
cd "$work/src/$package"

go vet ./...
go test ./...
go test ./scan -run '^$' -fuzz FuzzText -fuzztime "${VOUCHSAFE_FUZZTIME:-10s}" -fuzzminimizetime 10x -parallel 1

if [ -n "${VOUCHSAFE_GO_SLOG:-}" ]; then
  "$VOUCHSAFE_GO_SLOG" vet ./scan ./slogscan
  "$VOUCHSAFE_GO_SLOG" test ./scan ./slogscan
fi
echo 'Go package: all tests passed'
