#!/bin/sh
# Kills a replay of all the real appeals KILLS times (20) at random moments with kill -9 and compares what is left, to the
# last incident and deadline, with an undisturbed run. Prints the seed; SEED=… repeats the moments. Exit code 1 when they differ.
set -eu
cd "$(dirname "$0")/.."

kills="${KILLS:-20}"
seed="${SEED:-$(date +%s)}"
otklik="${OTKLIK_BIN:-target/release/otklik}"
appeals="${1:-../shared/data/spb_appeals.jsonl.gz}"
columns='text=text,id=id,published_at=created,lat=lat,lon=lon,label.category=category,label.reason=reason,network:=form,kind:=appeal'

[ -x "$otklik" ] || { echo "kill_full: $otklik is not there: cargo build --release -p otklik" >&2; exit 1; }
[ -r "$appeals" ] || { echo "SKIPPED: kill_full: $appeals is not there"; exit 0; }

work="$(mktemp -d)"
child=''
trap 'if [ -n "$child" ]; then kill -9 "$child" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Starts a replay into a folder and waits for its end, or kills it after so many seconds. Says whether it was killed.
replay() {
    "$otklik" replay --digest --data "$work/$1" --region demo "$work/posts.jsonl" 2>"$work/$1.log" &
    child=$!
    if [ -n "${2:-}" ]; then
        sleep "$2"
        kill -9 "$child" 2>/dev/null || true
    fi
    code=0
    wait "$child" 2>/dev/null || code=$?
    child=''
    case "$code" in
        0) return 0 ;;
        137) return 1 ;;
        *) cat "$work/$1.log" >&2; echo "kill_full: replay ended with $code" >&2; exit 1 ;;
    esac
}

# The same secret in both, so that what is stored of authors can be compared.
for folder in undisturbed killed; do
    mkdir "$work/$folder"
    echo 'the secret of both deployments' >"$work/$folder/author-secret"
done

# What two runs have to have in common.
result() { grep -E '^(analyse|group|store|account|incidents|digest):' "$work/$1.log"; }

echo "kill_full: seed $seed"
"$otklik" import --map "$columns" "$appeals" >"$work/posts.jsonl"
replay undisturbed
result undisturbed
grep '^rate:' "$work/undisturbed.log"
worked="$(sed -n 's/^rate: .*(\([0-9.]*\) s)$/\1/p' "$work/undisturbed.log")"

# For each kill a time to wait: mostly the opening and up to twice a share of the work, one in five within the opening.
moments="$(awk -v seed="$seed" -v kills="$kills" -v worked="$worked" 'BEGIN {
    srand(seed)
    opening = 1
    share = worked / (kills + 1)
    for (kill = 0; kill < kills; kill++) {
        in_opening = rand() < 0.2
        print in_opening ? opening * rand() : opening + 2 * share * rand()
    }
}')"
killed=0
for moment in $moments; do
    if replay killed "$moment"; then
        echo "done before $moment s"
    else
        killed=$((killed + 1))
        echo "kill $killed after $moment s"
    fi
done
replay killed
grep '^read:' "$work/killed.log"
result undisturbed >"$work/expected"
result killed >"$work/found"
diff "$work/expected" "$work/found" || { echo "kill_full: they differ after $killed kills, seed $seed" >&2; exit 1; }
echo "kill_full: $killed kills, nothing lost, nothing twice"
