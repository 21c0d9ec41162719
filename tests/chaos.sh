#!/bin/sh
# The chaos run in full: a million posts through roles as processes, on three brokers, PostgreSQL and ClickHouse, while all of
# them are killed, paused, cut off and slowed at random; at least half an hour. Prints the seed, and at the end the account.
# Variables: CHAOS_SEED (another course), CHAOS_POSTS, CHAOS_SLICES, CHAOS_HARMS, CHAOS_BROKERS, OTKLIK_BIN.
set -eu
cd "$(dirname "$0")/.."

export CHAOS_SEED="${CHAOS_SEED:-$(date +%s)}"
export CHAOS_POSTS="${CHAOS_POSTS:-1000000}"
export CHAOS_BROKERS="${CHAOS_BROKERS:-3}"
export CHAOS_SLICES="${CHAOS_SLICES:-100}"
export CHAOS_HARMS="${CHAOS_HARMS:-4}"
export CHAOS_SECONDS_BETWEEN="${CHAOS_SECONDS_BETWEEN:-10}"
export CHAOS_SLICE_SECONDS="${CHAOS_SLICE_SECONDS:-900}"
if [ -z "${OTKLIK_BIN:-}" ]; then
    cargo build --release -p otklik
    OTKLIK_BIN="$PWD/${CARGO_TARGET_DIR:-target}/release/otklik"
    export OTKLIK_BIN
fi
exec cargo test -p otklik-tests --test chaos -- --nocapture
