#!/bin/sh
# Installs what the tests use beside Cargo: compliance-trestle, which reads our OSCAL exports, a
# PostgreSQL server, openssl, which makes key files, and the C++ compiler that libFuzzer is built
# with. Does nothing that is done already; needs no network then.
#
#   tests/tools.sh [DIR]     default: $QUIETUS_TEST_TOOLS, else target/test-tools
set -eu

TRESTLE=5.2.0

cd "$(dirname "$0")/.."
tools=${1:-${QUIETUS_TEST_TOOLS:-target/test-tools}}

# Installs Debian packages and starts none of their services.
apt_install() {
    if ! command -v apt-get >/dev/null; then
        echo "tools.sh: $* is missing and there is no apt-get; install it by hand" >&2
        return 1
    fi
    root=
    [ "$(id -u)" -eq 0 ] || root="sudo -n"
    policy=/usr/sbin/policy-rc.d
    ours=
    if ! [ -e "$policy" ]; then
        ours=1
        printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
        $root chmod 755 "$policy"
    fi
    $root apt-get update -qq
    installed=0
    $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "$@" || installed=$?
    [ -z "$ours" ] || $root rm -f "$policy"
    return "$installed"
}

install_trestle() {
    venv=$tools/oscal
    stamp=$venv/installed-$TRESTLE
    [ -e "$stamp" ] && return
    rm -rf "$venv"
    mkdir -p "$tools"
    python3 -m venv "$venv" || {
        rm -rf "$venv"
        apt_install python3-venv
        python3 -m venv "$venv"
    }
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
    apt_install postgresql
    has_postgres
}

install_compiler() {
    compiler=${CXX:-c++}
    command -v "$compiler" >/dev/null && return
    apt_install g++
    command -v "$compiler" >/dev/null
}

install_openssl() {
    command -v openssl >/dev/null && return
    apt_install openssl
    command -v openssl >/dev/null
}

install_trestle
install_postgres
install_openssl
install_compiler
echo "tools.sh: ready in $tools"
