#!/bin/sh
# The chaos run in full: a million posts through roles as processes, on three brokers, PostgreSQL and ClickHouse, while all of
# them are killed, paused, cut off and slowed, and their disk is full, each once and then at random; at least half an hour.
# Prints the seed, what was done, and at the end the account: every post in the store, the index and an event once, incidents and
# histories as undisturbed.
#
#   tests/chaos.sh [POSTS=1000000] [BROKERS=3] [SECONDS=1800] [SEED=…]
#
# Filling a disk takes root, which mounts one in memory; without it that part is left out, and it is said so. The binary is
# built, unless OTKLIK_BIN names one. More variables of the environment: CHAOS_SLICES, CHAOS_HARMS, CHAOS_SECONDS_BETWEEN.
set -eu
cd "$(dirname "$0")/.."

for setting in "$@"; do
    case "$setting" in
    POSTS=[0-9]* | BROKERS=[0-9]* | SECONDS=[0-9]* | SEED=[0-9]*) export "CHAOS_$setting" ;;
    *)
        echo "tests/chaos.sh: $setting is none of POSTS=, BROKERS=, SECONDS=, SEED= with a number" >&2
        exit 64
        ;;
    esac
done
export CHAOS_FULL=1
export CHAOS_SEED="${CHAOS_SEED:-$(date +%s)}"
export CHAOS_POSTS="${CHAOS_POSTS:-1000000}"
export CHAOS_BROKERS="${CHAOS_BROKERS:-3}"
export CHAOS_SECONDS="${CHAOS_SECONDS:-1800}"
export CHAOS_SLICES="${CHAOS_SLICES:-$((CHAOS_POSTS < 100000 ? 10 : 100))}"
export CHAOS_HARMS="${CHAOS_HARMS:-4}"
export CHAOS_SECONDS_BETWEEN="${CHAOS_SECONDS_BETWEEN:-10}"
export CHAOS_SLICE_SECONDS="${CHAOS_SLICE_SECONDS:-900}"
if [ -z "${OTKLIK_BIN:-}" ]; then
    cargo build --release -p otklik
    OTKLIK_BIN="$PWD/${CARGO_TARGET_DIR:-target}/release/otklik"
    export OTKLIK_BIN
fi
exec cargo test -p otklik-tests --test chaos -- --nocapture
