#!/bin/sh
# Runs fuzz targets one after another, each so many seconds; all of them when none is named. Needs a nightly compiler and cargo-fuzz
# (`cargo install cargo-fuzz`). What it finds stays in fuzz/artifacts.
# Usage: fuzz.sh SECONDS [TARGET]…
set -eu
cd "$(dirname "$0")/.."
seconds="${1:?usage: fuzz.sh SECONDS [TARGET]...}"
shift
if [ "$#" = 0 ]; then
    # shellcheck disable=SC2046 # names without spaces
    set -- $(cargo +nightly fuzz list)
fi
for target in "$@"; do
    mkdir -p "fuzz/corpus/$target"
    echo "fuzz: $target for $seconds s"
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048
done
