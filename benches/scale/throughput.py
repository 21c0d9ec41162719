#!/usr/bin/env python3
"""Measures the pipeline on the embedded log against Kafka, two consumers that group against one, and the hand-over of a window.

    benches/scale/throughput.py [--posts N] [--window N] [PART…]        parts: log, group, handover; all when none is named

The binary is looked for in OTKLIK, or in target/release. Kafka is one broker on this machine, by tests/services/kafka/kafka.sh.
Posts are those of the demonstration's day, again and again, each time of another region.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
OTKLIK = os.environ.get("OTKLIK", str(ROOT / "target" / "release" / "otklik"))
KAFKA = str(ROOT / "tests" / "services" / "kafka" / "kafka.sh")
PIPELINE = (ROOT / "pipelines" / "default.toml").read_text(encoding="utf-8")
STARTED_AGAIN = "asked to stop, and started again"
NAMELESS = "asked to stop, processes without a lasting name"
HANDOVERS = ((STARTED_AGAIN, signal.SIGTERM), ("asked to stop", signal.SIGTERM), ("killed with -9", signal.SIGKILL), (NAMELESS, signal.SIGTERM))


def write_posts(path, count, one_region=False):
    """Writes so many posts, each copy of the day to a region of its own, or all to one with other words in each."""
    day = subprocess.run([OTKLIK, "demo", "--print", "posts"], capture_output=True, text=True, check=True).stdout.splitlines()
    day = [json.loads(line) for line in day]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            # All copies side by side, so that time goes on evenly.
            copies = -(-count // len(day))
            post, copy = dict(day[number // copies]), number % copies
            post["id"] = f"{post['id']}:{copy}"
            if one_region:
                post["region"] = "window"
                post["text"] = f"{post['text']} {word(number)} {word(number * 7919)} {word(number * 104729)}"
            else:
                post["region"] = "demo" if copy == 0 else f"demo-{copy}"
            file.write(json.dumps(post, ensure_ascii=False) + "\n")


def word(number):
    """A word of its own for each number: texts of copies differ by more than their order."""
    letters = "бвгдзклмнпрст"
    return "".join(letters[number // len(letters) ** place % len(letters)] + "аоуи"[place % 4] for place in range(4))


class Deployment:
    """A folder with a configuration, and processes on it."""

    def __init__(self, folder, brokers=None, prefix="bench.", lag_max=None):
        self.folder, self.processes = pathlib.Path(folder), {}
        self.folder.mkdir()
        pipeline = PIPELINE if lag_max is None else re.sub(r"lag-records-max = \d+", f"lag-records-max = {lag_max}", PIPELINE)
        (self.folder / "pipeline.toml").write_text(pipeline, encoding="utf-8")
        (self.folder / "author.secret").write_text("the secret of a bench\n", encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
        log = ""
        if brokers:
            log = f'[log.kafka]\nbrokers = "{brokers}"\nprefix = "{prefix}"\nreplication = 1\nin-sync-min = 1\n'
        self.config = self.folder / "otklik.toml"
        self.config.write_text(
            'data = "data"\nregions = ["demo"]\npipeline = "pipeline.toml"\nauthor-secret-file = "author.secret"\n'
            f"[log]\npartitions = 8\n{log}",
            encoding="utf-8",
        )

    def replay(self, posts):
        """Posts a second of a replay, all stages in one process."""
        done = subprocess.run([OTKLIK, "replay", "--config", self.config, posts], capture_output=True, text=True)
        if done.returncode not in (0, 2) or "account: balances" not in done.stderr:
            raise SystemExit(f"the replay failed: {done.stderr[-2000:]}")
        return float(re.search(r"^rate: (\d+)", done.stderr, re.M).group(1))

    def feed(self, posts, name="posts"):
        command = [OTKLIK, "replay", "--feed", "--name", name, "--config", self.config, posts]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, name, roles, is_named=True):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        own = self.folder / f"{name}.toml"
        own.write_text(self.config.read_text(encoding="utf-8") + f'[web]\nlisten = "{address}"\n', encoding="utf-8")
        log = open(self.folder / f"{name}.log", "ab")
        environment = {**os.environ, "OTKLIK_MEMBER": name} if is_named else os.environ
        process = subprocess.Popen([OTKLIK, "run", "--config", own, "--roles", roles], stderr=log, env=environment)
        self.processes[name] = (process, address)
        return process

    def stop(self, name, how=signal.SIGTERM):
        process, _ = self.processes.pop(name)
        process.send_signal(how)
        process.wait(timeout=60)

    def lag(self, stage, name):
        """Records the stage has still to read, as a process tells; None while it does not answer."""
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{self.processes[name][1]}/metrics", timeout=60) as reply:
                found = re.search(rf'otklik_stage_lag_records{{stage="{stage}"}} (\d+)', reply.read().decode())
                return int(found.group(1)) if found else None

    def wait(self, stage, name, lag=0):
        """Waits until the stage has no more to read than this."""
        while True:
            found = self.lag(stage, name)
            if found is not None and found <= lag:
                return
            if self.processes[name][0].poll() is not None:
                raise SystemExit(f"{name} has ended, see {self.folder / name}.log")
            time.sleep(0.05)

    def largest(self, *names):
        """Which process takes most memory: the one with the window."""
        return max(names, key=lambda name: int(pathlib.Path(f"/proc/{self.processes[name][0].pid}/statm").read_text().split()[1]))

    def close(self):
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL)


def analysed(folder, brokers, prefix, posts):
    """A deployment of which only the first stage has read the posts."""
    deployment = Deployment(folder, brokers, prefix, lag_max=1_000_000_000)
    deployment.start("analyse-1", "analyse")
    began = time.monotonic()
    feed = deployment.feed(posts)
    wanted = sum(1 for _ in open(posts, encoding="utf-8"))
    # The feed waits for stages that do not run: it is done when the second stage has all of them before it.
    while (deployment.lag("group", "analyse-1") or 0) < wanted or deployment.lag("analyse", "analyse-1") != 0:
        time.sleep(0.2)
    seconds = time.monotonic() - began
    feed.kill()
    feed.wait()
    deployment.stop("analyse-1")
    return deployment, wanted / seconds


def measure_log(work, brokers, posts):
    embedded = Deployment(work / "embedded").replay(posts)
    kafka = Deployment(work / "kafka-replay", brokers, "replay.").replay(posts)
    print("| whole pipeline in one process | posts/s |\n|---|---|")
    print(f"| log in the data folder | {embedded:.0f} |\n| log in Kafka | {kafka:.0f} |\n| Kafka against the folder | {kafka / embedded:.2f} |\n", flush=True)


def measure_group(work, brokers, posts):
    print("| stages as processes, log in Kafka | posts/s |\n|---|---|")
    rates = {}
    for consumers in (1, 2):
        deployment, fed = analysed(work / f"group-{consumers}", brokers, f"group{consumers}.", posts)
        count = deployment_records(posts)
        for number in range(consumers):
            deployment.start(f"group-{number + 1}", "group")
        began = time.monotonic()
        deployment.wait("group", "group-1")
        rates[consumers] = count / (time.monotonic() - began)
        deployment.close()
        if consumers == 1:
            print(f"| fed and analysed by one process | {fed:.0f} |")
        print(f"| grouped by {consumers} | {rates[consumers]:.0f} |", flush=True)
    print(f"| 2 against 1 | {rates[2] / rates[1]:.2f} |\n", flush=True)


def deployment_records(posts):
    return sum(1 for _ in open(posts, encoding="utf-8"))


def measure_handover(work, brokers, window):
    """How long nobody groups a region while its window goes to another process."""
    posts, more = work / "window.jsonl", work / "more.jsonl"
    write_posts(posts, window, one_region=True)
    lines = open(posts, encoding="utf-8").readlines()[-200:]
    deployment, _ = analysed(work / "handover", brokers, "handover.", posts)
    deployment.start("analyse-1", "analyse")
    deployment.start("group-1", "group")
    began = time.monotonic()
    deployment.wait("group", "group-1")
    print(f"\n| whoever has the window of {window} posts (grouped at {window / (time.monotonic() - began):.0f} posts/s), until everything that came since is grouped | s |\n|---|---|", flush=True)
    deployment.start("group-2", "group")
    time.sleep(15)
    for number, (what, how) in enumerate(HANDOVERS):
        if what == NAMELESS:
            for name in ("group-1", "group-2"):
                deployment.stop(name)
                deployment.start(name, "group", is_named=False)
                time.sleep(15)
        owner = deployment.largest("group-1", "group-2")
        other = "group-1" if owner == "group-2" else "group-2"
        more.write_text("".join(line.replace('"id": "', f'"id": "{number}-') for line in lines), encoding="utf-8")
        began = time.monotonic()
        deployment.stop(owner, how)
        if what == STARTED_AGAIN:
            deployment.start(owner, "group")
        feed = deployment.feed(more, name=f"more-{number}")
        while not (deployment.lag("group", other) or 0):
            time.sleep(0.02)
        deployment.wait("group", other)
        print(f"| {what} | {time.monotonic() - began:.1f} |", flush=True)
        feed.kill()
        feed.wait()
        if what != STARTED_AGAIN:
            deployment.start(owner, "group")
        time.sleep(15)
    sizes = sorted((deployment.folder / "data" / "snapshots").rglob("*"), key=lambda path: path.stat().st_size)
    print(f"| its snapshot, MB | {sizes[-1].stat().st_size / 1e6:.0f} |", flush=True)
    deployment.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--window", type=int, default=1_000_000)
    parser.add_argument("parts", nargs="*", help="log, group, handover")
    args = parser.parse_args()
    parts = args.parts or ["log", "group", "handover"]
    work = pathlib.Path(tempfile.mkdtemp())
    try:
        brokers = subprocess.run([KAFKA, "start", "1", work / "brokers"], capture_output=True, text=True, check=True).stdout.strip()
        posts = work / "posts.jsonl"
        write_posts(posts, args.posts)
        if "log" in parts:
            measure_log(work, brokers, posts)
        if "group" in parts:
            measure_group(work, brokers, posts)
        if "handover" in parts:
            measure_handover(work, brokers, args.window)
    finally:
        subprocess.run([KAFKA, "stop", work / "brokers"])
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
