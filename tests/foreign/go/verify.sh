#!/bin/sh
# Verifies a log with Go's sumdb packages: verify.sh DIR VKEY
#
# DIR   a log as C2SP tlog-tiles lays it out: checkpoint, tile/, tile/entries/
# VKEY  the log's public key, <name>+<id>+<base64>
#
# Ends with 0 when the log is verified, 1 when it is not, 2 on wrong use, 3 when something is
# missing here. It installs nothing.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 DIR VKEY" >&2
    exit 2
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
gopath=${VOUCHSAFE_GOPATH:-/usr/share/gocode}

if ! command -v go >/dev/null 2>&1; then
    echo "missing: the Go compiler. On Debian: apt-get install golang-go" >&2
    exit 3
fi
if [ ! -d "$gopath/src/golang.org/x/mod/sumdb/tlog" ]; then
    echo "missing: golang.org/x/mod under $gopath. On Debian: apt-get install golang-golang-x-mod-dev" >&2
    echo "(or set VOUCHSAFE_GOPATH to a GOPATH that has it)" >&2
    exit 3
fi

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
GO111MODULE=off GOPATH=$gopath GOFLAGS= GOCACHE=${GOCACHE:-$build/cache} \
    go build -o "$build/verify" "$here/verify.go"
"$build/verify" "$1" "$2"
