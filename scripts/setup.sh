#!/bin/sh
# Installs what `./demo` or `./test` needs and this machine lacks: a C compiler, make, Rust, npm (it fetches libchdb), and for the
# tests Chromium, PostgreSQL, and Java and Maven (they fetch and run Kafka). As root by apt; otherwise it names what is missing. What
# only some tests need may stay missing: they say SKIPPED.
# Usage: setup.sh demo|test
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $1" >&2
    exit 1
}

missing() {
    ! command -v "$1" >/dev/null 2>&1
}

install() {
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1 >/dev/null
}

needed=''
if missing cc || missing make; then needed="$needed build-essential"; fi
if missing cargo; then needed="$needed rustup"; fi
wanted=''
if missing npm && ! scripts/libchdb.sh >/dev/null 2>&1; then wanted="$wanted npm"; fi
case "${1:-}" in
demo)
    # The demonstration keeps its posts in ClickHouse, so there the library is needed.
    needed="$needed$wanted"
    wanted=''
    ;;
test)
    if missing chromium; then wanted="$wanted chromium"; fi
    if missing chromedriver; then wanted="$wanted chromium-driver"; fi
    # Debian keeps the server's programs of each version in a folder of their own.
    if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then wanted="$wanted postgresql"; fi
    if missing java; then wanted="$wanted openjdk-17-jre-headless"; fi
    if missing mvn; then wanted="$wanted maven"; fi
    ;;
*) fail 'usage: setup.sh demo|test' ;;
esac

if [ -n "$needed$wanted" ] && { [ "$(id -u)" != 0 ] || missing apt-get; }; then
    [ -z "$needed" ] || fail "missing Debian packages:$needed; install them, or run this as root on Debian"
    echo "setup: without the Debian packages$wanted some tests are skipped" >&2
elif [ -n "$needed$wanted" ]; then
    echo "setup: installing$needed$wanted" >&2
    apt-get update -qq >/dev/null || fail "apt-get update failed; missing Debian packages:$needed$wanted"
    [ -z "$needed" ] || install "$needed" ||
        fail "apt-get could not install:$needed (Debian has rustup from 13 on; on others install Rust with rustup's own installer)"
    [ -z "$wanted" ] || install "$wanted" || echo "setup: apt-get could not install:$wanted; some tests are skipped" >&2
fi

# Also what makes rustup fetch the pinned toolchain.
cargo metadata --no-deps --format-version 1 >/dev/null ||
    fail "this cargo cannot read the workspace: it needs the Rust of rust-toolchain.toml, which rustup fetches by itself"
