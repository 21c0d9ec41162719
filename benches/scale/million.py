#!/usr/bin/env python3
"""Carries a million posts through `otklik analyse` and `otklik group` (which analyses them too), twice: whether both runs give the same bytes, how
much memory each filter holds as it goes, and how fast it is.

    benches/scale/million.py [POSTS]

Posts are texts after the real ones of the data sets, with repeats and near repeats (benches/peers/corpus.py), spread evenly over 42 days: the window of
14 days is full after a third of them. Needs `target/release/otklik` (or OTKLIK) and the data sets in OTKLIK_DATA or ../shared/data. No text is printed.
"""

import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches" / "peers"))

import corpus  # noqa: E402

DATA = pathlib.Path(os.environ.get("OTKLIK_DATA", ROOT.parent / "shared" / "data"))
OTKLIK = os.environ.get("OTKLIK", str(ROOT / "target" / "release" / "otklik"))
DAYS = 42
TENTHS = 10
FILTERS = ("analyse", "group")


def write_posts(path, texts, count):
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    made, _ = corpus.synthetic(texts, count)
    with open(path, "w", encoding="utf-8") as file:
        for number, text in enumerate(made):
            at = begin + datetime.timedelta(days=DAYS * number / count)
            post = {"id": f"vk:-{number % 300}_{number}", "network": "vk", "region": "all", "published_at": at.isoformat(), "text": text}
            file.write(json.dumps(post, ensure_ascii=False) + "\n")


def mebibytes(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) >> 10
    return 0


def run(filter_name, path, count):
    """The hash of what a filter writes, and its memory after each tenth."""
    digest, memory, begun = hashlib.sha256(), [], time.monotonic()
    with open(path, "rb") as posts:
        process = subprocess.Popen([OTKLIK, filter_name], stdin=posts, stdout=subprocess.PIPE)
        for number, line in enumerate(process.stdout, start=1):
            digest.update(line)
            if number % (count // TENTHS) == 0:
                memory.append(mebibytes(process))
        if process.wait():
            sys.exit(f"otklik {filter_name} failed")
    print(f"{filter_name}: {count:,} posts in {time.monotonic() - begun:.0f} s; MiB after each tenth: {', '.join(map(str, memory))}", flush=True)
    return digest.hexdigest()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    texts = corpus.real(DATA)
    if not texts:
        print(f"the data sets are not in {DATA}: there is nothing to carry", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "posts.jsonl")
        write_posts(path, texts, count)
        differ = [name for name in FILTERS if len({run(name, path, count) for _ in range(2)}) > 1]
    print(f"DIFFERENT bytes: {', '.join(differ)}" if differ else "the same bytes twice")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
