#!/bin/sh
# Installs what the tests use beside Cargo: compliance-trestle, which reads our OSCAL exports, and
# a PostgreSQL server. Does nothing that is done already; needs no network then.
#
#   .ci/tools.sh [DIR]     default: $QUIETUS_TEST_TOOLS, else target/test-tools
set -eu

TRESTLE=5.2.0

cd "$(dirname "$0")/.."
tools=${1:-${QUIETUS_TEST_TOOLS:-target/test-tools}}

install_trestle() {
    venv=$tools/oscal
    stamp=$venv/installed-$TRESTLE
    [ -e "$stamp" ] && return
    rm -rf "$venv"
    mkdir -p "$tools"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "compliance-trestle==$TRESTLE"
    "$venv/bin/trestle" version
    touch "$stamp"
}

has_postgres() {
    command -v postgres >/dev/null && return
    for server in /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres; do
        [ -x "$server" ] && return
    done
    return 1
}

install_postgres() {
    has_postgres && return
    if ! command -v apt-get >/dev/null; then
        echo "tools.sh: no PostgreSQL server and no apt-get; install PostgreSQL by hand" >&2
        return 1
    fi
    root=
    [ "$(id -u)" -eq 0 ] || root="sudo -n"
    $root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $root apt-get install -qq -y --no-install-recommends postgresql
    has_postgres
}

install_trestle
install_postgres
echo "tools.sh: ready in $tools"
