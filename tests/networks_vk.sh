#!/bin/sh
# VK's recorded answers and its schema, kept beside the repository: every recorded answer is read to the posts it holds or refused as
# the right kind, and the names of fields the parser relies on are those of the schema. Takes seconds.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked -p otklik
exec cargo test --locked -p otklik-tests --test networks_vk -- --nocapture
