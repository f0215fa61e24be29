#!/bin/sh
# Every check of this repository: format, lints, all tests, documentation. Installs what it needs.
#
#   tests/all.sh
#   QUIETUS_SLOW_LOOPS=1 tests/all.sh    with the credentials of slow servers as well
#
# With CI=true the build is kept outside the clone, so that the next run is warm, a test that cannot
# have its server fails instead of being skipped, and what reads hostile bytes is fuzzed for two
# minutes.
set -eu
cd "$(dirname "$0")/.."

if [ "${CI:-}" = true ]; then
    cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/quietus-ci
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
    export QUIETUS_TEST_TOOLS="${QUIETUS_TEST_TOOLS:-$cache/tools}"
    export CARGO_INCREMENTAL=0
fi

sh tests/tools.sh || {
    [ "${CI:-}" = true ] && exit 1
    echo "all.sh: some tools could not be installed; their tests are skipped and say so" >&2
}

cargo fmt --all --check
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo clippy --workspace --all-targets --features full --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --features full --no-deps --locked --document-private-items
cargo test --workspace --features full --locked
[ "${CI:-}" != true ] || sh tests/fuzz.sh 30
