# The commands of everyday work. `just` lists them.

_list:
    @just --list

# What CI runs.
check:
    .ci/run

# All tests, or those that the arguments select: just test -p vouchsafe
test *args:
    ./test {{ args }}

# Formats everything.
fmt:
    cargo fmt --all

# A PostgreSQL to keep while working: eval "$(just pg start /tmp/vouchsafe-pg)"
pg verb dir:
    @tools/pg {{ verb }} {{ dir }}

# Measures a running service, beside the one without safeguards.
load *args:
    cargo run --release -p xtask -- load {{ args }}
