#!/bin/sh
# Makes the secrets that docker/compose.yml names, those that are not there yet. They are for the owner of the files and for
# the processes in the containers, which have another user: keep the folder to yourself.
set -eu
umask 077
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
for name in author postgres clickhouse grafana; do
    [ -e "$folder/$name" ] || head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
    chmod 444 "$folder/$name"
done
