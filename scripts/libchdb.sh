#!/bin/sh
# Prints the path of libchdb.so (ClickHouse in process) on stdout, after fetching it once into the user's cache.
# OTKLIK_LIBCHDB names a library to use instead. On failure: one line on stderr, exit code 1.
set -eu

package='@chdb/lib-linux-x64-gnu'
version='26.7.3-stable.1'
archive="chdb-lib-linux-x64-gnu-$version.tgz"
sha256='c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad'

fail() {
    echo "libchdb.sh: $1" >&2
    exit 1
}

if [ -n "${OTKLIK_LIBCHDB:-}" ]; then
    [ -r "$OTKLIK_LIBCHDB" ] || fail "OTKLIK_LIBCHDB=$OTKLIK_LIBCHDB cannot be read"
    printf '%s\n' "$OTKLIK_LIBCHDB"
    exit 0
fi

base="${XDG_CACHE_HOME:-${HOME:?neither XDG_CACHE_HOME nor HOME is set}/.cache}/otklik"
folder="$base/libchdb-$version"
library="$folder/libchdb.so"

# The folder is put in place whole by one rename, so what is there is complete.
if [ -r "$library" ]; then
    printf '%s\n' "$library"
    exit 0
fi

[ "$(uname -sm)" = 'Linux x86_64' ] || fail "the package is for Linux x86_64, this is $(uname -sm); set OTKLIK_LIBCHDB"
command -v npm >/dev/null || fail 'npm is not installed, it fetches the library; install it or set OTKLIK_LIBCHDB'
mkdir -p "$base" 2>/dev/null || fail "cannot create $base"
# What a killed run left behind.
find "$base" -maxdepth 1 -name 'fetch-*' -mtime +0 -exec rm -rf {} +
work="$(mktemp -d "$base/fetch-XXXXXX" 2>/dev/null)" || fail "cannot write to $base"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

(cd "$work" && npm pack --loglevel=error "$package@$version" >npm.log 2>&1) \
    || fail "npm could not fetch $package@$version: $(tr '\n' ' ' <"$work/npm.log" | cut -c 1-300)"
[ -r "$work/$archive" ] || fail "npm did not leave $archive"
got="$(sha256sum "$work/$archive" | cut -d ' ' -f 1)"
[ "$got" = "$sha256" ] || fail "wrong checksum of $archive: $got, expected $sha256"
tar -xzf "$work/$archive" -C "$work" package/libchdb.so || fail "cannot unpack $archive into $work; is the disk full?"

# Another run may have put its folder there meanwhile: both hold the same bytes, so either will do.
mv -T "$work/package" "$folder" 2>/dev/null || [ -r "$library" ] || fail "cannot put the library into $folder"
printf '%s\n' "$library"
