#!/bin/sh
# All the real appeals through all stages of the release binary: exact account, search and counts against the archive, memory,
# speed. Takes a few minutes. `tests/kill_full.sh` kills the same run.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked --release -p otklik
OTKLIK_BIN="${OTKLIK_BIN:-target/release/otklik}"
case "$OTKLIK_BIN" in /*) ;; *) OTKLIK_BIN="$PWD/$OTKLIK_BIN" ;; esac
export OTKLIK_BIN
exec cargo test --locked -p otklik-tests --test real -- --nocapture
