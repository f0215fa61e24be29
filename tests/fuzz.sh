#!/bin/sh
# Coverage-guided fuzzing, a little of it: every target of fuzz/ runs for some seconds, beginning with
# the corpus of the tree, as many at a time as there are processors, but no more than four. Fails on
# anything found, and says where it lies. Stable Rust and a C++ compiler are all that it needs.
#
#   tests/fuzz.sh [seconds for each target, 20 if not said [target...]]
set -eu
cd "$(dirname "$0")/../fuzz"

seconds=${1:-20}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- delta idx midx pack loose detect carry folders

CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
# What libFuzzer learns by: which edges were taken how often, and what was compared with what. Naming
# the host as target keeps build scripts, which cannot be linked with it, free of it.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
RUSTFLAGS="$RUSTFLAGS -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
RUSTFLAGS="$RUSTFLAGS -Cllvm-args=-sanitizer-coverage-pc-table"
RUSTFLAGS="$RUSTFLAGS -Cllvm-args=-sanitizer-coverage-trace-compares"
export CARGO_TARGET_DIR RUSTFLAGS
cargo build --quiet --release --locked --bins --target "$host"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
found=$CARGO_TARGET_DIR/found

fuzz() {
    target=$1
    mkdir -p "$work/$target/new" "$work/$target/tmp" "$found/$target"
    log=$work/$target/log
    # What is new goes into the first folder; the corpus of the tree stays as it is.
    if TMPDIR=$work/$target/tmp "$CARGO_TARGET_DIR/$host/release/$target" \
        "$work/$target/new" "corpus/$target" -artifact_prefix="$found/$target/" \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=1024 \
        -malloc_limit_mb=256 -print_final_stats=1 >"$log" 2>&1
    then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        reached=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
        echo "fuzz.sh: $target: $runs runs, $reached edges"
    else
        touch "$work/failed"
        cat "$log" >&2
        echo "fuzz.sh: $target: something was found; its input lies in $found/$target" >&2
    fi
}

at_once=$(nproc 2>/dev/null || echo 2)
[ "$at_once" -le 4 ] || at_once=4
running=0
for target in "$@"; do
    # All take as long as each other, so that waiting for all of a round loses nothing.
    [ "$running" -lt "$at_once" ] || { wait; running=0; }
    fuzz "$target" &
    running=$((running + 1))
done
wait
[ ! -e "$work/failed" ]
