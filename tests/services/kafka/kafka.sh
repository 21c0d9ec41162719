#!/usr/bin/env bash
# Apache Kafka on loopback, for tests: one node, or three and more that form a cluster (each is broker and controller).
# On failure: one line on stderr, exit code 1.
#
#   kafka.sh jars               fetches Kafka by Maven into the user's cache, once; prints the folder
#   kafka.sh start N DIR        makes a cluster of N nodes in DIR, an empty folder, and starts it; prints the bootstrap servers
#   kafka.sh stop DIR           ends every node at once; DIR can then be removed
#   kafka.sh kill DIR NODE      kill -9 of a node (1…N)
#   kafka.sh restart DIR NODE   starts a killed node again on its data
#   kafka.sh pause DIR NODE     stops a node's process where it is; `resume DIR NODE` lets it go on
set -euo pipefail

version='4.1.1'
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# Longest wait for a cluster to come up, in tenths of a second.
UP_WITHIN=900

fail() {
    echo "kafka.sh: $1" >&2
    exit 1
}

jars() {
    local base folder work
    base="${XDG_CACHE_HOME:-${HOME:?neither XDG_CACHE_HOME nor HOME is set}/.cache}/otklik"
    folder="$base/kafka-$version"
    # The folder is put in place whole by one rename, so what is there is complete.
    if [ ! -d "$folder" ]; then
        command -v mvn >/dev/null || fail 'mvn is not installed, it fetches Kafka; install maven'
        mkdir -p "$base" 2>/dev/null || fail "cannot create $base"
        work="$(mktemp -d "$base/fetch-XXXXXX" 2>/dev/null)" || fail "cannot write to $base"
        mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$work/jars" >"$work/mvn.log" 2>&1 </dev/null ||
            { tail -n 3 "$work/mvn.log" | tr '\n' ' ' | cut -c 1-300 >&2; rm -rf "$work"; fail 'mvn could not fetch Kafka'; }
        # Another run may have put its folder there meanwhile: both hold the same bytes.
        mv -T "$work/jars" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "cannot put the jars into $folder"
        rm -rf "$work"
    fi
    printf '%s\n' "$folder"
}

# A port nobody listens on, below those the system gives to clients.
free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        case " $taken " in *" $port "*) continue ;; esac
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    taken="$taken $port"
    REPLY=$port
}

java_of() {
    local folder="$1"
    shift
    java -Xms64m -Xmx320m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$folder/*" "$@"
}

configure() {
    local dir="$1" node="$2" nodes="$3" replicas="$4"
    local in_sync=$((replicas > 1 ? 2 : 1))
    mkdir -p "$dir/node-$node"
    cat >"$dir/node-$node/server.properties" <<END
process.roles=broker,controller
node.id=$node
listeners=PLAINTEXT://127.0.0.1:${ports[$node]},CONTROLLER://127.0.0.1:${controllers[$node]}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports[$node]}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=$voters
log.dirs=$dir/node-$node/data
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=$replicas
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
default.replication.factor=$replicas
min.insync.replicas=$in_sync
# What takes its time in production, so that a machine has time to come back, is quick here.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=5000
replica.lag.time.max.ms=5000
# A machine under full load must not lose its controller for it.
controller.quorum.fetch.timeout.ms=5000
controller.quorum.election.timeout.ms=2000
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.threads=1
log.initial.task.delay.ms=500
log.retention.check.interval.ms=1000
num.network.threads=2
num.io.threads=2
END
    [ "$nodes" -gt 1 ] || echo 'share.coordinator.state.topic.replication.factor=1' >>"$dir/node-$node/server.properties"
}

launch() {
    local dir="$1" node="$2" folder
    folder="$(jars)"
    (
        cd "$dir/node-$node"
        exec setsid java -Xms64m -Xmx320m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.awt.headless=true \
            -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$folder/*" kafka.Kafka server.properties
    ) >>"$dir/node-$node/log" 2>&1 </dev/null &
    echo $! >"$dir/node-$node/pid"
}

# Waits until a node says, after what it said before, that it is up.
await() {
    local dir="$1" node="$2" said="$3" waited=0
    until [ "$(grep -c 'Kafka Server started' "$dir/node-$node/log" || true)" -gt "$said" ]; do
        kill -0 "$(cat "$dir/node-$node/pid")" 2>/dev/null ||
            fail "node $node has ended: $(grep -E 'ERROR|FATAL|Exception' "$dir/node-$node/log" | head -n 1 | cut -c 1-300)"
        [ "$waited" -lt $UP_WITHIN ] || fail "node $node is not up after $((UP_WITHIN / 10)) s, see $dir/node-$node/log"
        waited=$((waited + 1))
        sleep 0.1
    done
}

start() {
    local nodes="$1" dir="$2" folder node replicas cluster servers=''
    command -v java >/dev/null || fail 'java is not installed, Kafka runs on it; install openjdk-17-jre-headless'
    folder="$(jars)"
    mkdir -p "$dir"
    dir="$(cd "$dir" && pwd)"
    [ -z "$(ls -A "$dir")" ] || fail "$dir is not empty"
    replicas=$((nodes < 3 ? 1 : 3))
    taken='' voters='' ports=() controllers=()
    for ((node = 1; node <= nodes; node++)); do
        free_port && ports[node]=$REPLY
        free_port && controllers[node]=$REPLY
        voters="$voters${voters:+,}$node@127.0.0.1:${controllers[node]}"
        servers="$servers${servers:+,}127.0.0.1:${ports[node]}"
    done
    cluster="$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | sed 's/^-/a/')"
    for ((node = 1; node <= nodes; node++)); do
        configure "$dir" "$node" "$nodes" "$replicas"
        java_of "$folder" kafka.tools.StorageTool format -t "$cluster" -c "$dir/node-$node/server.properties" \
            >"$dir/node-$node/log" 2>&1 || fail "cannot format node $node: $(tail -n 1 "$dir/node-$node/log" | cut -c 1-300)"
        launch "$dir" "$node"
    done
    for ((node = 1; node <= nodes; node++)); do await "$dir" "$node" 0; done
    printf '%s\n' "$servers"
}

# Sends a signal to a node that was started here.
signal() {
    local dir="$1" node="$2" name="$3"
    [ -r "$dir/node-$node/pid" ] || fail "$dir has no node $node"
    kill "-$name" "$(cat "$dir/node-$node/pid")" 2>/dev/null || fail "node $node does not run"
}

restart() {
    local dir said
    dir="$(cd "$1" && pwd)"
    [ -r "$dir/node-$2/log" ] || fail "$dir has no node $2"
    said="$(grep -c 'Kafka Server started' "$dir/node-$2/log" || true)"
    launch "$dir" "$2"
    await "$dir" "$2" "$said"
}

stop() {
    local pid
    for pid in "$1"/node-*/pid; do
        [ ! -r "$pid" ] || kill -KILL "$(cat "$pid")" 2>/dev/null || true
    done
}

case "${1:-}:$#" in
jars:1) jars ;;
start:3) start "$2" "$3" ;;
stop:2) stop "$2" ;;
kill:3) signal "$2" "$3" KILL ;;
pause:3) signal "$2" "$3" STOP ;;
resume:3) signal "$2" "$3" CONT ;;
restart:3) restart "$2" "$3" ;;
*) fail 'usage: kafka.sh jars | start N DIR | stop DIR | kill|restart|pause|resume DIR NODE' ;;
esac
