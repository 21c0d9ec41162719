#!/bin/sh
# Runs fuzz targets, each so many seconds, all of them when none is named. Needs cargo-fuzz (`cargo install cargo-fuzz`) and
# either a nightly compiler (`rustup toolchain install nightly`) or the stable one told to take nightly flags:
#
#   scripts/fuzz.sh 600                                   every target for ten minutes, with nightly
#   RUSTC_BOOTSTRAP=1 scripts/fuzz.sh 600                 the same with the project's stable compiler
#   scripts/fuzz.sh -j 4 -s SEEDS 600 vk_wall rss_feed    four at once, also from the files in SEEDS/vk_wall, SEEDS/rss_feed
#
# Starts from fuzz/seeds and from what earlier runs found new (fuzz/corpus). What breaks a target stays in fuzz/artifacts; the
# last lines of a target with its executions and seconds are in fuzz/logs. SANITIZER=address looks for errors of memory in
# dependencies too, at a third of the speed; without it none is used, for the parsers themselves are safe Rust.
# Usage: fuzz.sh [-j JOBS] [-s SEEDS] SECONDS [TARGET]…
set -eu
usage="usage: fuzz.sh [-j JOBS] [-s SEEDS] SECONDS [TARGET]..."
jobs=1
more=
while getopts j:s: option; do
    case "$option" in
    j) jobs="$OPTARG" ;;
    s) more="$(cd "$OPTARG" && pwd)" ;;
    *) echo "$usage" >&2 && exit 64 ;;
    esac
done
shift $((OPTIND - 1))
seconds="${1:?$usage}"
shift
cd "$(dirname "$0")/.."
[ "$#" -gt 0 ] || set -- $(cargo fuzz list) # names without spaces
if [ -n "${RUSTC_BOOTSTRAP:-}" ]; then toolchain=; else toolchain=+nightly; fi
sanitizer="${SANITIZER:-none}"

# shellcheck disable=SC2086 # no argument when there is no toolchain to name
cargo $toolchain fuzz build --sanitizer "$sanitizer"
built="${CARGO_TARGET_DIR:-fuzz/target}/$(rustc -vV | sed -n 's/^host: //p')/release"
mkdir -p fuzz/logs
export built seconds more
# shellcheck disable=SC2016 # the inner shell expands them
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh -c '
    target="$1"
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    set -- "fuzz/corpus/$target"
    for folder in "fuzz/seeds/$target" ${more:+"$more/$target"}; do
        [ ! -d "$folder" ] || set -- "$@" "$folder"
    done
    if "$built/$target" "$@" -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$seconds" -max_len=16384 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 >"fuzz/logs/$target" 2>&1; then
        echo "fuzz: $target: $(grep "^Done " "fuzz/logs/$target")"
    else
        echo "fuzz: $target: broken, see fuzz/logs/$target" && exit 1
    fi
' fuzz
