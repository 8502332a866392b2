#!/bin/sh
# Does verify.sh accept logs that we write, and refuse them with one byte changed?
#
# Writes logs with the example `write_log` into a temporary folder. Ends with 0 when all is as it
# should be, 3 when Go or its packages are missing (see verify.sh).
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

write() { # DIR N
    (cd "$here/../../.." && cargo run -q -p vouchsafe-tlog --example write_log -- "$1" "$2")
}

# Flips the lowest bit of the byte at an offset.
flip() { # FILE OFFSET
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    octal=$(printf '%03o' $((byte ^ 1)))
    printf "\\$octal" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

for size in 0 1 255 256 257 3000; do
    key=$(write "$work/$size" "$size")
    code=0
    said=$("$here/verify.sh" "$work/$size" "$key" 2>&1) || code=$?
    case $code in
    0) ;;
    3) echo "$said" >&2; exit 3 ;;
    *) echo "FAILED: a log of $size entries is refused: $said"; failed=1 ;;
    esac
done

# In two runs, so that there are partial tiles of an older size; large enough for three levels.
write "$work/log" 3000 >/dev/null
key=$(write "$work/log" 67500)
"$here/verify.sh" "$work/log" "$key"
for change in checkpoint:25 checkpoint:120 tile/0/000:100 tile/0/123:8000 tile/1/000:40 \
    tile/0/275.p/100:3 tile/1/001.p/19:5 tile/2/000.p/1:9 tile/entries/000:70 \
    tile/entries/200:4000 tile/entries/275.p/100:0; do
    file=${change%:*}
    offset=${change#*:}
    flip "$work/log/$file" "$offset"
    if said=$("$here/verify.sh" "$work/log" "$key" 2>&1); then
        echo "FAILED: byte $offset of $file is changed, and the log passes: $said"
        failed=1
    else
        echo "caught: byte $offset of $file: $said"
    fi
    flip "$work/log/$file" "$offset"
done
"$here/verify.sh" "$work/log" "$key" >/dev/null
exit "$failed"
